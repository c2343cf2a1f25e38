"""Makers of small recordings, for the tests of this folder."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest


@pytest.fixture
def recording(tmp_path):
    """Makes a folder of rows (patient, seconds, signal, value, unit) and labels (patient, label, value, seconds)."""

    def make(rows, labels=None, *, encoded=False, name="set"):
        folder = tmp_path / name
        folder.mkdir()
        columns = zip(*rows, strict=True) if rows else ([], [], [], [], [])
        types = (pa.string(), pa.float64(), pa.string(), pa.float32(), pa.string())
        arrays = [pa.array(list(column), kind) for column, kind in zip(columns, types, strict=True)]
        if encoded:
            arrays = [array.dictionary_encode() if pa.types.is_string(array.type) else array for array in arrays]
        pq.write_table(pa.table(arrays, ["patient_id", "time_s", "signal", "value", "unit"]), folder / "vitals.parquet")
        if labels is not None:
            columns = list(zip(*labels, strict=True))
            kinds = (pa.string(), pa.string(), pa.float64(), pa.float64())
            arrays = [pa.array(list(column), kind) for column, kind in zip(columns, kinds, strict=True)]
            pq.write_table(pa.table(arrays, ["patient_id", "label", "value", "time_s"]), folder / "labels.parquet")
        return folder

    return make
