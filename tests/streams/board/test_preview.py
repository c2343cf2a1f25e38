"""The score of what is being entered: beside what was measured later, and only where the score is valid."""

from typing import Any

import pytest

from schemas.times import HOUR_MS, MINUTE_MS, to_text
from streams.board.preview import preview

NOW = 1_795_348_800_000
FIVE_AGO = NOW - 5 * MINUTE_MS


def status(**vitals: tuple[Any, int]) -> dict[str, Any]:
    """A status of these vitals: value, and how many milliseconds ago it was measured."""
    told = {
        name: {"value": value, "state": "live", "taken_at": to_text(NOW - ago)} for name, (value, ago) in vitals.items()
    }
    return {"coverage": "covered", "vitals": told}


def points(found: Any) -> dict[str, int]:
    return {part.value: least for part, least, most in found.parts if least == most}


def test_a_set_of_minutes_ago_is_not_laid_over_what_was_measured_since():
    stands = status(resp_rate=(26.0, 4_000), spo2=(97.0, 10 * MINUTE_MS))
    entered = {"resp_rate": 16.0, "spo2": 91.0}

    assert points(preview(stands, entered, now=NOW, taken_at=FIVE_AGO)) == {"resp_rate": 3, "spo2": 3}
    assert points(preview(stands, entered, now=NOW)) == {"resp_rate": 0, "spo2": 3}, "what is measured now counts"


@pytest.mark.parametrize(
    ("entered", "ago", "expected"),
    [
        ({"supplemental_oxygen": False}, 10 * MINUTE_MS, 0),
        ({"supplemental_oxygen": False}, MINUTE_MS, 2),
        ({"consciousness": "A"}, 10 * MINUTE_MS, 0),
        ({"consciousness": "A"}, MINUTE_MS, 3),
        ({"pulse_rate": 70.0}, 10 * MINUTE_MS, 0),
    ],
)
def test_what_an_older_value_says_of_the_same_thing_gives_way_and_a_newer_does_not(
    entered: dict[str, Any], ago: int, expected: int
):
    stands = status(oxygen_flow=(2.0, ago), consciousness=("C", ago), heart_rate=(140.0, ago))
    [name] = entered

    assert points(preview(stands, entered, now=NOW, taken_at=FIVE_AGO))[name] == expected


def test_what_was_measured_too_long_ago_to_count_leaves_its_item_missing_and_oxygen_stays():
    entered = {"resp_rate": 26.0, "supplemental_oxygen": True}
    found = preview(status(), entered, now=NOW, taken_at=NOW - 11 * HOUR_MS)

    assert points(found) == {"supplemental_oxygen": 2}
    assert "resp_rate" in found.missing


def test_where_the_score_is_not_valid_there_is_none():
    assert preview({**status(), "coverage": "not covered"}, {"spo2": 80.0}, now=NOW) is None
