"""Recorded tables as they come (Parquet, CSV, a DataFrame), looked through before any work and given back in one shape.

A vitals table has `patient_id`, `time_s`, `signal`, `value` and `unit`; a labels table `patient_id`, `label`, `value`
and `time_s`. What is found in a row that nobody watches is of no concern; what would be read wrongly is refused.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.csv as csv  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from streams.recordings.arrow_values import FALSE, NO_NUMBER, NO_WORD, TRUE, number, words
from streams.recordings.signals import SIGNALS

VITALS_FILE: Final = "vitals.parquet"
LABELS_FILE: Final = "labels.parquet"
VITALS_COLUMNS: Final = ("patient_id", "time_s", "signal", "value", "unit")
LABELS_COLUMNS: Final = ("patient_id", "label", "value", "time_s")
SUFFIXES: Final = (".parquet", ".csv")
LONGEST_S: Final = 1e10
"""317 years: a `time_s` beyond it was written in milliseconds or finer."""
FURTHEST: Final = number(LONGEST_S)
EMPTY: Final = words([""])[0]

DATE: Final = r"^\s*\d{4}-\d\d-\d\d|^\s*\d\d?/\d\d?/\d{4}"

Array = np.ndarray[Any, Any]


class NotARecording(ValueError):
    """A table that cannot be read; says by a code what is wrong, in which column, and what helps."""

    exit_code = 2

    def __init__(self, code: str, field: str, remedy: str) -> None:
        super().__init__(f"{code}: {field}: {remedy}")
        self.code, self.field, self.remedy = code, field, remedy


@dataclass(frozen=True, slots=True)
class Tables:
    """The checked tables of one set of patients. `name` is what reports call it; `path` where it was read, if it was.

    `vitals`: patient_id and signal and unit as words, time_s as float64, value as a float. `labels`: value and time_s
    as float64, null where there is none.
    """

    name: str
    vitals: pa.Table
    labels: pa.Table | None = None
    path: Path | None = None
    source: str | None = None

    @property
    def patients(self) -> list[str]:
        """The ids of the vitals table, sorted."""
        return sorted(self.vitals["patient_id"].unique().to_pylist())


Recorded = Path | str | Tables
"""A folder, a file, or tables that were read already."""


def tables_of(recorded: Recorded, *, source: str | None = None) -> Tables:
    """The tables of a folder (`vitals` and `labels` as .parquet or .csv, WFDB or EDF files) or of one vitals file.

    `source` overrides how the values came about (spot, monitor, wearable). Raises NotARecording.
    """
    if isinstance(recorded, Tables):
        return recorded
    path = Path(recorded)
    if path.is_file():
        return Tables(path.stem, _vitals(_read(path), str(path)), None, path, source)
    told = labels_of(path)
    file, name = _file(path, "vitals"), path.resolve().name
    if file is not None:
        return Tables(name, _vitals(_read(file), str(file)), told, path, source)
    from streams.recordings import signal_files

    if signal_files.found_in(path):
        table = _vitals(signal_files.read(path), str(path))
        return Tables(name, table, told, path, source)
    wanted = ", ".join(VITALS_COLUMNS)
    remedy = f"a recording holds that file (or vitals.csv, or WFDB or EDF files), with {wanted}"
    raise NotARecording("no_vitals", str(path / VITALS_FILE), remedy)


def labels_of(recorded: Recorded) -> pa.Table | None:
    """The labels alone, so that what is asked of them can be refused before the vitals are read. Raises
    NotARecording.
    """
    if isinstance(recorded, Tables):
        return recorded.labels
    path = Path(recorded)
    if path.is_file():
        return None
    if not path.is_dir():
        raise NotARecording("no_folder", str(path), f"name a folder that holds {VITALS_FILE} and {LABELS_FILE}")
    labels = _file(path, "labels")
    return None if labels is None else _labels(_read(labels), str(labels))


def from_frames(vitals: Any, labels: Any = None, *, name: str = "frame", source: str | None = None) -> Tables:
    """The tables of DataFrames that speak the Arrow PyCapsule interface (pandas from 2.2 on, polars, pyarrow).

    Raises NotARecording.
    """
    told = None if labels is None else _labels(_arrow(labels, "labels"), "labels")
    return Tables(name, _vitals(_arrow(vitals, "vitals"), "vitals"), told, None, source)


def _arrow(frame: Any, field: str) -> pa.Table:
    if isinstance(frame, pa.Table):
        return frame
    if not hasattr(frame, "__arrow_c_stream__"):
        raise NotARecording("not_a_table", field, f"give a DataFrame with the Arrow interface, not {type(frame)}")
    try:
        return pa.table(frame)
    except pa.ArrowException as error:
        raise NotARecording("mixed_column", field, f"give each column one type ({error})") from error


def vitals_file(path: Path) -> Path | None:
    """The table of vitals of a folder, if it is one file."""
    return path if path.is_file() else _file(path, "vitals")


def _file(folder: Path, stem: str) -> Path | None:
    return next((file for suffix in SUFFIXES if (file := folder / f"{stem}{suffix}").is_file()), None)


def _read(file: Path) -> pa.Table:
    try:
        if file.suffix.lower() == ".csv":
            words = dict.fromkeys((*VITALS_COLUMNS, *LABELS_COLUMNS), pa.string())
            options = csv.ConvertOptions(column_types=words, strings_can_be_null=True)
            return csv.read_csv(file, convert_options=options)
        with pq.ParquetFile(file) as whole:  # read_table brings pyarrow.dataset, which costs half a second at the start
            return whole.read()
    except (pa.ArrowException, OSError) as error:
        wanted = "CSV with a line of names" if file.suffix.lower() == ".csv" else "Parquet"
        raise NotARecording("unreadable_file", str(file), f"write it as {wanted} ({error})") from error


def _columns(table: pa.Table, wanted: tuple[str, ...], field: str) -> None:
    missing = [name for name in wanted if name not in table.column_names]
    if missing:
        raise NotARecording(
            "no_column",
            f"{field}: {', '.join(missing)}",
            f"the table needs the columns {', '.join(wanted)}; it has {', '.join(table.column_names) or 'none'}",
        )


def _vitals(table: pa.Table, field: str) -> pa.Table:
    _columns(table, VITALS_COLUMNS, field)
    signal = _words(table["signal"])
    patients = _ids(table["patient_id"], f"{field}: patient_id")
    watched = pc.is_in(signal, words(SIGNALS))
    if len(table) and not pc.any(watched).as_py():
        raise NotARecording("no_watched_values", f"{field}: signal", f"name signals {', '.join(SIGNALS)}")
    time, unit = table["time_s"], _words(table["unit"])
    seconds = _seconds(time, watched, f"{field}: time_s")
    _no_null(
        pc.and_(watched, pc.is_null(unit)), "missing_unit", f"{field}: unit",
        "write the unit of each watched value: bpm, 1/min, %, fraction, mmHg, degC, degF, score or bool",
    )  # fmt: skip
    value = _numbers(table["value"], watched, "bad_value", f"{field}: value", "write numbers; leave out what is none")
    if pa.types.is_null(value.type):
        value = value.cast(pa.float64())
    return pa.table([patients, seconds, signal, value, unit], list(VITALS_COLUMNS))


def _labels(table: pa.Table, field: str) -> pa.Table:
    _columns(table, LABELS_COLUMNS, field)
    patients, label = _ids(table["patient_id"], f"{field}: patient_id"), _words(table["label"])
    _no_null(pc.is_null(label), "missing_label", f"{field}: label", "name what each row says of the patient")
    every = pc.is_valid(label)
    what = "write 1 for yes and 0 for no, or a number such as an age; leave it empty where it is not known"
    value = _numbers(table["value"], every, "bad_label_value", f"{field}: value", what).cast(pa.float64())
    given = pc.is_valid(table["time_s"])
    seconds = _seconds(table["time_s"], given, f"{field}: time_s", may_lack=True)
    value, seconds = (pc.if_else(pc.is_nan(one), NO_NUMBER, one) for one in (value, seconds))
    return pa.table([patients, label, value, seconds], list(LABELS_COLUMNS))


def _words(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string())


def _ids(column: pa.ChunkedArray, field: str) -> pa.ChunkedArray:
    """Ids as words. A column of whole numbers is the same whether it was kept as 7, 7.0 or "7.0"."""
    _no_null(pc.is_null(column), "missing_patient", field, "say whose each row is; leave out rows that are nobody's")
    if pa.types.is_floating(column.type):
        try:
            column = column.cast(pa.int64())
        except pa.ArrowInvalid as error:
            raise NotARecording("bad_patient", field, f"write ids as words or whole numbers ({error})") from error
    told = _words(column)
    distinct = told.unique()
    floats = r"^-?[0-9]+\.0+$"
    if len(distinct) and pc.all(pc.match_substring_regex(distinct, floats)).as_py():
        told = pc.replace_substring_regex(told, r"\.0+$", "")
    _no_null(pc.equal(told, EMPTY), "missing_patient", field, "say whose each row is; leave out rows that are nobody's")
    return told


def _no_null(wrong: pa.ChunkedArray, code: str, field: str, remedy: str) -> None:
    """Refuses the first of the rows that are wrong, with its number from 1 on."""
    place = pc.index(wrong, TRUE).as_py()
    if place >= 0:
        count = pc.sum(wrong.cast(pa.int64())).as_py()
        raise NotARecording(code, field, f"{remedy} (row {place + 1}; {count} such rows)")


def _seconds(column: pa.ChunkedArray, needed: pa.ChunkedArray, field: str, *, may_lack: bool = False) -> pa.Array:
    """Seconds as float64; where they may lack, NaN and null are left as they are."""
    kind, remedy = column.type, "write seconds as numbers, such as (time - start).total_seconds()"
    if pa.types.is_temporal(kind) and not pa.types.is_duration(kind):
        raise NotARecording("time_is_a_date", field, f"{remedy}; it is {kind}")
    if pa.types.is_duration(kind):
        column = pc.divide(column.cast(pa.duration("us")).cast(pa.int64()).cast(pa.float64()), number(1e6))
    elif _is_text(kind) and pc.any(pc.match_substring_regex(_words(column), DATE)).as_py():
        raise NotARecording("time_is_a_date", field, f"{remedy}; it is text of dates")
    seconds = _numbers(column, needed, "bad_time", field, remedy).cast(pa.float64())
    odd = pc.and_(needed, pc.fill_null(pc.invert(pc.is_finite(seconds)), TRUE))
    if may_lack:
        odd = pc.and_(odd, pc.fill_null(pc.is_inf(seconds), FALSE))
    _no_null(odd, "missing_time", field, "say when each watched value was taken, in seconds")
    far = pc.and_(needed, pc.fill_null(pc.greater(pc.abs(seconds), FURTHEST), FALSE))
    _no_null(far, "time_in_milliseconds", field, "write seconds: these lie more than 317 years from zero; divide them")
    return seconds


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _numbers(column: pa.ChunkedArray, needed: pa.ChunkedArray, code: str, field: str, remedy: str) -> Any:
    """A column as floats; text of numbers is one, other text is refused with its row."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _numbers(column.cast(kind.value_type), needed, code, field, remedy)
    if pa.types.is_boolean(kind):
        return column.cast(pa.int8()).cast(pa.float64())
    if pa.types.is_floating(kind):
        return column if kind != pa.float16() else column.cast(pa.float32())
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
        return column.cast(pa.float64())
    if not _is_text(kind):
        raise NotARecording(code, field, f"{remedy}; the column is of {kind}")
    given = pc.if_else(needed, pc.utf8_trim_whitespace(_words(column)), NO_WORD)
    numeral = r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$|^[-+]?(nan|NaN|NAN|inf|Infinity)$"
    bad = pc.fill_null(pc.invert(pc.match_substring_regex(given, numeral)), FALSE)
    place = pc.index(bad, TRUE).as_py()
    if place >= 0:
        seen = str(given[place].as_py())[:40]
        raise NotARecording(code, field, f"{remedy} (row {place + 1} holds {seen!r})")
    return pc.replace_substring(given, "+", "").cast(pa.float64())
