"""A raw limit is crossed by what a value means, in whatever unit it was written down."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streams.lab.evaluation.figures_table import lines
from streams.lab.evaluation.raw import _count
from streams.lab.evaluation.trace import Course, Trace


def crossings(folder, signal, unit, *values):
    columns = {
        "patient_id": ["p"] * len(values),
        "time_s": [float(second) for second in range(len(values))],
        "signal": [signal] * len(values),
        "value": list(values),
        "unit": [unit] * len(values),
    }
    pq.write_table(pa.table(columns), folder / "vitals.parquet")
    return int(_count(folder, Trace.of([Course("p", 0.0, 1.0, np.empty(0), np.empty((0, 32)))], "monitor", 60))[0])


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
def test_a_limit_is_crossed_in_every_unit_that_is_taken(tmp_path, signal, unit, normal, red):
    assert crossings(tmp_path, signal, unit, normal, red, red, normal, red) == 2


def test_a_value_in_a_unit_that_is_refused_crosses_nothing(tmp_path):
    assert crossings(tmp_path, "SBP", "furlong", 120.0, 85.0) == 0


def test_a_folder_without_outcomes_says_so_in_words():
    told = {"folder": "f", "patients": 2, "patient_days": 1.0, "event": None, "patients_with_event": None}

    assert next(lines(told)) == "f: 2 patients, 1 patient-days, no outcome known"
    told |= {"event": "sepsis_onset", "patients_with_event": 1}
    assert next(lines(told)) == "f: 2 patients, 1 patient-days, event sepsis_onset (1 patients)"
