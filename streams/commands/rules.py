"""`vigilward rules`: the clinical rules as files: listed, looked through, compared, tried on recorded patients."""

import json
from collections.abc import Callable, Sequence
from enum import StrEnum
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from streams.commands import CannotRun, progress
from streams.commands.files import PACKAGED, room_for, rules_bytes_of, rules_of
from streams.recordings.kinds import path_of

if TYPE_CHECKING:
    from detectors.rules import Rules


class RulesCommand(StrEnum):
    """What is done with rules."""

    LIST = "list"
    VALIDATE = "validate"
    DIFF = "diff"
    DRY_RUN = "dry-run"
    SHADOW = "shadow"
    CALIBRATE = "calibrate"
    ENACT = "enact"


class Asked(NamedTuple):
    """The options, as they were given."""

    files: Sequence[str]
    armed: str
    recording: str | None
    budget: float | None
    out: Path | None
    disarm: bool
    signature: Path | None
    as_json: bool


def rules(
    command: Annotated[
        RulesCommand,
        typer.Argument(help="list, validate, diff, dry-run, shadow, calibrate, enact.", show_choices=False),
    ],
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE...]",
            help="Rules files or folders; `packaged` and `first` are our own.",
        ),
    ] = None,
    recording: Annotated[
        str | None,
        typer.Option(
            "--in", help="For dry-run and shadow: a folder, readings, a log, or a bundled sample.", metavar="RECORDING"
        ),
    ] = None,
    armed: Annotated[str, typer.Option(help="The rules in force, to compare with.", metavar="FILE")] = PACKAGED,
    budget: Annotated[
        float | None, typer.Option(help="For calibrate: interrupting alerts a patient-day.", metavar="RATE")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="For calibrate: the file to write.", metavar="FILE")] = None,
    disarm: Annotated[
        bool, typer.Option("--disarm", help="If the budget cannot be kept, write the rules without the learned risk.")
    ] = False,
    signature: Annotated[
        Path | None, typer.Option(help="For enact: the approver's Ed25519 signature of the file.", metavar="FILE")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object a line.")] = False,
) -> None:
    """Look at rules files before a safety officer signs them. Nothing is armed here, but by enact.

    list: what is known here, or these files: name, version, author, approver, SHA-256, armed detectors.

    validate: every fault with a code, the field and a remedy; exit 1 if there is one.

    diff: what the second of two files (or one, against --armed) would change, in words.

    dry-run: which alerts a candidate would have made of a recording, beside those of the armed rules; a log's own rules
    records count for the armed side.

    shadow: the same side by side, counted as a worker with VIGILWARD_SHADOW_RULES counts it.

    calibrate DIR: the learned threshold with which even the upper bound of interrupting alerts a patient-day keeps the
    --budget; exit 1: no threshold does, and learned rules are not armed.

    enact: puts a file into force in every partition; it takes the signature of an approver whose public key stands in
    VIGILWARD_RULES_APPROVERS: `openssl pkeyutl -sign -rawin -inkey approver.key -in FILE -out FILE.sig`.

    Example: vigilward rules dry-run candidate.json --in bidmc
    Example: vigilward rules calibrate recordings/ --budget 0.45 --out candidate.json
    """
    COMMANDS[command](Asked(files or [], armed, recording, budget, out, disarm, signature, as_json))


def _list(asked: Asked) -> None:
    for name in asked.files or _known():
        for path in _files(name):
            _show_listed(path, asked.as_json)


def _known() -> list[str]:
    """Our own rules, and those that run in shadow here."""
    from streams.config.settings import load

    shadow = load().shadow_rules
    return [PACKAGED] if shadow is None else [PACKAGED, str(shadow)]


def _files(name: str) -> list[str]:
    path = Path(name)
    return sorted(str(file) for file in path.glob("*.json")) if path.is_dir() else [name]


def _show_listed(name: str, as_json: bool) -> None:
    try:
        one = _read(name)
    except CannotRun as refusal:
        print(json.dumps({"file": name, "refused": str(refusal)}) if as_json else f"{name}\n  {refusal}")
        return
    facts = {
        "file": name,
        "name": one.name,
        "version": one.version,
        "author": one.author,
        "approver": one.approver,
        "sha256": one.sha256,
        "armed": sorted(one.armed),
    }
    if as_json:
        print(json.dumps(facts))
        return
    print(f"{name}: {one.name} {one.version}, by {one.author}, {_approved(one)}")
    print(f"  sha256 {one.sha256}")
    print(f"  armed  {', '.join(sorted(one.armed))}")


def _approved(one: "Rules") -> str:
    return f"approved by {one.approver}" if one.approver else "approved by nobody"


def _validate(asked: Asked) -> None:
    bodies = {path: rules_bytes_of(path) for given in asked.files or [PACKAGED] for path in _files(given)}
    from streams.lab.rules.rules_faults import faults_of

    found = 0
    for name, body in bodies.items():
        faults = faults_of(body)
        found += sum(not fault.is_note for fault in faults)
        for fault in faults:
            level = "note" if fault.is_note else "fault"
            if asked.as_json:
                print(json.dumps({"file": name, "level": level, **fault._asdict()}))
            else:
                print(f"{name}: {level} {fault.code}: {fault.field or 'the file'}: {fault.says}; {fault.remedy}")
        if not asked.as_json:
            print(f"{name}: {_verdict(sum(not fault.is_note for fault in faults))}")
    raise typer.Exit(1 if found else 0)


def _verdict(faults: int) -> str:
    return f"{faults} fault{'s' * (faults != 1)}: cannot be armed" if faults else "can be armed"


def _diff(asked: Asked) -> None:
    if len(asked.files) not in (1, 2):
        raise CannotRun("rules diff needs one file, to compare with --armed, or two: OLD NEW", exit_code=2)
    from streams.lab.rules.rules_diff import changes

    old, new = (asked.armed, *asked.files)[-2:]
    found = changes(_read(old), _read(new))
    for change in found:
        print(json.dumps(change.as_dict()) if asked.as_json else change.says)
    if not found and not asked.as_json:
        print("nothing that decides anything differs")


def _dry_run(asked: Asked) -> None:
    candidate, recording = _candidate(asked), _recording(asked)
    from streams.lab.rules.dry_run import compared, hear, in_words
    from streams.log.fixed import FixedRules

    in_force = _read(asked.armed)
    found = compared(
        hear(recording.play(in_force)),
        hear(recording.play(candidate, FixedRules)),
    )
    if not found["patients"]:
        raise CannotRun(
            f"{asked.recording}: nobody is watched in it; `vigilward check` tells what is wrong", exit_code=2
        )
    found = {"armed_rules": _named(in_force), "candidate_rules": _named(candidate), **found}
    _print(found, in_words(found), asked.as_json)


def _shadow(asked: Asked) -> None:
    candidate, recording = _candidate(asked), _recording(asked)
    from streams.log.shadow import Counts, beside, in_words, report

    in_force, counts = _read(asked.armed), Counts()
    for _ in recording.play(in_force, beside(candidate, counts)):
        pass
    found = {"armed_rules": _named(in_force), "shadow_rules": _named(candidate), **report(counts)}
    _print(found, in_words(found), asked.as_json)


def _enact(asked: Asked) -> None:
    if len(asked.files) != 1 or asked.signature is None:
        raise CannotRun("rules enact needs one file and --signature FILE", exit_code=2)
    if not asked.signature.is_file():
        raise CannotRun(f"there is no signature file {str(asked.signature)!r}", exit_code=2)
    rules_bytes_of(asked.files[0])
    from streams.config.settings import load
    from streams.installation.enacting import enact

    settings, rules = load(), rules_of(asked.files[0])
    body, signature = rules_bytes_of(asked.files[0]), asked.signature.read_bytes()
    approver = settings.approvers.who_signed(body, signature)
    if approver is None:
        raise CannotRun(
            "not_approved: no key of VIGILWARD_RULES_APPROVERS signed this file; workers would refuse it", exit_code=1
        )
    offset = enact(settings, rules.name, body, signature)
    found = {**_named(rules), "approved_by": approver, "offset": offset}
    _print(found, [f"{rules.name} {rules.version} goes into force, approved by key {approver}"], asked.as_json)


def _calibrate(asked: Asked) -> None:
    if len(asked.files) != 1 or asked.budget is None or not 0 < asked.budget < inf:
        raise CannotRun("rules calibrate needs a folder of recordings and --budget RATE, above 0", exit_code=2)
    data = rules_bytes_of(asked.armed)
    if asked.armed != PACKAGED:
        _read(asked.armed)
    room_for(asked.out)
    from streams.recordings.tables import tables_of

    tables = tables_of(Path(asked.files[0]))
    from streams.lab.evaluation.data_quality import data_quality, lines  # what is refused is refused before this
    from streams.lab.rules.budget import calibrate, disarmed, in_words, unseen
    from streams.recordings.recordings import Recording

    patients = unseen(tables.patients, data)
    with progress("streaming patients") as moved:
        found = calibrate(tables, data, asked.budget, patients=patients, progress=moved)
    written = found.rules if found.refused is None else (disarmed(data) if asked.disarm else None)
    if asked.out is not None and written is not None:
        asked.out.write_bytes(written)
    quality = data_quality(Recording(tables, patients=patients))
    told = {
        **found.as_dict(),
        "written": str(asked.out) if asked.out is not None and written is not None else None,
        "data": quality,
    }
    _print(told, [*lines(quality), *in_words(found)], asked.as_json)
    raise typer.Exit(1 if found.refused else 0)


def _named(one: "Rules") -> dict[str, str]:
    return {"name": one.name, "version": one.version, "sha256": one.sha256}


def _candidate(asked: Asked) -> "Rules":
    if len(asked.files) != 1:
        raise CannotRun("name one candidate, a rules file", exit_code=2)
    return _read(asked.files[0])


def _recording(asked: Asked) -> Any:
    if asked.recording is None:
        raise CannotRun("name a recording: --in a folder, a file of readings, a log, or a bundled sample", exit_code=2)
    path_of(asked.recording)
    from streams.config.settings import load
    from streams.recorded.again import Recording

    settings = load()
    return Recording.named(asked.recording, settings.partitions, settings.keys)


def _print(found: dict[str, Any], words: Sequence[str], as_json: bool) -> None:
    for line in [json.dumps(found)] if as_json else words:
        print(line)


def _read(name: str) -> "Rules":
    return rules_of(name, exit_code=1)


COMMANDS: dict[RulesCommand, Callable[[Asked], None]] = {
    RulesCommand.LIST: _list,
    RulesCommand.VALIDATE: _validate,
    RulesCommand.DIFF: _diff,
    RulesCommand.DRY_RUN: _dry_run,
    RulesCommand.SHADOW: _shadow,
    RulesCommand.CALIBRATE: _calibrate,
    RulesCommand.ENACT: _enact,
}
