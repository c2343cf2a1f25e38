"""Side by side with NEWS2 at the same rate, and what being called feels like."""

import dataclasses
import json

import numpy as np
import pytest

from streams.config.packaged_rules import packaged_rules
from streams.lab.evaluation.burden import BEDS, burden_of, ward
from streams.lab.evaluation.compare import News2AtAnyRate, curve, paired
from streams.lab.evaluation.definitions import Event
from streams.lab.evaluation.measures import Bootstrap
from streams.lab.evaluation.outcomes import Outcomes
from streams.lab.evaluation.score_row import COLUMNS
from streams.lab.evaluation.scores import Compared
from streams.lab.evaluation.trace import Course, Trace

HOURS, PATIENTS = 30, 80


@pytest.fixture(scope="module")
def compared():
    rng = np.random.default_rng(11)
    courses = []
    for place in range(PATIENTS):
        rows = np.full((HOURS, len(COLUMNS)), np.nan, dtype=np.float32)
        ill = place < 30
        for name, values in {
            "news2": rng.integers(0, 6 + 3 * ill, HOURS),
            "measured": 5,
            "red": 0,
            "qsofa": 0,
            "sirs": 0,
        }.items():
            rows[:, COLUMNS.index(name)] = values
        at = np.arange(HOURS) * 3_600.0
        courses.append(Course(f"p{place:03}", 0.0, float(at[-1]), at, rows))
    ill = np.arange(PATIENTS) < 30
    onset = np.where(ill, 28.0, np.nan)
    none = np.full(PATIENTS, np.nan)
    outcomes = Outcomes(Event.SEPSIS, ill.astype(float), onset, onset - 6, none == 1, none, none, 24.0, None, None)
    return Compared(Trace.of(courses, "spot", 3_600), outcomes, packaged_rules())


def test_news2_against_itself_gains_nothing(compared):
    news2 = News2AtAnyRate(compared)
    told = paired(compared.all["news2_ge5"].alerting, news2, Bootstrap(PATIENTS, 100))

    assert told["detected_more"] == told["warned_earlier_h"] == 0.0
    assert told["detected_more_low"] == told["detected_more_high"] == 0.0


def test_between_two_thresholds_news2_is_a_mix_that_calls_exactly_as_often(compared):
    news2 = News2AtAnyRate(compared)
    upper, lower = news2.rates[4], news2.rates[5]
    words, detected, _, _ = news2.at_rate((upper + lower) / 2)

    assert "5 in 50% of patients, 6" in words
    both = (news2.at[4].detected.astype(float) + news2.at[5].detected) / 2
    np.testing.assert_allclose(detected, both)


def test_what_knows_the_outcome_gains_and_its_interval_says_so(compared):
    ill = compared.outcomes.happened == 1
    knows = np.where(ill[compared.trace.who], compared.trace.hours >= 10, False).astype(float)
    alerting = compared.at_threshold(knows, 1.0)
    told = paired(alerting, News2AtAnyRate(compared), Bootstrap(PATIENTS, 200))

    assert told["detected_more_low"] > 0
    assert told["warned_earlier_h"] > 0


def test_a_score_that_calls_nobody_is_not_compared_but_says_why(compared):
    told = paired(
        compared.at_threshold(compared.trace.hours, np.inf), News2AtAnyRate(compared), Bootstrap(PATIENTS, 50)
    )

    assert told["detected_more"] is None
    assert told["reasons"]["detected_more"] == "it calls nobody"


def test_where_every_onset_came_too_early_no_figure_is_made_up(compared):
    """All patients are left out: nothing to count, and never a number that is none."""
    outcomes = dataclasses.replace(compared.outcomes, censored=np.ones(PATIENTS, dtype=bool))
    nobody = Compared(compared.trace, outcomes, packaged_rules())
    news2 = nobody.all["news2"]

    assert curve(news2, nobody) == []
    told = paired(news2.alerting, News2AtAnyRate(nobody), Bootstrap(PATIENTS, 20))
    assert json.loads(json.dumps(told, allow_nan=False))["detected_more"] is None


def test_every_patient_lies_in_one_bed_and_no_bed_stays_empty(compared):
    beds = ward(compared.trace)

    assert len(beds) == BEDS
    assert sorted(patient for bed in beds for patient in bed) == list(range(PATIENTS))
    assert min(map(len, beds)) >= 1


def test_calls_for_each_nurse_and_hour_add_up(compared):
    felt = burden_of(compared.trace, compared.all["news2_ge5"].alerting)

    assert 0 < felt["calls_per_nurse_hour"] <= felt["calls_per_nurse_hour_p95"] <= felt["calls_per_nurse_hour_most"]
    assert felt["floods"] == 0


def test_eleven_calls_in_ten_minutes_are_one_flood():
    from streams.lab.evaluation.burden import _floods

    assert _floods(np.arange(10) * 50.0) == 0
    assert _floods(np.arange(40) * 50.0) == 1
    assert _floods(np.concatenate([np.arange(11) * 5.0, 5_000 + np.arange(11) * 5.0])) == 2
