"""Twenty-five faults on real Kafka, and nobody can tell from what was said or stored."""

import os

import pytest

from tests.chaos.run import run
from tests.chaos.schedule import Plan, small

KILLS = int(os.environ.get("KILLS", "25"))
SEED = int(os.environ.get("SEED", "1"))
ONE, THREE = small(KILLS)


@pytest.mark.needs("java", "maven")
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("name", "plan", "brokers"),
    [("one broker", ONE, 1), ("three brokers", THREE, 3)],
    ids=["one-broker", "three-brokers"],
)
def test_nothing_is_lost_repeated_differently_or_forgotten(name, plan, brokers):
    result = run(f"{name}, two workers", plan, seed=SEED, brokers=brokers)

    print(result.report())
    assert result.good, result.report()
    assert result.verdict.counts["alerts"] > (50 if KILLS >= 25 else 0), "too little was said to judge"


@pytest.mark.needs("java", "maven")
@pytest.mark.timeout(600)
def test_a_backfill_in_event_clock_survives_the_same():
    plan = Plan(kills=2, kills_at_points=3, zombies=1, broker_kills=1)
    result = run("event clock, two workers", plan, seed=SEED, settings={"clock": "event"})

    print(result.report())
    assert result.good, result.report()
    assert result.verdict.counts["alerts"] > 20, "too little was said to judge"
