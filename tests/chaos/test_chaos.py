"""Twenty-five faults on real Kafka, and nobody can tell from what was said or stored."""

import os

import pytest

from tests.chaos.run import run
from tests.chaos.schedule import small

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
