"""`vigilward doctor`: is this installation sound? A remedy for each trouble."""

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from streams.config.rights import TOPIC_RIGHTS, Principal
from streams.config.settings import Settings, load
from streams.config.settings_names import settings_of, variable
from streams.installation.broker import look
from streams.installation.canary_heard import canary_ages, canary_findings
from streams.installation.certificates import broker_certificate, certificate_findings
from streams.installation.copies import REASSIGNMENT, reassignment
from streams.installation.facts import Installation
from streams.installation.finding import Finding
from streams.installation.findings import findings
from streams.installation.mending import mend
from streams.installation.reaching import reach_findings
from streams.installation.rights import authorized, right_findings
from streams.installation.stored_states import look_at_states, state_findings
from streams.installation.watch import Watched, listen, watch_findings
from streams.notify.settings import load_notify

SOUND, FINDINGS = 0, 1
SEEN_WITHIN_S = 15.0
OWN_CERTIFICATES = ("ssl_cert_file", "ssl_ca_file", "http_tls_cert_file")
CERTIFICATES = {"board": ("tls_cert_file",), "gateway": ("tls_cert_file", "client_ca_file")}
"""Settings that name certificates, by the process whose they are."""


def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="Create missing topics and set configurations right.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One object a finding, then one with the facts.")] = False,
    process: Annotated[
        Principal | None, typer.Option("--as", help="Also whether this login has the rights of such a process.")
    ] = None,
) -> None:
    """Look at brokers, topics, copies in sync, clocks, certificates, stored states, the canary and at who watches; say
    what is wrong and what to do.

    Exit 0: sound; 1: findings; 3: no broker. In arrival clock it appends one tick, a record that carries nothing, to
    read the broker's clock.

    Example: vigilward doctor --fix
    """
    settings = load()
    found = look(settings)
    wrong = findings(found, settings)
    if fix:
        failures = {one: why for one, why in mend(wrong, settings).items() if why is not None}
        mended = [one for one in wrong if one.mendable and one not in failures]
        if mended:
            found, wrong = _look_again(settings, mended)
        _say_mended(mended, failures, as_json)
        _write_reassignment(found, settings, as_json)
    watched = listen(settings)
    wrong += [*watch_findings(watched, settings), *canary_findings(canary_ages(settings), settings)]
    wrong += [*state_findings(look_at_states(settings), settings), *reach_findings(settings, load_notify())]
    wrong += _certificates(settings)
    if process is not None:
        names = [settings.topic(topic) for topic in TOPIC_RIGHTS[process]]
        wrong += right_findings(authorized(settings, names), process, settings)
    _say(wrong, found, watched, settings, as_json)
    raise typer.Exit(FINDINGS if wrong else SOUND)


def _certificates(settings: Settings) -> list[Finding]:
    """Of this process, and of those whose settings stand here too."""
    now = datetime.now(UTC)
    files = {variable("", name): getattr(settings, name) for name in OWN_CERTIFICATES}
    for table, names in CERTIFICATES.items():
        own = settings_of(table)
        with suppress(ValidationError):  # that process says itself what is wrong with its settings
            files |= {variable(table, name): getattr(own(), name) for name in names} if own is not None else {}
    return [*certificate_findings(files, now), *broker_certificate(settings, now)]


def _look_again(settings: Settings, mended: list[Finding]) -> tuple[Installation, list[Finding]]:
    """Until all that was mended is seen to be: a topic that a controller has made reaches a broker's list later."""
    until = time.monotonic() + SEEN_WITHIN_S
    while True:
        found = look(settings)
        wrong = findings(found, settings)
        if not set(mended) & set(wrong) or time.monotonic() > until:
            return found, wrong
        time.sleep(0.25)


def _write_reassignment(found: Installation, settings: Settings, as_json: bool) -> None:
    """Copies of topics that exist are moved by Kafka's own tool: what it reads, in the folder where we are."""
    plan = reassignment(found, settings)
    if plan is None:
        return
    path = Path(REASSIGNMENT)
    path.write_text(plan + "\n", encoding="utf-8")
    told = f"wrote {path}: kafka-reassign-partitions.sh --execute --bootstrap-server {settings.bootstrap_servers} "
    told += f"--reassignment-json-file {path}, then `vigilward doctor --fix` once more"
    print(json.dumps({"written": str(path)}) if as_json else told)


def _say_mended(mended: list[Finding], failures: Mapping[Finding, str], as_json: bool) -> None:
    for one in mended:
        print(
            json.dumps({"mended": one.code, "subject": one.subject})
            if as_json
            else f"mended   {one.subject}: {one.says}"
        )
    for one, why in failures.items():
        said = {"not_mended": one.code, "subject": one.subject, "because": why}
        print(json.dumps(said) if as_json else f"refused  {one.subject}: {one.says}; the broker says: {why}")


def _say(wrong: list[Finding], found: Installation, watched: Watched | None, settings: Settings, as_json: bool) -> None:
    if as_json:
        for one in wrong:
            print(json.dumps({"finding": one.code, **{k: v for k, v in asdict(one).items() if k != "code"}}))
        facts = {
            "findings": len(wrong),
            "bootstrap_servers": settings.bootstrap_servers,
            "brokers": found.brokers,
            "broker_generation": found.generation,
            "clock_skew_ms": found.skew_ms,
            "python": ".".join(map(str, found.python)),
            "packages": dict(found.packages),
            "codecs": sorted(found.codecs),
            "copies": min((one.copies for one in found.topics.values() if one.copies), default=None),
            "workers": None if watched is None else watched.owners,
            "topics": {name: facts.partitions for name, facts in sorted(found.topics.items())},
        }
        print(json.dumps(facts))
        return
    for one in wrong:
        print(f"{one.code:<18} {one.subject}: {one.says}\n{'':<18} {one.remedy}")
    skew = "not measured" if found.skew_ms is None else f"{found.skew_ms} ms from the broker's"
    print(
        f"broker: {settings.bootstrap_servers}, {found.brokers} of them, Kafka {found.generation or 'of unknown age'}"
    )
    print(f"clock: {skew}; topics of ours: {len(found.topics)}; partitions: {settings.partitions}")
    print(f"codecs: {', '.join(sorted(found.codecs)) or 'none'}")
    if watched is not None:
        print(f"watch: {watched.owners} workers are alive" if watched.newest else "watch: no worker has run yet")
    print("sound" if not wrong else f"{len(wrong)} findings")
