"""`vigilward state`: what is stored of patients; taken out, put back, forgotten."""

import json
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from schemas.times import to_text
from streams.commands import CannotRun
from streams.config.settings import Settings, load
from streams.worker.state_store.state_encoding import CHECKPOINT_KEY, decode_checkpoint
from streams.worker.state_store.stored import Stored


class StateCommand(StrEnum):
    """What is done with the stored states."""

    SHOW = "show"
    EXPORT = "export"
    IMPORT = "import"
    RESET = "reset"
    HAND_OVER = "hand-over"
    ERASE = "erase"


class From(StrEnum):
    """Where the log goes on."""

    START = "start"
    END = "end"


def state(
    command: Annotated[
        StateCommand, typer.Argument(help="show, export, import, reset, hand-over or erase.", show_choices=False)
    ],
    path: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="For export and import.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    begin: Annotated[
        From | None, typer.Option("--from", help="Where the log goes on: of import into another log, of reset.")
    ] = None,
    group: Annotated[str | None, typer.Option("--group", help="Of hand-over: the group that goes on.")] = None,
    patient: Annotated[str | None, typer.Option("--patient", help="Of erase: whose watch and state end.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object a partition.")] = False,
) -> None:
    """Look at the stored states of patients, or move them. All but show and erase need every worker stopped.

    export writes them to a file, as before an upgrade; import puts such a file in their place, after a failed upgrade
    or on another cluster (then with --from); reset forgets every patient and goes on at the log's --from start or end.
    hand-over gives the states of VIGILWARD_GROUP to --group, while no worker of either runs: one log has one group.
    erase puts a record on `patients` by which a worker ends the watch of --patient and stores nothing of her any more;
    what stays in the topics, and for how long, it says. No patient is named on the terminal; an export holds their
    data.

    Example: vigilward state export before-upgrade.states
    """
    from streams.recorded.states import all_stored, forgotten, put, refuse_while_workers_run, set_offsets
    from streams.worker.state_store.identity import identity

    settings = load()
    if command in (StateCommand.EXPORT, StateCommand.IMPORT) and path is None:
        raise CannotRun(f"state {command} needs a file", exit_code=2)
    if command is StateCommand.RESET and begin is None:
        raise CannotRun("state reset needs --from start or --from end: where does the log go on?", exit_code=2)
    if command is StateCommand.HAND_OVER and not group:
        raise CannotRun("state hand-over needs --group: which group goes on?", exit_code=2)
    if command is StateCommand.ERASE:
        _erase(settings, patient, dry_run)
        return
    whose = identity(settings)
    if command is not StateCommand.SHOW and not dry_run:
        refuse_while_workers_run(settings, *([group] if group else []))
    stored = all_stored(settings)
    if command is StateCommand.SHOW:
        _show(stored, as_json)
    elif command is StateCommand.EXPORT and path is not None:
        _export(settings, stored, path, dry_run)
    elif command is StateCommand.HAND_OVER and group is not None:
        from streams.recorded.states import copy_offsets, handed_over

        written = handed_over(settings, stored, whose, group)
        if not dry_run:
            put(settings, written, stored, keep=True)
            copy_offsets(settings, group)
        states = sum(len(one.states) for one in stored.values())
        said = "would go" if dry_run else "go"
        print(f"{states} states {said} from group {settings.group} to {group}", file=sys.stderr)
    elif command is StateCommand.IMPORT and path is not None:
        from streams.recorded.states import imported

        with path.open("rb") as file:
            written = imported(file, settings, whose, begin)
        _tell(written, stored, dry_run)
        if not dry_run:
            put(settings, written, stored)
            set_offsets(settings, _next_offsets(written))
    else:
        written = forgotten(settings, stored, whose, _ends(settings, begin or From.START))
        _tell(written, stored, dry_run)
        if not dry_run:
            put(settings, written, stored)
            set_offsets(settings, _next_offsets(written))


def _erase(settings: Settings, patient: str | None, dry_run: bool) -> None:
    from schemas.patient import Event, PatientRecord
    from streams.config.topics import KEEPS_PATIENTS, TOPICS, Topic
    from streams.simulator.publisher import Publisher

    if not patient:
        raise CannotRun("state erase needs --patient: whose?", exit_code=2)
    record = PatientRecord(event=Event.ERASE, patient_id=patient, mode=settings.mode)
    if not dry_run:
        with Publisher(settings.librdkafka()) as publisher:
            value = record.model_dump_json(exclude_defaults=True).encode()
            publisher.send(settings.topic(Topic.PATIENTS), patient, value)
            if publisher.flush() or publisher.counts.failed:
                raise CannotRun("the broker did not take the record: nobody is erased")
    said = "would end" if dry_run else "ends"
    print(
        f"her watch {said} as soon as a worker takes the record; her state goes with its next snapshot", file=sys.stderr
    )
    for topic in KEEPS_PATIENTS:
        days = TOPICS[topic].retention_ms / 86_400_000
        kept = "until an administrator deletes its records (kafka-delete-records)" if days < 0 else f"{days:g} days"
        print(f"{settings.topic(topic)} keeps what stands there: {kept}", file=sys.stderr)


def _show(stored: Mapping[int, Stored], as_json: bool) -> None:
    for partition, one in sorted(stored.items()):
        checkpoint = one.checkpoint
        facts = {
            "partition": partition,
            "patients": len(one.states),
            "bytes": one.size,
            "unusable": len(one.lost),
            "next_offset": checkpoint.next_offset if checkpoint else None,
            "time": to_text(checkpoint.time) if checkpoint else None,
            "generation": checkpoint.generation if checkpoint else None,
            "group": checkpoint.group if checkpoint else None,
            "behaviour": checkpoint.behaviour if checkpoint else None,
            "drained": checkpoint.drained if checkpoint else None,
            "topic_id": checkpoint.topic_id if checkpoint else None,
            "savepoint": to_text(checkpoint.savepoint_at)
            if checkpoint and checkpoint.savepoint_at is not None
            else None,
            "records": one.records,
        }
        print(json.dumps(facts) if as_json else "  ".join(f"{name} {fact}" for name, fact in facts.items()))


def _export(settings: Settings, stored: Mapping[int, Stored], path: Path, dry_run: bool) -> None:
    from streams.recorded.states import exported
    from streams.worker.state_store.identity import identity

    states, lost = sum(len(one.states) for one in stored.values()), sum(len(one.lost) for one in stored.values())
    print(f"{'would export' if dry_run else 'exported'} {states} states", file=sys.stderr)
    if not dry_run:
        with path.open("wb") as file:
            file.writelines(exported(settings, stored, identity(settings)))
    if lost:
        print(f"{lost} stored records cannot be used and were left out", file=sys.stderr)
        raise typer.Exit(1)


def _tell(written: Mapping[int, list], stored: Mapping[int, Stored], dry_run: bool) -> None:
    offsets = _next_offsets(written)
    for partition, lines in sorted(written.items()):
        kept = sum(line.value is not None for line in lines if line.key != CHECKPOINT_KEY)
        before = len(stored[partition].states)
        goes_on = f", goes on at offset {offsets[partition]}" if partition in offsets else ""
        print(f"partition {partition}: {before} states before, {kept} after{goes_on}", file=sys.stderr)
    if dry_run:
        print("nothing was changed", file=sys.stderr)


def _next_offsets(written: Mapping[int, list]) -> dict[int, int]:
    return {
        partition: decode_checkpoint(line.value).next_offset
        for partition, lines in written.items()
        for line in lines
        if line.key == CHECKPOINT_KEY and line.value is not None
    }


def _ends(settings: Settings, begin: From) -> dict[int, int]:
    from streams.recorded.source import Source

    with Source(settings) as source:
        return {number: span.end if begin is From.END else span.start for number, span in source.spans().items()}
