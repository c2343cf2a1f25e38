"""A model that can be read: what it learns, what it does not touch, and that its reasons add up."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.additive import Additive, Table, probability

KNOTS = (0.0, 10.0, 20.0)


def model(**tables: Table) -> Additive:
    return Additive(tables or {"a": Table(KNOTS, (0.0, 0.0, 0.0))}, bias=-2.0, rate=0.3, pull=0.001)


def test_between_knots_it_is_a_straight_line_and_beyond_them_level():
    one = Additive({"a": Table(KNOTS, (1.0, 2.0, 6.0))})

    assert [one.log_odds_one({"a": x}) for x in (-5.0, 0.0, 5.0, 10.0, 15.0, 20.0, 99.0)] == [1, 1, 1.5, 2, 4, 6, 6]


def test_what_is_not_known_adds_nothing_and_is_not_zero():
    one = Additive({"a": Table(KNOTS, (5.0, 2.0, 6.0))}, bias=-1.0)

    assert one.log_odds_one({"a": None}) == one.log_odds_one({}) == -1.0
    assert one.log_odds_one({"a": 0.0}) == 4.0
    assert one.contributions_one({"a": None}) == {}


@given(st.dictionaries(st.sampled_from("abc"), st.none() | st.floats(-50, 50)))
def test_bias_and_contributions_add_up_to_the_log_odds(x):
    tables = {name: Table(KNOTS, (0.25, -1.5, place)) for place, name in enumerate("abc")}
    one = Additive(tables, bias=-2.0)

    assert one.log_odds_one(x) == pytest.approx(-2.0 + sum(one.contributions_one(x).values()))


def test_it_learns_a_curve_from_one_patient_hour_after_another():
    """The event follows low and high values, not those between: no straight line could say so."""
    one, chance = model(), random.Random(1)
    for _ in range(4000):
        x = chance.uniform(0, 20)
        one.learn_one({"a": x}, chance.random() < (0.6 if abs(x - 10) > 5 else 0.05))

    low, middle, high = (one.predict_proba_one({"a": x})[True] for x in (1.0, 10.0, 19.0))
    assert middle < 0.2 < 0.4 < min(low, high)


def test_what_the_examples_do_not_move_stays_as_it_was_believed():
    one = model(a=Table(KNOTS, (0.0, 0.0, 0.0)), b=Table(KNOTS, (1.0, 2.0, 3.0)))
    for _ in range(500):
        one.learn_one({"a": 5.0, "b": None}, True)

    assert one.learned()["b"].prior == (1.0, 2.0, 3.0)
    assert one.learned()["a"].prior[2] == 0.0


def test_a_weight_is_pulled_back_to_what_was_believed_when_nothing_speaks_for_it():
    one = Additive({"a": Table(KNOTS, (1.0, 1.0, 1.0)), "b": Table(KNOTS, (0.0,) * 3)}, rate=0.3, pull=0.05)
    for _ in range(50):
        one.learn_one({"a": 5.0}, True)
    risen = one.learned()["a"].prior[0]
    for _ in range(2000):
        one.learn_one({"b": 5.0}, False)

    assert 1.0 <= one.learned()["a"].prior[0] < 1.0 + (risen - 1.0) / 3


def test_the_same_examples_in_the_same_order_give_the_same_weights():
    told = []
    for _ in range(2):
        one, chance = model(), random.Random(7)
        for _ in range(300):
            one.learn_one({"a": chance.uniform(-5, 25)}, chance.random() < 0.3)
        told.append(one.learned())

    assert told[0] == told[1]


def test_predicting_changes_nothing():
    one = model()
    one.learn_one({"a": 3.0}, True)
    before = one.learned(), one.bias
    for x in (-100.0, 3.0, 1e6):
        one.predict_proba_one({"a": x})
        one.contributions_one({"a": x})

    assert (one.learned(), one.bias) == before


@pytest.mark.parametrize(
    ("knots", "prior", "says"),
    [
        ((1.0,), (0.0,), "two or more rising knots"),
        ((2.0, 1.0), (0.0, 0.0), "rising"),
        ((1.0, 2.0), (0.0,), "do not fit"),
        ((1.0, float("inf")), (0.0, 0.0), "finite"),
    ],
)
def test_a_table_without_sense_is_refused(knots, prior, says):
    with pytest.raises(ValueError, match=says):
        Table(knots, prior)


def test_a_probability_is_never_an_error():
    assert 0.0 < probability(-1e9) < 1e-12 < 0.999 < probability(1e9) <= 1.0
