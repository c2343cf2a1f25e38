"""WFDB and EDF recordings, read through their libraries into the rows of a vitals table.

Both formats keep whole numbers and a scale, so a value comes back a hair beside what was measured (91 % as
90.9999...), and that hair decides a band of NEWS2: values are rounded to what the scale can tell apart. What a format
writes for "not measured" is left out.
"""

from collections.abc import Iterator
from math import floor, log10
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from streams.recordings.tables import Array, NotARecording

NAMES: Final = {
    "HR": ("HR", "bpm"), "HEART RATE": ("HR", "bpm"), "ECG HR": ("HR", "bpm"),
    "PULSE": ("PULSE", "bpm"), "PR": ("PULSE", "bpm"), "PULSE RATE": ("PULSE", "bpm"),
    "RR": ("RR", "1/min"), "RESP": ("RR", "1/min"), "RESP RATE": ("RR", "1/min"), "RESPIRATION": ("RR", "1/min"),
    "SPO2": ("SPO2", "%"), "%SPO2": ("SPO2", "%"),
    "ABPSYS": ("SBP", "mmHg"), "ABP SYS": ("SBP", "mmHg"), "ART SYS": ("SBP", "mmHg"), "SBP": ("SBP", "mmHg"),
    "ABPDIAS": ("DBP", "mmHg"), "ABP DIAS": ("DBP", "mmHg"), "ART DIAS": ("DBP", "mmHg"), "DBP": ("DBP", "mmHg"),
    "ABPMEAN": ("MAP", "mmHg"), "ABP MEAN": ("MAP", "mmHg"), "ART MEAN": ("MAP", "mmHg"), "MAP": ("MAP", "mmHg"),
    "NBPSYS": ("NISBP", "mmHg"), "NBP SYS": ("NISBP", "mmHg"), "NISBP": ("NISBP", "mmHg"),
    "NBPDIAS": ("NIDBP", "mmHg"), "NBP DIAS": ("NIDBP", "mmHg"), "NIDBP": ("NIDBP", "mmHg"),
    "NBPMEAN": ("NIMAP", "mmHg"), "NBP MEAN": ("NIMAP", "mmHg"), "NIMAP": ("NIMAP", "mmHg"),
    "TEMP": ("TEMP", "degC"), "TEMPERATURE": ("TEMP", "degC"), "GCS": ("GCS", "score"),
}  # fmt: skip
"""Names of numerics in WFDB headers (the MIMIC and BIDMC sets) and EDF labels, as our signal, and its unit where the
file writes none."""
FASTEST_HZ: Final = 4.0
"""A faster signal is a waveform: its name may be that of a vital (RESP), its samples are none."""
UNITS: Final = {"bpm": "bpm", "pm": "1/min", "/min": "1/min", "1/min": "1/min", "brpm": "1/min", "bpm/min": "bpm",
                "%": "%", "mmhg": "mmHg", "degc": "degC", "°c": "degC", "celsius": "degC", "cel": "degC",
                "degf": "degF", "fahrenheit": "degF", "score": "score"}  # fmt: skip
INSTALL: Final = "install what reads it: pip install 'vigilward[recordings]'"


def found_in(folder: Path) -> bool:
    """Whether a folder holds WFDB headers or EDF files."""
    return any(_files(folder))


def read(folder: Path) -> pa.Table:
    """Every record of the folder; its file's name is the patient. Raises NotARecording."""
    columns: dict[str, list[Array]] = {name: [] for name in ("patient_id", "time_s", "signal", "value", "unit")}
    for file in _files(folder):
        rows = _wfdb(file) if file.suffix == ".hea" else _edf(file)
        for name, seconds, values, unit in rows:
            signal = NAMES.get(name.strip(" ,").upper())
            known, written = (name.strip(" ,"), unit) if signal is None else (signal[0], _unit(unit, signal[1]))
            there = ~np.isnan(values)
            count = int(there.sum())
            columns["time_s"].append(seconds[there])
            columns["value"].append(values[there])
            for column, word in (("patient_id", file.stem), ("signal", known), ("unit", written)):
                columns[column].append(np.full(count, word, dtype=object))
    types = {"time_s": pa.float64(), "value": pa.float64()}
    arrays = {
        name: pa.array(np.concatenate(parts) if parts else [], types.get(name, pa.string()))
        for name, parts in columns.items()
    }
    return pa.table(arrays)


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(file for file in folder.iterdir() if file.suffix.lower() in (".hea", ".edf"))


def _unit(unit: str, usual: str) -> str:
    """Our word for the unit that the file writes; the usual one where it writes none."""
    plain = unit.strip()
    return UNITS.get(plain.lower(), plain) if plain and plain.upper() != "NU" else usual


def _rounded(values: Array, step: float) -> Array:
    """Values to the last decimal that a scale of such steps can tell apart."""
    return np.round(values, max(0, floor(-log10(step)))) if 0 < step < 1 else values


def _wfdb(file: Path) -> Iterator[tuple[str, Array, Array, str]]:
    try:
        import wfdb  # type: ignore[import-untyped]
    except ImportError as error:
        raise NotARecording("no_library", str(file), INSTALL) from error
    try:
        header = wfdb.rdheader(str(file.with_suffix("")))
        if not hasattr(header, "sig_name") or header.sig_name is None:  # segments, or annotations alone
            raise NotARecording("no_signals", str(file), "name records that hold numerics in one segment")
        # Frames that are smoothed average the code for "missing" into the values: each signal keeps its own rate.
        record = wfdb.rdrecord(str(file.with_suffix("")), physical=False, smooth_frames=False)
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise NotARecording("unreadable_file", str(file), f"write it as WFDB ({error})") from error
    for place, name in enumerate(record.sig_name):
        rate = record.fs * record.samps_per_frame[place]
        if rate > FASTEST_HZ:
            continue
        raw = record.e_d_signal[place].astype(np.int64)
        gain, base = record.adc_gain[place], record.baseline[place]
        missing = {"16": -32768, "61": -32768, "212": -2048, "80": -128, "24": -(1 << 23), "32": -(1 << 31),
                   "310": -512, "311": -512, "160": -32768}.get(record.fmt[place])  # fmt: skip
        values = _rounded((raw - base) / gain, 1 / gain)
        if missing is not None:
            values[raw == missing] = np.nan
        yield name, np.arange(len(raw)) / rate, values, (record.units or [""] * len(record.sig_name))[place]


def _edf(file: Path) -> Iterator[tuple[str, Array, Array, str]]:
    try:
        import pyedflib  # type: ignore[import-untyped]
    except ImportError as error:
        raise NotARecording("no_library", str(file), INSTALL) from error
    try:
        reader: Any = pyedflib.EdfReader(str(file))
    except OSError as error:
        raise NotARecording("unreadable_file", str(file), f"write it as EDF or EDF+ ({error})") from error
    with reader:
        for place, name in enumerate(reader.getSignalLabels()):
            rate = reader.getSampleFrequency(place)
            if rate > FASTEST_HZ:
                continue
            raw = reader.readSignal(place, digital=True).astype(np.int64)
            low, high = reader.getDigitalMinimum(place), reader.getDigitalMaximum(place)
            least, most = reader.getPhysicalMinimum(place), reader.getPhysicalMaximum(place)
            step = (most - least) / (high - low)
            values = _rounded((raw - low) * step + least, abs(step))
            values[raw == low] = np.nan  # what is not measured is written as the least value there is
            yield name, np.arange(len(raw)) / rate, values, reader.getPhysicalDimension(place)
