"""The lab from Python: recorded tables in, figures out, as tables that every DataFrame library takes.

    from streams.lab import api

    judged = api.evaluate(vitals, labels, event="icu_transfer")     # pandas, polars, pyarrow, or a folder
    judged.figures()                                                # a frame of the library that was given

Nothing here needs a broker. A script needs no `__main__` guard. What cannot be read or judged raises `NotARecording`
with a code, the column and what helps.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from streams.lab.evaluation.evaluate import Evaluation
    from streams.recordings.tables import Tables

Progress = Callable[[int, int], None]
COLUMNS: Final = ("score", "figure", "value", "low", "high", "reason", "patients")


def tables(vitals: Any, labels: Any = None, *, name: str = "frame", source: str | None = None) -> "Tables":
    """Checked tables of a folder, of one file, or of DataFrames with the Arrow interface; read once, for many uses.

    `vitals`: patient_id, time_s, signal, value, unit. `labels`: patient_id, label, value, time_s. `source`: spot,
    monitor or wearable, where the cadence does not tell. Raises NotARecording.
    """
    from streams.recordings.tables import Tables, from_frames, tables_of

    if isinstance(vitals, str | Path | Tables):
        return tables_of(vitals, source=source)
    return from_frames(vitals, labels, name=name, source=source)


def evaluate(
    vitals: Any,
    labels: Any = None,
    *,
    event: str | None = None,
    horizon_h: float | None = None,
    lead_h: float | None = None,
    source: str | None = None,
    rules: bytes | None = None,
    patients: Sequence[str] | None = None,
    workers: int = 2,
    replicates: int = 1_000,
    seed: int = 20_260_101,
    progress: Progress | None = None,
) -> "Judged":
    """How good the alerts are on recorded patients, as `vigilward evaluate` tells it.

    `event`: the label to judge by; else the first that ships. A call counts from `horizon_h` (24) to `lead_h` (1) hours
    before it. `rules`: the bytes of a rules file. Raises NotARecording.
    """
    from streams.lab.evaluation.definitions import SHIPPED, Horizon
    from streams.lab.evaluation.evaluate import evaluate as run
    from streams.lab.evaluation.outcomes import Asked

    if event is None and (horizon_h is not None or lead_h is not None):
        raise ValueError("horizon_h and lead_h are of an event: name it")
    own = None
    if horizon_h is not None or lead_h is not None:
        within = SHIPPED.within_h if horizon_h is None else horizon_h
        own = Horizon.of(within, min(SHIPPED.lead_h, within / 2) if lead_h is None else lead_h)
    read = tables(vitals, labels, source=source)
    evaluation = run(
        read, asked=None if event is None else Asked(event, own), rules=rules, patients=patients, workers=workers,
        replicates=replicates, seed=seed, progress=progress,
    )  # fmt: skip
    return Judged(evaluation, read, type(vitals).__module__.partition(".")[0])


def explain(
    vitals: Any, patient: str, hour: float, *, source: str | None = None, rules: bytes | None = None
) -> dict[str, Any]:
    """What was decided about a patient at an hour from the first value, and why: values, opinions, reasons, and what it
    would have taken. The patient is streamed as `evaluate` does. Raises NotARecording, NothingToExplain.
    """
    from detectors.rules import read_rules
    from streams.config.packaged_rules import packaged_rules
    from streams.lab.evaluation.answered import Answered
    from streams.lab.evaluation.definitions import SETTLE_S
    from streams.lab.explain.explain import explain_moment
    from streams.recordings.recordings import START_MS

    armed = packaged_rules() if rules is None else read_rules(rules)
    at = START_MS + round(hour * 3_600_000) + SETTLE_S * 1_000
    return explain_moment(Answered(tables(vitals, source=source)), armed, patient, at)


def data_quality(vitals: Any, *, source: str | None = None) -> dict[str, Any]:
    """What the values are worth: accepted, suspect, refused by code and signal, ignored. Raises NotARecording."""
    from streams.lab.evaluation.data_quality import data_quality as counted
    from streams.recordings.recordings import Recording

    return counted(Recording(tables(vitals, source=source)))


@dataclass(frozen=True, slots=True)
class Judged:
    """What `evaluate` found. Frames are of the library that the vitals came in: pandas, polars, else pyarrow."""

    evaluation: "Evaluation"
    tables: "Tables"
    library: str = "pyarrow"

    @property
    def told(self) -> dict[str, Any]:
        """Every figure under its stable name, as `vigilward evaluate --json` writes them."""
        return self.evaluation.told

    def figures(self) -> Any:
        """One row a score and figure, with its interval of 95 %; a missing value has its reason. `patients` says of
        whom: `unseen` are those from whom no weights were learned, the ones to believe; `all` may be in sample.
        """
        from streams.lab.evaluation.figures import NAMES
        from streams.lab.evaluation.figures_table import KEYS

        rows: list[tuple[Any, ...]] = []
        for whose, told in (("unseen", self.told["unseen"]), ("all", self.told)):
            for key in KEYS if told else ():
                one = told[key]
                reasons = one.get("reasons", {})
                rows += [
                    (key, name, one[name], one[f"{name}_low"], one[f"{name}_high"], reasons.get(name), whose)
                    for name in NAMES
                ]
        return self._frame(dict(zip(COLUMNS, map(list, zip(*rows, strict=True)), strict=True)), floats=COLUMNS[2:5])

    def alerts(self) -> Any:
        """One row a revision of an alert: patient, `time_s` on the clock of the table, state, kind, priority, whether
        it called someone, its id and headline.
        """
        rows = [
            (course.patient, course.begins_s + one.at_s, one.state, one.kind, one.priority, one.calls, one.alert_id,
             one.headline or None)
            for course in self.evaluation.compared.trace.courses
            for one in course.revisions
        ]  # fmt: skip
        names = ("patient_id", "time_s", "state", "kind", "priority", "calls", "alert_id", "headline")
        columns = list(map(list, zip(*rows, strict=True))) or [[] for _ in names]
        return self._frame(dict(zip(names, columns, strict=True)), floats=("time_s",))

    def scores(self) -> Any:
        """One row a patient and moment of the grid, one column a score; missing is no opinion, never 0."""
        trace = self.evaluation.compared.trace
        from streams.lab.evaluation.score_row import COLUMNS as SCORES

        begins = [course.begins_s for course in trace.courses]
        told: dict[str, Any] = {
            "patient_id": [trace.patients[who] for who in trace.who],
            "time_s": [begins[who] + at for who, at in zip(trace.who.tolist(), trace.at_s.tolist(), strict=True)],
        }
        told |= {name: trace.column(name).astype(float) for name in SCORES}
        return self._frame(told, floats=("time_s", *SCORES))

    def page(self) -> str:
        """The report as one page of HTML."""
        from streams.lab.evaluation.report import page

        return page(self.evaluation)

    def _frame(self, columns: dict[str, Any], floats: Sequence[str] = ()) -> Any:
        import pyarrow as pa  # type: ignore[import-untyped]

        table: pa.Table = pa.table(
            {
                name: pa.array(values, pa.float64() if name in floats else None, from_pandas=True)
                for name, values in columns.items()
            }
        )
        if self.library == "pandas":
            return table.to_pandas()
        if self.library == "polars":
            import polars  # type: ignore[import-not-found,unused-ignore]

            return polars.from_arrow(table)
        return table
