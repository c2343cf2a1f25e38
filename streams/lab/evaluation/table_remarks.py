"""What there is to say of recorded tables before anything is made of them, as `vigilward check` says it of messages."""

from collections.abc import Iterator
from typing import NamedTuple

from schemas.reasons import REMEDIES, Refusal
from streams.inspection.remarks import SIGNS, Level, Sign
from streams.lab.evaluation.data_quality import data_quality
from streams.lab.evaluation.definitions import Event
from streams.lab.evaluation.folder import CannotEvaluate
from streams.lab.evaluation.outcomes import join, label_counts
from streams.recordings.recordings import Recording
from streams.recordings.tables import Tables


class TableRemark(NamedTuple):
    """One thing to say of a table: how much it matters, by what code, of which signal or column, and what helps."""

    level: Level
    code: str
    field: str
    what: str
    remedy: str

    @property
    def line(self) -> int:
        """A table has no lines."""
        return 0

    def as_dict(self) -> dict[str, str]:
        """As it is written out."""
        return {**self._asdict(), "level": str(self.level)}


def remarks_of(tables: Tables) -> Iterator[TableRemark]:
    """Findings first: values that would be refused, labels of other patients; then what is ignored."""
    found = data_quality(Recording(tables))
    for signal, one in found["by_signal"].items():
        for code, count in one["refused_by_code"].items():
            level = Level.NOTE if code == Refusal.NOT_USABLE else Level.FINDING
            what = f"{count:,} of {one['values']:,} values"
            yield TableRemark(level, code, signal, what, REMEDIES[Refusal(code)][1])
    try:
        joined = join(tables, tables.patients)
    except CannotEvaluate as refusal:
        yield TableRemark(Level.FINDING, refusal.code, refusal.field, "", refusal.remedy)
        joined = None
    for signal, one in found["by_signal"].items():
        if one["suspect"]:
            what = f"{one['suspect']:,} of {one['values']:,} values"
            yield TableRemark(Level.NOTE, Sign.SUSPECT, signal, what, SIGNS[Sign.SUSPECT][1])
    table = SIGNS[Sign.TABLE][1]
    for signal, count in found["ignored_signals"].items():
        yield TableRemark(Level.NOTE, "ignored_signal", signal, f"{count:,} values are not watched", table)
    if found["repeated_rows"]:
        what = f"{found['repeated_rows']:,} rows say again what another says, and count once"
        yield TableRemark(Level.NOTE, "repeated_rows", "vitals", what, "Leave them out.")
    if joined is not None and joined["patients_without"]:
        what = f"{joined['patients_without']:,} patients have none and count as unknown"
        yield TableRemark(Level.NOTE, "unlabelled", "labels: patient_id", what, table)
    counts = label_counts(tables)
    if counts and not set(counts) & set(Event):
        what = f"none of {', '.join(Event)}; there are {', '.join(sorted(counts))}"
        yield TableRemark(Level.NOTE, "no_event", "labels: label", what, "Name one: vigilward evaluate --event LABEL.")
