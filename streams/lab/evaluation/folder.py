"""Whether a folder is one of recorded patients, and if not, what is wrong with it and what helps."""

from streams.recordings.signals import SIGNALS
from streams.recordings.tables import LABELS_FILE, NotARecording, Recorded, Tables, tables_of


class CannotEvaluate(NotARecording):
    """The tables can be read and not judged; says by a code why, in which column, and what helps."""


def check(recorded: Recorded, *, labelled: bool = False, source: str | None = None) -> Tables:
    """The tables of a folder. Raises `NotARecording` for one that cannot be read; one without labels is counted, and
    not judged, unless it has to be `labelled`.
    """
    tables = tables_of(recorded, source=source)
    if labelled and tables.labels is None:
        file = str(tables.path / LABELS_FILE) if tables.path is not None else "labels"
        raise CannotEvaluate("no_labels", file, "it says what became of the patients: patient_id, label, value, time_s")
    if not len(tables.vitals):
        raise CannotEvaluate("no_watched_values", "vitals: signal", f"name signals {', '.join(SIGNALS)}")
    return tables
