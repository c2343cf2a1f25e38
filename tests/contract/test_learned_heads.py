"""What every model that predicts from features promises, whatever it predicts: the walk finds them."""

import ast
import importlib
import inspect
import math
import pkgutil
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import detectors
from detectors.additive import Additive, Table
from detectors.risk import heads_of
from detectors.risk_memory import FEATURES
from streams.config.packaged_rules import packaged_rules

MADE = {Additive: lambda: Additive({"a": Table((0, 1, 2), (0, 0, 0)), "b": Table((0, 1), (1, -1))}, bias=-1.0)}
SHIPPED = list(heads_of(packaged_rules().risk).values())
SOME_OR_NONE = st.dictionaries(st.sampled_from(FEATURES), st.none() | st.floats(-1e9, 1e9))


def found() -> set[type]:
    """Every class in `detectors` that learns and gives probabilities, river's way."""
    modules = [importlib.import_module(m.name) for m in pkgutil.walk_packages(detectors.__path__, "detectors.")]
    classes = {c for module in modules for _, c in inspect.getmembers(module, inspect.isclass)}
    ours = {c for c in classes if c.__module__.startswith("detectors.")}
    return {c for c in ours if hasattr(c, "learn_one") and hasattr(c, "predict_proba_one")}


every_model = pytest.mark.parametrize("kind", sorted(found(), key=lambda c: c.__name__), ids=lambda c: c.__name__)
every_head = pytest.mark.parametrize("head", SHIPPED, ids=lambda head: head.weights.head)


def test_the_walk_finds_what_can_be_made_here():
    assert found() == set(MADE)


@every_model
def test_it_has_slots_an_example_and_a_source(kind):
    source = ast.parse(Path(sys.modules[kind.__module__].__file__).read_text())  # compiled classes show none
    text = next(ast.get_docstring(one) or "" for one in source.body if getattr(one, "name", "") == kind.__name__)

    assert not hasattr(MADE[kind](), "__dict__")
    assert "Examples\n--------\n>>> " in text and text.partition("References\n----------\n")[2].strip()


@every_model
@given(
    told=st.lists(st.tuples(st.dictionaries(st.sampled_from("abx"), st.none() | st.floats(-1e9, 1e9)), st.booleans()))
)
def test_probabilities_are_probabilities_whatever_was_learned(kind, told):
    one = MADE[kind]()
    for x, y in told:
        one.learn_one(x, y)
        chances = one.predict_proba_one(x)
        assert set(chances) == {False, True} and sum(chances.values()) == pytest.approx(1)
        assert all(0 <= p <= 1 for p in chances.values())


@every_head
@given(x=SOME_OR_NONE)
def test_a_shipped_head_has_a_finite_opinion_or_none_and_asking_changes_nothing(head, x):
    before = head.forecast(x, calibrated=True)
    assert head.forecast(x, calibrated=True) == before
    if before is None:
        assert not head.knows_enough(x)
        return
    assert math.isfinite(before.log_odds) and 0 <= before.rank <= 1 and 0 < before.probability < 1
    assert all(math.isfinite(added) for _, added in before.contributions)
