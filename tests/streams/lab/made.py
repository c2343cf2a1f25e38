"""Recorded patients made up in a test: a folder of measurements and of what became of them."""

from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

HOURS = 14


def folder(at: Path, patients: int = 60, *, prefix: str = "p", upside_down: bool = False, seed: int = 5) -> Path:
    """Patients charted hourly; every third turns for the worse from hour 5 on, and it is sepsis at hour 12.

    `upside_down`: the steady ones are said to be those who fell ill.
    """
    at.mkdir(parents=True, exist_ok=True)
    chance = Random(seed)
    vitals: list[tuple[str, float, str, float, str]] = []
    labels: list[tuple[str, str, float, float | None]] = []
    for number in range(patients):
        patient, turns = f"{prefix}{number}", number % 3 == 0
        for hour in range(HOURS):
            ill = max(0, hour - 4) / 8 if turns else 0.0
            for signal, value, unit in (
                ("HR", 78 + 30 * ill + chance.gauss(0, 3), "/min"),
                ("RR", 15 + 7 * ill + chance.gauss(0, 1), "/min"),
                ("SPO2", min(100.0, 97 - 3 * ill + chance.gauss(0, 0.7)), "%"),
                ("SBP", 124 - 25 * ill + chance.gauss(0, 4), "mm[Hg]"),
                ("DBP", 72 - 16 * ill + chance.gauss(0, 3), "mm[Hg]"),
                ("TEMP", 36.8 + 1.6 * ill + chance.gauss(0, 0.1), "Cel"),
            ):
                vitals.append((patient, hour * 3600.0, signal, round(value, 1), unit))
        falls_ill = turns != upside_down
        labels.append((patient, "in_hospital_death", float(falls_ill), None))
        if falls_ill:
            labels.append((patient, "sepsis_onset", 1.0, 12 * 3600.0))
            labels.append((patient, "label_first_1", 1.0, 6 * 3600.0))
    _write(at / "vitals.parquet", vitals, ("patient_id", "time_s", "signal", "value", "unit"))
    _write(at / "labels.parquet", labels, ("patient_id", "label", "value", "time_s"))
    return at


def _write(file: Path, rows: list, names: tuple[str, ...]) -> None:
    pq.write_table(pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))), file)
