"""Whether a folder is one of recorded patients, and if not, what is wrong with it and what helps."""

from pathlib import Path
from typing import Final

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from streams.ward.columns import VITALS_FILE
from streams.ward.labels import LABELS_FILE
from streams.ward.signals import SIGNALS

COLUMNS: Final = {
    VITALS_FILE: ("patient_id", "time_s", "signal", "value", "unit"),
    LABELS_FILE: ("patient_id", "label", "value", "time_s"),
}


class CannotEvaluate(ValueError):
    """The folder cannot be evaluated; says by a code what is wrong, in which file or column, and what helps."""

    exit_code = 2

    def __init__(self, code: str, field: str, remedy: str) -> None:
        super().__init__(f"{code}: {field}: {remedy}")
        self.code, self.field, self.remedy = code, field, remedy


def check(folder: Path, *, labelled: bool = False) -> None:
    """Raises `CannotEvaluate` for a folder that cannot be read; one without labels is counted, and not judged, unless
    it has to be `labelled`.
    """
    if not folder.is_dir():
        raise CannotEvaluate("no_folder", str(folder), f"name a folder that holds {VITALS_FILE} and {LABELS_FILE}")
    if not (folder / VITALS_FILE).is_file():
        wanted = ", ".join(COLUMNS[VITALS_FILE])
        raise CannotEvaluate("no_vitals", str(folder / VITALS_FILE), f"a recording holds that file, with {wanted}")
    if labelled and not (folder / LABELS_FILE).is_file():
        wanted = ", ".join(COLUMNS[LABELS_FILE])
        raise CannotEvaluate("no_labels", str(folder / LABELS_FILE), f"it says what became of the patients: {wanted}")
    for name, columns in COLUMNS.items():
        file = folder / name
        if file.is_file():
            _check_file(file, columns)
    signals = set(
        pq.read_table(folder / VITALS_FILE, columns=["signal"])["signal"].cast(pa.string()).unique().to_pylist()
    )
    if not signals & set(SIGNALS):
        raise CannotEvaluate(
            "no_watched_values", f"{folder / VITALS_FILE}: signal", f"name signals {', '.join(SIGNALS)}"
        )


def _check_file(file: Path, columns: tuple[str, ...]) -> None:
    try:
        there = set(pq.read_schema(file).names)
    except (pa.ArrowException, OSError) as error:
        raise CannotEvaluate("unreadable_file", str(file), f"write it as Parquet ({error})") from error
    for missing in (name for name in columns if name not in there):
        raise CannotEvaluate("no_column", f"{file}: {missing}", f"the file needs the columns {', '.join(columns)}")
