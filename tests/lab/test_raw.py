"""A raw limit is crossed by what a value means, in whatever unit it was written down."""

import numpy as np
import pyarrow as pa
import pytest

from streams.lab.evaluation.definitions import Horizon
from streams.lab.evaluation.figures_table import event_words
from streams.lab.evaluation.raw import _count
from streams.lab.evaluation.trace import Course, Trace
from streams.recordings.tables import from_frames


def crossings(signal, unit, *values, cut_at_s=None):
    vitals = pa.table(
        {
            "patient_id": ["p"] * len(values),
            "time_s": [float(second) for second in range(len(values))],
            "signal": [signal] * len(values),
            "value": list(values),
            "unit": [unit] * len(values),
        }
    )
    trace = Trace.of([Course("p", 0.0, 1.0, np.empty(0), np.empty((0, 32)))], "monitor", 60)
    return int(_count(from_frames(vitals), trace, cut_at_s)[0])


@pytest.mark.parametrize(
    ("signal", "unit", "normal", "red"),
    [
        ("TEMP", "degC", 36.6, 34.0),
        ("TEMP", "degF", 97.9, 93.2),
        ("SBP", "mmHg", 120.0, 85.0),
        ("SBP", "kPa", 16.0, 11.3),
        ("SPO2", "%", 97.0, 85.0),
        ("SPO2", "fraction", 0.97, 0.85),
    ],
)
def test_a_limit_is_crossed_in_every_unit_that_is_taken(signal, unit, normal, red):
    assert crossings(signal, unit, normal, red, red, normal, red) == 2


def test_a_value_in_a_unit_that_is_refused_crosses_nothing():
    assert crossings("SBP", "furlong", 120.0, 85.0) == 0


def test_what_lies_at_or_after_the_cut_crosses_nothing():
    told = ("SBP", "mmHg", 120.0, 85.0, 120.0, 85.0)

    assert [crossings(*told, cut_at_s=cut) for cut in (None, 4, 3, 1)] == [2, 2, 1, 0]


def test_a_folder_without_outcomes_says_so_in_words():
    told = {"event": None, "data": {"labels": None}}
    none_of_ours = "no outcome known: the labels name none of sepsis_onset, in_hospital_death, ahe_within_1h_of_T0"

    assert event_words(told) == none_of_ours
    told["data"] = {"labels": {"ignored": ["arrest", "bed"]}}
    assert event_words(told) == f"{none_of_ours}; --event takes one of arrest, bed"


def test_the_event_is_told_with_those_of_whom_nobody_knows():
    horizon = Horizon.of(24, 6)._asdict()
    told = {"event": "sepsis_onset", "horizon": horizon, "patients_with_event": 1, "patients_of_unknown_outcome": 0}

    assert event_words(told) == "event sepsis_onset (1 patients; detected: 6 to 24 h before)"
    told["patients_of_unknown_outcome"] = 2
    assert event_words(told) == "event sepsis_onset (1 patients, 2 of unknown outcome; detected: 6 to 24 h before)"
