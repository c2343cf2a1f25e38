"""Cuts the bundled recordings out of the published sets: `python -m streams.recordings.samples.make_samples FROM [TO]`.

FROM holds the sets as folders in the layout that `streams.recordings.recordings` reads, named as in `CUTS` or as the
bundled ones are. The choice is by name, so that the same source gives the same rows.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from streams.recordings.signals import SIGNALS


@dataclass(frozen=True, slots=True)
class Cut:
    """One bundled recording: its name here, the set it comes from, which patients and which labels are kept."""

    name: str
    published: str
    patients: tuple[str, ...]
    labels: tuple[str, ...]


CUTS: Final = (
    Cut(
        "bidmc",
        "bidmc",
        # Quiet (03, 23, 43), quiet with SpO2 93 (04), breathing counted as 0 or lost (13), probe off for 100 s (19),
        # 90 years old (28), low SpO2 and fast breathing (32), pulse counted at half the heart rate (39), RR 22 (47).
        tuple(f"bidmc{number:02d}" for number in (3, 4, 13, 19, 23, 28, 32, 39, 43, 47)),
        ("age",),
    ),
    Cut(
        "sepsis2019",
        "sepsis2019_setB",
        # Four in whom sepsis was recognised after more than a day of record, two in whom it was not.
        ("s19_100088", "s19_103073", "s19_104787", "s19_105862", "s19_100061", "s19_100103"),
        ("age", "gender_male", "sepsis", "sepsis_onset", "label_first_1", "onset_censored_early", "record_hours"),
    ),
    Cut(
        "challenge2012",
        "challenge2012",
        # Two who died in hospital, two who went home.
        ("c12a_133179", "c12a_134276", "c12a_132556", "c12a_132591"),
        ("age", "gender_male", "icu_type", "in_hospital_death", "death_time"),
    ),
)
_FILES: Final = ("vitals.parquet", "labels.parquet")


def make(source: Path, target: Path) -> None:
    """Write every cut below `target`; raises FileNotFoundError where a set is missing from `source`."""
    for cut in CUTS:
        origin = source / cut.published if (source / cut.published).is_dir() else source / cut.name
        folder = target / cut.name
        folder.mkdir(parents=True, exist_ok=True)
        for file, column, kept in zip(_FILES, ("signal", "label"), (tuple(SIGNALS), cut.labels), strict=True):
            pq.write_table(
                _cut(pq.read_table(origin / file), cut.patients, column, kept), folder / file, compression="zstd"
            )


def _cut(table: pa.Table, patients: tuple[str, ...], column: str, kept: tuple[str, ...]) -> pa.Table:
    """The rows of these patients and these names, in the order of the source, with plain columns."""
    for name in ("patient_id", column):
        table = table.set_column(table.column_names.index(name), name, table[name].cast(pa.string()))
    if "unit" in table.column_names:
        table = table.set_column(table.column_names.index("unit"), "unit", table["unit"].cast(pa.string()))
    chosen = pc.and_(pc.is_in(table["patient_id"], pa.array(patients)), pc.is_in(table[column], pa.array(kept)))
    return table.filter(chosen).replace_schema_metadata(None)


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent)
