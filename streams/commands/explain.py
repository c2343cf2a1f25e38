"""`vigilward explain`: why an alert was raised, or why none was, on a recording."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from schemas.vitals import Source
from streams.commands import CannotRun
from streams.commands.files import PACKAGED, rules_bytes_of, rules_of
from streams.recordings.kinds import holds_tables, path_of

if TYPE_CHECKING:
    from streams.recordings.tables import Tables


def explain(
    alert_id: Annotated[str | None, typer.Argument(metavar="[ALERT_ID]", help="The alert to explain.")] = None,
    recording: Annotated[
        str | None,
        typer.Option("--in", help="A folder, readings, a log from `record`, or a bundled sample.", metavar="RECORDING"),
    ] = None,
    from_kafka: Annotated[bool, typer.Option("--from-kafka", help="Instead of a recording, the log itself.")] = False,
    patient: Annotated[str | None, typer.Option(help="Whose; of an alert it spares time.", metavar="P")] = None,
    at: Annotated[
        str | None,
        typer.Option(
            help="Without an alert: this moment, as a report writes it (`hour 51.0`, or 51h, from the first reading) "
            "or RFC 3339; of a log 90m is so long ago.",
            metavar="T",
            show_default=False,
        ),
    ] = None,
    revision: Annotated[int, typer.Option(min=1, help="Which revision of the alert.")] = 1,
    as_evaluated: Annotated[
        bool,
        typer.Option("--as-evaluated", help="As `evaluate` streams it: alone, each alert seen after five minutes."),
    ] = False,
    source: Annotated[Source | None, typer.Option(help="As given to `evaluate`.")] = None,
    rules: Annotated[str, typer.Option(help="Other rules than the packaged ones.", metavar="FILE")] = PACKAGED,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say why an alert was raised, or why a patient had none at a moment, by the very same watch over a recording.

    Values with age, source and doubts; each detector's opinion beside its thresholds; what was decided, and why, from
    closed lists; and what it would have taken, tried on a copy. An alert's id can be taken from `replay` or from the
    topic; the recording and the rules must be those that raised it. Ids from `evaluate` need --as-evaluated: there
    alerts are answered. Exit 1: the recording holds nothing of the kind, or ends before the moment.

    Example: vigilward explain --patient bidmc32 --at 2026-01-01T00:01:00Z --in bidmc
    """
    if (recording is None) is not from_kafka:
        raise CannotRun("name either --in RECORDING or --from-kafka", exit_code=2)
    if (alert_id is None) is (at is None) or (at is not None and patient is None):
        raise CannotRun("name either an ALERT_ID, or --patient and --at", exit_code=2)
    path = None if recording is None else path_of(recording)
    of_tables = path is not None and holds_tables(path)
    if (as_evaluated or source) and not (as_evaluated and of_tables):
        raise CannotRun("--as-evaluated, and --source with it, are for recorded tables", exit_code=2)
    rules_bytes_of(rules)
    _require_moment(at)
    tables = _tables(path, source, patient) if path is not None and of_tables else None
    found = _explained(path, tables, as_evaluated, rules_of(rules), alert_id, patient, at, revision)
    if as_json:
        print(json.dumps(found))
        return
    from streams.lab.explain.explain_words import in_words

    for line in in_words(found):
        print(line)


def _require_moment(at: str | None) -> None:
    """Refuses what is no moment, before anybody is looked for."""
    from streams.recorded.moments import moment, moment_of_patient

    if at is not None and moment_of_patient(at, 0) is None:
        moment(at, 0)


def _tables(path: Path, source: Source | None, patient: str | None) -> "Tables":
    """The tables, read once; says that they know others than the patient before anything is judged. Of lines this is
    found on the way.
    """
    from streams.recordings.tables import tables_of

    tables = tables_of(path, source=source)
    others = tables.patients
    if patient is not None and others and patient not in others:
        raise CannotRun(f"the recording holds no reading of {patient!r}, but of {others[0]!r} and others", exit_code=1)
    return tables


def _explained(
    path: Path | None,
    tables: "Tables | None",
    as_evaluated: bool,
    rules: Any,
    alert_id: str | None,
    patient: str | None,
    at: str | None,
    revision: int,
) -> dict[str, Any]:
    from streams.config.settings import load
    from streams.lab.explain.explain import explain_alert, explain_moment
    from streams.lab.explain.patient_of_alert import whose
    from streams.recorded.again import LiveLog, Recording
    from streams.recorded.moments import moment, moment_of_patient

    settings = load()

    def of(plays: Any) -> dict[str, Any]:
        if alert_id is not None:
            return explain_alert(plays, rules, alert_id, revision, patient or whose(alert_id, plays.measured()))
        assert patient is not None and at is not None
        now_ms = int(time.time() * 1_000)
        own = moment_of_patient(at, _start(plays, patient))
        when = moment(at, now_ms) if own is None else own
        assert when is not None
        return explain_moment(plays, rules, patient, when)

    if as_evaluated and tables is not None:
        from streams.lab.evaluation.answered import Answered

        return of(Answered(tables))
    if path is not None:
        return of(Recording(path, settings.partitions, settings.keys, tables))
    from streams.recorded.source import Source as Log

    with Log(settings) as source:
        return of(LiveLog(source))


def _start(plays: Any, patient: str) -> int | None:
    """When the patient's first reading was taken; None of a log. Raises NothingToExplain where others have readings."""
    from streams.lab.explain.explain import NothingToExplain

    others = None
    for at, others in plays.measured():
        if others == patient:
            return int(at)
    if others is not None:
        raise NothingToExplain(f"the recording holds no reading of {patient!r}, but of {others!r} and others")
    return None
