"""Yes, no, or not known: what a list of criteria amounts to."""

from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.criteria import Criteria


class Sign(StrEnum):
    FAST = "fast"
    HOT = "hot"
    PALE = "pale"


ANSWERS = st.fixed_dictionaries(dict.fromkeys(Sign, st.sampled_from((True, False, None))))


@pytest.mark.parametrize(
    ("answers", "positive"),
    [
        ((True, True, None), True),
        ((True, None, False), None),
        ((True, False, False), False),
        ((None, False, False), False),
        ((None, None, False), None),
        ((None, None, None), None),
    ],
)
def test_enough_too_few_or_not_known(answers, positive):
    assert Criteria.of(dict(zip(Sign, answers, strict=True)), needed=2).positive is positive


@given(ANSWERS, st.sampled_from(list(Sign)), st.booleans(), st.integers(1, 3))
def test_an_answer_found_later_never_takes_back_what_was_certain(answers, sign, later, needed):
    now = Criteria.of(answers, needed)
    then = Criteria.of(answers | {sign: later if answers[sign] is None else answers[sign]}, needed)

    assert now.score_min <= then.score_min <= then.score_max <= now.score_max
    assert now.positive is None or then.positive is now.positive


@given(ANSWERS, st.integers(1, 3))
def test_complete_means_that_both_ends_are_one(answers, needed):
    told = Criteria.of(answers, needed)

    assert told.complete is (told.score_min == told.score_max)
    assert not (told.complete and told.positive is None)
