"""`vigilward rejections`: what gateways could not take: list it, show it, try it again."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.commands import CannotRun
from streams.commands.files import zone_of

if TYPE_CHECKING:
    from streams.gateways.desk import Kept
    from streams.gateways.sealed import Seal


class Act(StrEnum):
    """What to do."""

    LIST = "list"
    SHOW = "show"
    RETRY = "retry"


def rejections(
    act: Annotated[Act, typer.Argument(help="list, show ID, or retry ID (or --all).")],
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="As `list` prints them.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Retry everything that is not done.")] = False,
    mapping: Annotated[
        list[Path] | None, typer.Option("--mapping", metavar="FILE", help="The mended mapping; may be repeated.")
    ] = None,
    site_zone: Annotated[
        str | None, typer.Option("--site-zone", metavar="ZONE", help="The zone of times without an offset.")
    ] = None,
    patient: Annotated[
        str | None, typer.Option("--patient", metavar="ID", help="Whose it is, if it names none.")
    ] = None,
    bootstrap_servers: Annotated[
        str | None, typer.Option("--bootstrap-servers", help="Kafka, as host:port[,host:port].")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Look at what gateways refused, and publish it after a mapping was mended: nothing lost, nothing twice.

    Exit 0 done, 1 where something is still refused, 2 for usage.

    Example: vigilward rejections retry --all --mapping ours.toml
    """
    from streams.commands.convert import mapping_at
    from streams.config.settings import load
    from streams.formats.converter import Converter
    from streams.formats.findings import Outcome
    from streams.formats.statements import Site
    from streams.gateways import desk
    from streams.gateways.attached import Attached
    from streams.gateways.gateway import identity_of
    from streams.gateways.sealed import CannotOpen, Seal
    from streams.gateways.settings import load_gateway

    settings = load(bootstrap_servers=bootstrap_servers)
    kept = desk.kept_messages(settings)
    if act is Act.LIST:
        for one in kept.values():
            _print_line(one, as_json)
        return
    wanted = [name for name, one in kept.items() if not one.done] if every else list(ids or ())
    if not wanted and not every:
        raise typer.BadParameter("name the messages, or --all", param_hint="ID")
    if missing := [name for name in wanted if name not in kept]:
        raise CannotRun(f"there is no {', '.join(missing)}; `vigilward rejections list` names them", exit_code=2)
    own = load_gateway(site_zone=site_zone)
    seal = Seal(own.refused_keys.get_secret_value())
    if act is Act.SHOW:
        for name in wanted:
            _show(kept[name], seal)
        return
    identity = identity_of(own)
    site = Site(zone_of(site_zone) or own.zone, patient, assigned=Attached(own.devices, identity.named))
    left = 0
    for name in wanted:
        converter = Converter(site, identity, tuple(mapping_at(path) for path in mapping or own.mappings))
        try:
            results, readings = desk.tried_again(kept[name], converter, seal)
        except CannotOpen as closed:
            left += 1
            said = f"still refused: {closed}"
            print(json.dumps({"id": name, "done": False, "why": str(closed)}) if as_json else f"{name}: {said}")
            continue
        clean = all(one.outcome in (Outcome.TAKEN, Outcome.IGNORED) for one in results)
        if clean:
            desk.publish(settings, kept[name], readings, results)
        left += not clean
        codes = sorted({str(finding.code) for one in results for finding in one.findings if finding.level == "finding"})
        said = f"{len(readings)} readings published" if clean else f"still refused: {', '.join(codes)}"
        print(json.dumps({"id": name, "done": clean, "readings": len(readings)}) if as_json else f"{name}: {said}")
    raise typer.Exit(1 if left else 0)


def _print_line(one: object, as_json: bool) -> None:
    facts, findings = one.facts, one.findings  # type: ignore[attr-defined]
    codes = sorted({str(finding.get("code")) for finding in findings})
    said = {"id": one.name, "arrived": facts.get("arrived"), "gateway": facts.get("gateway"), "codes": codes,  # type: ignore[attr-defined]
            "times": one.times, "done": one.done}  # type: ignore[attr-defined]  # fmt: skip
    if as_json:
        print(json.dumps(said))
        return
    state = "done" if said["done"] else "open"
    print(f"{said['id']}  {said['arrived']}  {said['gateway']:<6} {state:<5} x{said['times']:<4} {', '.join(codes)}")


def _show(one: "Kept", seal: "Seal") -> None:
    """A kept message on standard output, its facts on standard error; what is not to be opened as it was kept."""
    from streams.gateways.sealed import CannotOpen

    facts = {"id": one.name, **one.facts}
    try:
        message = one.message(seal)
    except CannotOpen as closed:
        facts["remark"] = str(closed)
        message = b"" if "sealed" in one.facts else one.value
    print(json.dumps(facts, ensure_ascii=False), file=sys.stderr)
    print(message.decode("utf-8", "replace").replace("\r", "\n"))
