"""The cases of the field that fit the suite's time, each on a real broker with default settings."""

from pathlib import Path

import pytest

from tests.field.claims import Claim, Told, none, within
from tests.field.run import case_of, names, tried

IN_CI = [name for name in names() if getattr(case_of(name), "IN_CI", False)]


@pytest.mark.needs("java", "maven")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", IN_CI)
def test_every_promise_holds(name: str, tmp_path: Path):
    told = tried(name, tmp_path / name)

    assert told.good, f"\n{told}"


def test_a_case_says_what_it_shows_and_can_fail():
    assert {"who_watches"} <= set(IN_CI) < set(names())
    for name in names():
        assert (case_of(name).__doc__ or "").splitlines()[0].endswith("."), name
        assert callable(case_of(name).run), name


def test_a_case_that_promised_nothing_or_broke_is_not_good():
    held = Claim("x", "0", "0", True)

    assert not Told("a", "", 1.0).good
    assert not Told("a", "", 1.0, [held], broke="ValueError").good
    assert not Told("a", "", 1.0, [held, none("silence", ["silent"])]).good
    assert not within("told", None, 6.0).holds
    assert Told("a", "", 1.0, [held]).good
