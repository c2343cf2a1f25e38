"""The soak finds what it is there for: memory that grows, and a partition that stands still."""

import pytest

from tests.chaos.soak import EVERY_S, Look, Soak

MINUTES = 30.0


def looks(resident_kb=lambda minute: 180_000, taken=lambda number, at_s: int(at_s) * 10):
    """One every half minute of two workers and two partitions, which are a little behind their log's end."""
    count = int(MINUTES * 60 / EVERY_S) + 1
    return [
        Look(
            at_s, (180_000, resident_kb(at_s / 60)), {number: taken(number, at_s) for number in range(2)},
            {number: int(at_s) * 10 + 50 for number in range(2)}, True,
        )
        for at_s in (EVERY_S * number for number in range(count))
    ]  # fmt: skip


def test_a_calm_hour_is_good():
    assert Soak(looks(), MINUTES).good


@pytest.mark.parametrize("a_minute_kb", [400, -400])
def test_memory_that_grows_or_shrinks_by_more_than_two_percent_is_found(a_minute_kb):
    soak = Soak(looks(resident_kb=lambda minute: round(180_000 + a_minute_kb * minute)), MINUTES)

    assert not soak.good
    assert abs(soak.growth()[1]) > 0.02 and soak.growth()[0] == 0


def test_a_single_high_look_is_not_taken_for_growth():
    assert Soak(looks(resident_kb=lambda minute: 250_000 if minute == 29 else 180_000), MINUTES).good


def test_a_partition_that_stands_still_is_named():
    soak = Soak(looks(taken=lambda number, at_s: min(int(at_s), 600 if number else 10**9) * 10), MINUTES)

    assert not soak.good
    assert soak.stuck()[0] == "partition 1 at 630 s"
    assert not any(one.startswith("partition 0") for one in soak.stuck())
    assert "partition 1 at 630 s" in soak.report()
