"""An injection is what its name says, the same for the same seed, and judged against the recording without it."""

import numpy as np
import pytest

from streams.lab.ablation.injected import _first, _level_called, evaluate_injected, read_series
from streams.lab.ablation.injections import INJECTIONS, Change, Injection, Shape, injected
from streams.lab.evaluation.trace import Course, Turn
from streams.recordings.samples import folder
from streams.recordings.tables import NotARecording

SECONDS = np.arange(600.0)


def after(shape, size, over_s, values=None, signal="HR"):
    values = np.full(600, 80.0) if values is None else values
    return injected(signal, SECONDS, values, Change((signal,), shape, size, over_s), 100.0)


def test_a_ramp_goes_evenly_and_stays_there():
    _, now = after(Shape.RAMP, 30, 120)

    assert now[100] == 80
    assert now[160] == 95
    assert set(now[220:]) == {110}


def test_an_artefact_ends_and_leaves_everything_else_as_it_was():
    for shape, size in ((Shape.SET, 0), (Shape.TIMES, 2), (Shape.FROZEN, 0)):
        values = np.random.default_rng(1).integers(60, 90, 600).astype(float)
        _, now = after(shape, size, 20, values)

        assert not np.array_equal(now[100:120], values[100:120])
        np.testing.assert_array_equal(now[:100], values[:100])
        np.testing.assert_array_equal(now[120:], values[120:])


def test_what_is_not_sent_is_not_there():
    seconds, now = after(Shape.GONE, 0, 50)

    assert len(seconds) == len(now) == 550
    assert not ((seconds >= 100) & (seconds < 150)).any()


def test_no_saturation_rises_above_a_hundred():
    assert after(Shape.STEP, 30, 0, signal="SPO2")[1].max() == 100


def test_the_names_are_different_and_both_kinds_are_there():
    assert len({injection.name for injection in INJECTIONS}) == len(INJECTIONS)
    assert {injection.harm for injection in INJECTIONS} == {True, False}


def test_a_recording_of_rounds_is_refused():
    with pytest.raises(NotARecording, match="1 Hz"):
        read_series(folder("sepsis2019"))


def course(*turns):
    return Course("p", 0.0, 1000.0, np.empty(0), np.empty((0, 0)), turns=[Turn(*turn) for turn in turns])


def test_only_what_is_asked_beyond_the_recording_itself_counts():
    calls = course((50.0, 2, True, False), (400.0, 3, True, False))

    assert _first(calls, calls, 100.0, 900.0, _level_called) == np.inf
    assert _first(calls, course((50.0, 2, True, False)), 100.0, 900.0, _level_called) == 400.0
    assert _first(calls, course(), 100.0, 900.0, _level_called) == 100.0


def test_a_deep_desaturation_is_found_and_a_silent_probe_calls_nobody_about_the_patient(tmp_path):
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    told = pq.read_table(folder("bidmc") / "vitals.parquet")
    pq.write_table(told.filter(pc.equal(told["patient_id"], "bidmc03")), tmp_path / "vitals.parquet")
    deep = Injection("deep", True, (Change(("SPO2",), Shape.RAMP, -15, 120),))
    silent = next(injection for injection in INJECTIONS if "not sent" in injection.name)
    found, quiet = evaluate_injected(tmp_path, injections=(deep, silent), workers=1)["injections"]

    assert found["called"] == 1.0
    assert 0 < found["called_delay_s_median"] < 300
    assert quiet["falsely_called"] == 0.0
    assert quiet["told_as_technical"] == 1.0
