"""Learned heads: when they have no opinion, that their reasons add up, and which weights are refused."""

import json
import math

import pytest

from detectors.risk import Forecast, Head, faults, heads_of
from detectors.risk_memory import FEATURES, RiskMemory
from detectors.rules import Rules, RulesError, read_rules
from streams.config.packaged_rules import packaged_rules, packaged_rules_bytes
from tests.making import HOUR

RISK = packaged_rules().risk
WELL = {"heart_rate": 72.0, "resp_rate": 14.0, "spo2": 98.0, "systolic_bp": 124.0, "diastolic_bp": 74.0}
ILL = {"heart_rate": 118.0, "resp_rate": 27.0, "spo2": 92.0, "systolic_bp": 96.0, "diastolic_bp": 48.0}


def seen(values: dict[str, float], temperature: float, news2: int) -> dict[str, float | None]:
    one = RiskMemory()
    for hour in range(12):
        one.learn_one({**values, "temperature": temperature}, hour * HOUR, news2=news2)
    return one.features(11 * HOUR, news2=news2)


@pytest.mark.parametrize("name", ["sepsis", "death", "hypotension"])
def test_the_ill_rank_above_the_well(name):
    head = heads_of(RISK)[name]
    well, ill = (head.forecast(x, calibrated=False) for x in (seen(WELL, 36.8, 0), seen(ILL, 38.9, 9)))

    assert well is not None and ill is not None
    assert well.rank < 0.4 < 0.8 < ill.rank


@pytest.mark.parametrize("weights", RISK.heads, ids=lambda one: one.head)
def test_bias_centres_and_contributions_add_up_to_the_log_odds(weights):
    """A forecast tells what each feature adds against the average; nothing is left over."""
    x = seen(ILL, 38.9, 9)
    forecast = Head(weights).forecast(x, calibrated=False)
    assert isinstance(forecast, Forecast)
    known = {one.feature: one.centre for one in weights.tables if x[one.feature] is not None}

    total = weights.bias + sum(known.values()) + sum(added for _, added in forecast.contributions)
    assert forecast.log_odds == pytest.approx(total)
    assert {name for name, _ in forecast.contributions} == set(known)


def test_there_is_no_opinion_where_too_little_is_known():
    """Heart rate and breathing alone, as from a wearable, are no forecast of sepsis; a pressure is one of itself."""
    one = RiskMemory()
    one.learn_one({"heart_rate": 120.0, "resp_rate": 30.0}, 0, news2=5)
    heads, x = heads_of(RISK), one.features(0, news2=5)
    assert [name for name, head in heads.items() if head.forecast(x, calibrated=False)] == []

    one.learn_one({"mean_bp": 62.0}, 0, news2=5)
    assert heads["hypotension"].forecast(one.features(0, news2=5), calibrated=False) is not None


def test_a_site_without_calibration_sees_a_rank_and_no_probability():
    x, head = seen(ILL, 38.9, 9), heads_of(RISK)["sepsis"]
    bare, checked = head.forecast(x, calibrated=False), head.forecast(x, calibrated=True)

    assert RISK.calibrated == ()
    assert bare.probability is None and 0 < checked.probability < 1
    assert (bare.rank, bare.contributions) == (checked.rank, checked.contributions)


def test_rank_and_calibration_rise_with_the_log_odds():
    for head in heads_of(RISK).values():
        odds = [place / 4 for place in range(-60, 40)]
        ranks, chances = [head.rank(x) for x in odds], [head.probability(x) for x in odds]
        assert ranks == sorted(ranks) and (ranks[0], ranks[-1]) == (0.0, 1.0)
        assert chances == sorted(chances) and all(0 < p < 1 for p in chances)


def test_neither_age_nor_sex_nor_the_clock_is_among_what_is_learned():
    learned = {one.feature for head in RISK.heads for one in head.tables}

    assert learned <= set(FEATURES)
    assert not [name for name in learned if name.startswith(("age", "hours", "sex"))]


def with_risk(**changes: object) -> bytes:
    rules = json.loads(packaged_rules_bytes())
    rules["risk"] |= changes
    return json.dumps(rules).encode()


def table(feature: str, *knots: float) -> dict[str, object]:
    return {"feature": feature, "knots": knots, "weights": [0] * len(knots), "centre": 0}


def head(**changes: object) -> list[object]:
    told = json.loads(packaged_rules_bytes())["risk"]["heads"]
    return [told[0] | changes, *told[1:]]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"crossings": [{"head": "luck", "enter": 1, "leave": 0}]}, "a head `luck` that has no weights"),
        ({"crossings": [{"head": "sepsis", "enter": 0, "leave": 1}]}, "would end at 1, above 0"),
        ({"calibrated": ["luck"]}, "`calibrated` names a head `luck`"),
        ({"heads": head(tables=[table("shoe_size.now", 1, 2)])}, "nobody knows the feature `shoe_size.now`"),
        ({"heads": head(tables=[table("heart_rate.now", 2, 1)])}, "rising knots"),
        ({"heads": head(tables=[])}, "no tables"),
        ({"heads": head(ranks=[[0, 0.5], [0, 0.7]])}, "`ranks` needs two or more rising pairs"),
        ({"heads": head(calibration=[[0, 0]])}, "`calibration` needs two"),
        ({"heads": head(head="death")}, "`death` is there twice"),
        ({"priority": "high"}, "rules cannot be read"),
        ({"rearm_hours": 0}, "rules cannot be read"),
    ],
)
def test_risk_rules_without_sense_are_refused(changed, says):
    with pytest.raises(RulesError, match=says):
        read_rules(with_risk(**changed))


def test_rules_from_before_there_were_heads_are_read_and_ask_for_nothing():
    rules = json.loads(packaged_rules_bytes())
    del rules["risk"]
    read = read_rules(json.dumps(rules).encode())

    assert isinstance(read, Rules) and heads_of(read.risk) == {} and list(faults(read.risk)) == []


def test_other_weights_are_other_rules():
    changed = json.loads(packaged_rules_bytes())
    changed["risk"]["heads"][0]["bias"] += 1e-4

    assert read_rules(json.dumps(changed).encode()).sha256 != packaged_rules().sha256
    assert math.isfinite(packaged_rules().risk.heads[0].bias)
