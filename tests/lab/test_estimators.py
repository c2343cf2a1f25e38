"""Our detectors of one vital are river's: its own checks pass, and a pipeline takes them."""

from random import Random

import pytest
from river import compose, datasets, preprocessing
from river.checks import yield_checks

from streams.lab.estimators import Baseline, LevelShift, Trend

ESTIMATORS = (Baseline, LevelShift, Trend)


class Nights:
    """A patient's vitals each minute, with a fall of SpO2 and a fast heart for the last forty minutes of each 500.

    It stands in for the set of card payments that river's checks of anomaly detectors would download.
    """

    def take(self, count):
        self.count = count
        return self

    def __iter__(self):
        chance = Random(7)
        for minute in range(self.count):
            ill = minute % 500 >= 460
            x = {
                "time_s": 60.0 * minute,
                "heart_rate": 72 + 45 * ill + chance.gauss(0, 2),
                "spo2": 97 - 9 * ill + chance.gauss(0, 0.6),
                "resp_rate": 15 + 9 * ill + chance.gauss(0, 1),
            }
            yield x, ill


with pytest.MonkeyPatch.context() as patched:
    patched.setattr(datasets, "CreditCard", Nights)
    CHECKS = [(estimator, check) for estimator in ESTIMATORS for check in yield_checks(estimator())]


@pytest.mark.parametrize(
    ("estimator", "check"), CHECKS, ids=[f"{estimator.__name__}:{check.__name__}" for estimator, check in CHECKS]
)
def test_rivers_own_checks_pass(estimator, check):
    check(estimator().clone())


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_no_check_is_skipped(estimator):
    assert not estimator()._unit_test_skips()


def test_a_pipeline_scores_before_it_learns():
    pipeline = compose.Select("heart_rate", "time_s") | Baseline(time="time_s")
    scores = []
    for minute in range(120):
        x = {"heart_rate": 70 + minute % 3 + (45 if minute == 100 else 0), "time_s": 60 * minute, "room": 7}
        scores.append(pipeline.score_one(x))
        pipeline.learn_one(x)

    assert max(scores) == scores[100] > 6
    assert scores[0] == 0.0


def test_a_scaler_may_come_first_and_a_missing_value_teaches_nothing():
    pipeline = preprocessing.StandardScaler() | Trend()
    for step in range(50):
        pipeline.learn_one({"a": float(step), "b": 1.0})
    trend = Trend()
    trend.learn_one({"heart_rate": None, "spo2": float("nan"), "name": "x"})

    assert trend._own == {}
