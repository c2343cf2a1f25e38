import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.fading import FadingMean, FadingVar, kept


def test_what_has_faded_wholly_counts_nothing():
    mean = FadingMean()
    mean.update(70.0)
    mean.fade(0.0)
    mean.update(90.0)

    assert mean.get() == 90.0


def test_nothing_moves_while_nothing_comes():
    mean, spread = FadingMean(), FadingVar()
    for value in (70.0, 80.0, 90.0):
        mean.update(value)
        spread.update(value)
    before = mean.get(), spread.get()
    mean.fade(0.25)
    spread.fade(0.25)

    assert (mean.get(), spread.get()) == pytest.approx(before)


def test_a_value_counts_half_after_its_half_life():
    mean = FadingMean()
    mean.update(60.0)
    mean.fade(kept(1000, 1000))
    mean.update(90.0)

    assert mean.get() == pytest.approx((60 * 0.5 + 90) / 1.5)


def test_time_that_runs_backwards_fades_nothing():
    assert kept(-5, 1000) == kept(0, 1000) == 1.0


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200), st.floats(0.01, 1))
def test_a_variance_is_never_negative(values, keep):
    """river's EWVar is, on flat lines: sqrt then raises for the calmest patient."""
    spread = FadingVar()
    for value in values:
        spread.fade(keep)
        spread.update(value)

    assert spread.get() >= 0 and math.isfinite(spread.get())


def test_a_flat_line_has_no_variance_at_all():
    spread = FadingVar()
    for _ in range(20_000):
        spread.fade(0.999)
        spread.update(98.1)

    assert 0 <= spread.get() < 1e-12


def test_a_restored_copy_goes_on_identically():
    one = FadingVar()
    for value in (70.0, 71.5, 90.0):
        one.update(value)
    other = FadingVar.restore(one.state())
    for spread in (one, other):
        spread.fade(0.5)
        spread.update(60.0)

    assert other.state() == one.state()
