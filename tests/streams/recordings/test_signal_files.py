"""WFDB and EDF recordings say what was measured: not a hair beside it, and nothing where nothing was measured."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyedflib
import pytest
import wfdb

from schemas.vitals import Source
from streams.recordings.recordings import Recording
from streams.recordings.signal_files import FASTEST_HZ
from streams.recordings.tables import NotARecording, tables_of

EDGES = [91.0, 93.0, 95.0, 96.0, 91.0]
"""Bounds of NEWS2: a hair above or below, and they score another band."""
WARMTH = [35.0, 36.0, 38.0, 39.0, 39.1]


def values(tables, signal):
    table = tables.vitals
    rows = np.array(table["signal"].to_pylist()) == signal
    return dict(zip(table["time_s"].to_numpy()[rows].tolist(), table["value"].to_numpy()[rows].tolist(), strict=True))


@pytest.fixture
def wfdb_folder(tmp_path):
    spo2, warm = np.array([*EDGES, np.nan]), np.array([*WARMTH, np.nan])
    wfdb.wrsamp(
        "s01", fs=1, units=["%", "degC", "pm", "mV"], sig_name=["SpO2", "TEMP", "RESP", "II"],
        p_signal=np.stack([spo2, warm, np.array([12.0, 20, 21, 24, 25, 8]), np.zeros(6)], axis=1),
        fmt=["16"] * 4, write_dir=str(tmp_path),
    )  # fmt: skip
    return tmp_path


def test_wfdb_gives_the_very_values_and_leaves_out_what_is_missing(wfdb_folder):
    tables = tables_of(wfdb_folder)

    assert tables.patients == ["s01"]
    assert list(values(tables, "SPO2").values()) == EDGES
    assert list(values(tables, "TEMP").values()) == WARMTH
    assert list(values(tables, "RR").values()) == [12, 20, 21, 24, 25, 8]
    survey = Recording(tables).survey
    assert survey.source is Source.MONITOR and survey.unwatched == {"II": 6}


def test_wfdb_signals_of_other_rates_are_not_averaged_with_what_is_missing(tmp_path):
    """Smoothed frames would average the code for "missing" into a believable value."""
    wfdb.wrsamp(
        "mixed", fs=1, units=["%", "bpm"], sig_name=["SpO2", "HR"],
        e_p_signal=[np.array([97.0, np.nan, 95.0, 95.0]), np.array([80.0, 81.0])],
        samps_per_frame=[2, 1], fmt=["16", "16"], write_dir=str(tmp_path),
    )  # fmt: skip
    tables = tables_of(tmp_path)

    assert values(tables, "SPO2") == {0.0: 97, 1.0: 95, 1.5: 95}
    assert values(tables, "HR") == {0.0: 80, 1.0: 81}


def edf(file, signals, *, rate=1):
    heads = [
        {"label": label, "dimension": unit, "sample_frequency": rate, "physical_min": low, "physical_max": high,
         "digital_min": -32768, "digital_max": 32767, "transducer": "", "prefilter": ""}
        for label, unit, low, high, _ in signals
    ]  # fmt: skip
    with pyedflib.EdfWriter(str(file), len(signals), file_type=pyedflib.FILETYPE_EDFPLUS) as writer:
        writer.setSignalHeaders(heads)
        writer.writeSamples([np.array(samples, dtype=float) for *_, samples in signals])


def test_edf_gives_the_very_values_and_leaves_out_what_is_missing(tmp_path):
    """pyedflib writes NaN as the least value of the scale: heart rates of 0 and temperatures of 20 degC."""
    edf(
        tmp_path / "e01.edf",
        [("SpO2", "%", 0, 110, [*EDGES, np.nan]), ("Temp", "degC", 20, 45, [*WARMTH, np.nan])],
    )
    tables = tables_of(tmp_path)

    assert list(values(tables, "SPO2").values()) == EDGES
    assert list(values(tables, "TEMP").values()) == WARMTH


def test_a_waveform_named_like_a_vital_is_none(tmp_path):
    edf(tmp_path / "e02.edf", [("HR", "bpm", 0, 300, [80.0] * 4)])
    edf(tmp_path / "e03.edf", [("RESP", "", -1, 1, np.sin(np.arange(250)))], rate=125)

    assert FASTEST_HZ < 125
    assert tables_of(tmp_path).patients == ["e02"]


def test_labels_lie_beside_the_files_and_a_broken_file_is_refused(wfdb_folder):
    labels = {"patient_id": ["s01"], "label": ["icu"], "value": [1.0], "time_s": [5.0]}
    pq.write_table(pa.table(labels), wfdb_folder / "labels.parquet")
    assert len(tables_of(wfdb_folder).labels) == 1
    (wfdb_folder / "s02.edf").write_bytes(b"none")
    with pytest.raises(NotARecording, match="unreadable_file"):
        tables_of(wfdb_folder)
