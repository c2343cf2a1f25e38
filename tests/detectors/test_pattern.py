import random

import pytest
from river.anomaly import HalfSpaceTrees

from detectors.pattern import REACH, SEED, Pattern, trees_of

NAMES = ("heart_rate", "resp_rate", "spo2")


def walks(count: int, seed: int) -> list[dict[str, float]]:
    """Heart rate and breathing that rise and fall together, saturation that does not care."""
    chance = random.Random(seed)
    rows = []
    for _ in range(count):
        effort = chance.gauss(0, 1)
        rows.append({"heart_rate": effort, "resp_rate": effort + chance.gauss(0, 0.2), "spo2": chance.gauss(0, 1)})
    return rows


def taught(rows: list[dict[str, float]], **shape: int) -> Pattern:
    one = Pattern(NAMES, **shape)
    for row in rows:
        one.learn_one(row)
    return one


def as_river_takes_it(row: dict[str, float]) -> dict[str, float]:
    return {name: min(1.0, max(0.0, value / (2 * REACH) + 0.5)) for name, value in row.items()}


def test_it_scores_as_rivers_own_trees_do():
    ours = taught([], trees=7, height=5, window=40)
    rivers = HalfSpaceTrees(n_trees=7, height=5, window_size=40, seed=SEED)
    for row in walks(200, 1):
        ours.learn_one(row)
        rivers.learn_one(as_river_takes_it(row))
    for row in [*walks(100, 2), {"heart_rate": 50.0, "resp_rate": -50.0, "spo2": 0.0}]:
        assert ours.score_one(row) == pytest.approx(rivers.score_one(as_river_takes_it(row)), abs=1e-12)


def test_vitals_that_part_company_are_rarer_than_vitals_that_move_together():
    one = taught(walks(600, 3), window=200)

    together = one.score_one({"heart_rate": 2.0, "resp_rate": 2.0, "spo2": 0.0})
    apart = one.score_one({"heart_rate": 2.0, "resp_rate": -2.0, "spo2": 0.0})
    assert apart > together


def test_a_missing_vital_is_no_opinion_and_teaches_nothing():
    one = taught(walks(60, 4), window=60)
    before = one.state()
    one.learn_one({"heart_rate": 0.0, "spo2": 0.0})

    assert one.state() == before
    assert one.score_one({"heart_rate": 0.0, "spo2": 0.0}) is None


def test_there_is_no_opinion_before_a_window_is_full():
    one = taught(walks(59, 5), window=60)
    assert one.score_one(walks(1, 6)[0]) is None
    one.learn_one(walks(1, 7)[0])

    assert one.score_one(walks(1, 6)[0]) is not None


def test_all_patients_share_the_trees():
    assert Pattern(NAMES)._trees is Pattern(list(NAMES))._trees is trees_of(NAMES, 10, 6)


def test_a_state_of_other_trees_is_refused():
    state = taught(walks(10, 8), trees=5).state()

    with pytest.raises(ValueError, match="do not fit"):
        Pattern.restore(state, NAMES, trees=6, height=6, window=60)


def test_a_window_that_counts_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="65535"):
        Pattern(NAMES, window=70_000)
