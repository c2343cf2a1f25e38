"""What every detector promises, whatever it detects: the walk finds them, a table says how to feed each."""

import ast
import importlib
import inspect
import math
import pkgutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from river import drift, stats

import detectors
from detectors.baseline import Baseline
from detectors.fading import FadingMean, FadingVar
from detectors.level_shift import LevelShift
from detectors.pattern import Pattern
from detectors.trend import Trend
from schemas.decode import FastMeasure, Refused
from schemas.judge import judge
from schemas.vitals import SCALES
from tests.making import MINUTE, rules_with

RULES = rules_with()
FLOOR = 5.0


class Feed(NamedTuple):
    """How a detector is made, taught a value at a moment, asked for all its opinions, and restored; the most bytes that
    its state may take.
    """

    make: Callable
    learn: Callable
    ask: Callable
    restore: Callable
    bytes: int = 200


def combination(value: float) -> dict[str, float]:
    """Two vitals that go together."""
    return {"heart_rate": (value - 80) / FLOOR, "resp_rate": (value - 80) / FLOOR / 2}


COMBINED = ("heart_rate", "resp_rate")


FEEDS = {
    Baseline: Feed(
        make=lambda: Baseline(FLOOR, RULES.baseline),
        learn=lambda one, value, at: one.learn_one(value, at),
        ask=lambda one, value, at: [one.score_one(value), one.deviation(value), one.drift(value)],
        restore=lambda state: Baseline.restore(state, FLOOR, RULES.baseline),
    ),
    LevelShift: Feed(
        make=lambda: LevelShift(RULES.level_shift),
        learn=lambda one, value, at: one.learn_one((value - 80) / FLOOR, at),
        ask=lambda one, value, at: [one.score_one()],
        restore=lambda state: LevelShift.restore(state, RULES.level_shift),
    ),
    Pattern: Feed(
        make=lambda: Pattern(COMBINED, trees=4, height=4, window=30),
        learn=lambda one, value, at: one.learn_one(combination(value)),
        ask=lambda one, value, at: [one.score_one(combination(value))],
        restore=lambda state: Pattern.restore(state, COMBINED, trees=4, height=4, window=30),
        bytes=4 * 4 * 2**5 + 20,
    ),
    Trend: Feed(
        make=lambda: Trend(FLOOR, RULES.trend),
        learn=lambda one, value, at: one.learn_one(value, at),
        ask=lambda one, value, at: [one.score_one(at), one.per_hour(at)],
        restore=lambda state: Trend.restore(state, FLOOR, RULES.trend),
    ),
}


def found() -> list[type]:
    """Every class in `detectors` that scores and learns."""
    modules = [importlib.import_module(m.name) for m in pkgutil.walk_packages(detectors.__path__, "detectors.")]
    classes = {c for module in modules for _, c in inspect.getmembers(module, inspect.isclass)}
    ours = [c for c in classes if c.__module__.startswith("detectors.")]
    return sorted((c for c in ours if hasattr(c, "learn_one") and hasattr(c, "score_one")), key=lambda c: c.__name__)


every_detector = pytest.mark.parametrize("detector", found(), ids=lambda c: c.__name__)


def feed_of(detector: type) -> Feed:
    assert detector in FEEDS, f"{detector.__name__} is new: say in FEEDS how it is fed, so that it is held to this"
    return FEEDS[detector]


def lively(count: int) -> list[float]:
    """Around 80, up by 20 in the middle third; the same each time."""
    return [80.0 + place * 7 % 11 - 5 + (20 if count / 3 < place < 2 * count / 3 else 0) for place in range(count)]


def taught(feed: Feed, values: Sequence[float], one: object = None, begin: int = 0) -> object:
    one = one or feed.make()
    for place, value in enumerate(values):
        feed.learn(one, value, (begin + place) * MINUTE)
    return one


def kept(one: object) -> object:
    """The state as it comes back from bytes."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(one.state()))


def test_the_walk_finds_what_the_table_feeds():
    assert set(found()) == set(FEEDS)


@every_detector
def test_there_is_no_opinion_before_the_warm_up(detector):
    feed = feed_of(detector)

    assert set(feed.ask(feed.make(), 80.0, 0)) == {None}
    assert set(feed.ask(taught(feed, [80.0, 81.0]), 300.0, 2 * MINUTE)) == {None}


@every_detector
def test_there_is_an_opinion_after_it(detector):
    feed = feed_of(detector)

    assert None not in feed.ask(taught(feed, lively(300)), 81.0, 299 * MINUTE)


@every_detector
def test_scoring_changes_nothing(detector):
    feed = feed_of(detector)
    one = taught(feed, lively(300))
    before = kept(one)
    first = feed.ask(one, 120.0, 300 * MINUTE)
    for value in (20.0, 300.0, 80.0):
        feed.ask(one, value, 300 * MINUTE)

    assert kept(one) == before
    assert feed.ask(one, 120.0, 300 * MINUTE) == first


@every_detector
def test_memory_does_not_grow_with_the_length_of_the_stay(detector):
    feed = feed_of(detector)
    one = taught(feed, lively(5_000))

    assert len(msgspec.msgpack.encode(one.state())) < feed.bytes
    assert not hasattr(one, "__dict__"), "slots only: ten thousand patients have eight of these each"


@every_detector
def test_a_restored_copy_goes_on_identically(detector):
    """Cut before the warm-up, in it, and after it."""
    feed, values = feed_of(detector), lively(400)
    for cut in (0, 3, 20, 150, 290):
        one = taught(feed, values[:cut])
        other = feed.restore(kept(one))
        for place in range(cut, 400):
            for each in (one, other):
                feed.learn(each, values[place], place * MINUTE)
            assert feed.ask(other, 77.0, place * MINUTE) == feed.ask(one, 77.0, place * MINUTE)
        assert kept(other) == kept(one)


@every_detector
def test_two_patients_never_meet(detector):
    feed = feed_of(detector)
    alone = taught(feed, lively(300))
    one, other = feed.make(), feed.make()
    for place, value in enumerate(lively(300)):
        feed.learn(one, value, place * MINUTE)
        feed.learn(other, 3 * value, place * MINUTE)

    assert kept(one) == kept(alone) != kept(other)


@every_detector
def test_the_same_readings_give_the_same_scores(detector):
    feed = feed_of(detector)
    told = [[feed.ask(taught(feed, lively(count)), 70.0, count * MINUTE) for count in (50, 300)] for _ in range(2)]

    assert told[0] == told[1]


@every_detector
@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40),
    steps=st.lists(st.integers(0, 10**9), min_size=40, max_size=40),
    asked=st.floats(-1e6, 1e6),
)
def test_every_finite_input_has_a_finite_score(detector, values, steps, asked):
    """Far beyond what a body can have, at any pace, gaps of days and equal moments among them."""
    feed = feed_of(detector)
    one, at = feed.make(), 0
    for value, step in zip(values, steps, strict=False):
        feed.learn(one, value, at)
        told = [score for score in feed.ask(one, asked, at) if score is not None]
        assert all(math.isfinite(score) for score in told)
        at += step


def test_what_is_not_a_number_never_reaches_a_detector():
    """The border refuses it; detectors need not look."""
    for vital, scale in SCALES.items():
        for unit in scale.units:
            for value in (math.nan, math.inf, -math.inf):
                assert isinstance(judge(vital.value, FastMeasure(value, unit)), Refused), (vital, unit, value)


@every_detector
def test_its_docstring_has_examples_and_references(detector):
    source = ast.parse(Path(sys.modules[detector.__module__].__file__).read_text())  # compiled classes show none
    text = next(ast.get_docstring(one) or "" for one in source.body if getattr(one, "name", "") == detector.__name__)
    examples, _, references = text.partition("References\n----------\n")

    assert "Examples\n--------\n>>> " in examples, f"{detector.__name__} shows no example"
    assert references.strip(), f"{detector.__name__} names no source"


@pytest.mark.parametrize(
    ("made", "member", "where"),
    [
        (stats.Mean, "_mean", "detectors/fading.py"),
        (stats.Mean, "n", "detectors/fading.py"),
        (stats.Var, "_S", "detectors/fading.py"),
        (stats.Var, "mean", "detectors/fading.py"),
        *[
            (drift.PageHinkley, member, "detectors/level_shift.py")
            for member in (
                "_x_mean",
                "_sum_increase",
                "_sum_decrease",
                "_min_increase",
                "_max_decrease",
                "_drift_detected",
            )
        ],
    ],
)
def test_river_still_has_the_members_that_are_kept_in_a_patients_state(made, member, where):
    """They are river's own business; a new release may rename them, and states must then be kept another way."""
    assert hasattr(made(), member), f"river's {made.__name__} has no {member} any more: see {where}"


def test_river_s_arithmetic_on_our_two_numbers_is_river_s():
    """Its functions are lent to objects without a dictionary; a new release may ask more of them."""
    ours, mean, spread, var = FadingMean(), stats.Mean(), FadingVar(), stats.Var(ddof=0)
    for place in range(50):
        for one in (ours, mean, spread, var):
            one.update(place * 7 % 11 / 3)

    assert (ours.get(), spread.get()) == (mean.get(), var.get())


def test_what_river_calls_them_is_also_what_they_do():
    """A name may stay and its meaning change: a test carried over by these members alone must go on the same."""
    one = drift.PageHinkley(min_instances=8, delta=0.25, threshold=8)
    for place in range(30):
        one.update(place % 3 - 1.0)
    other = drift.PageHinkley(min_instances=8, delta=0.25, threshold=8)
    other._x_mean.n, other._x_mean._mean = one._x_mean.n, one._x_mean._mean
    for member in ("_sum_increase", "_sum_decrease", "_min_increase", "_max_decrease", "_drift_detected"):
        setattr(other, member, getattr(one, member))
    found_at = []
    for each in (one, other):
        for place in range(30):
            each.update(3.0)
            if each.drift_detected:
                found_at.append(place)
                break

    assert len(found_at) == 2 and found_at[0] == found_at[1]
