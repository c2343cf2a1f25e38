"""Who is told: recipients by role, ward, priority, kind and shift, from a TOML file that a site writes.

[[recipient]]
name = "nurse-phones-a"
channel = "webhook"                 # webhook, pcd04, webpush or fhir
url = "https://phones.example/vigilward"
role = "nurse"                      # the step of a ladder that reaches it
wards = ["A"]                       # all wards where left out
shift = "07:00-19:30"               # around the clock where left out; may go past midnight
quiet = "22:00-06:00"               # only low priorities wait until its end
priorities = ["high", "medium"]     # all where left out
key_id = "2026-11"
key_file = "/run/secrets/nurse-phones"
receipts = true                     # its device says what it delivered: without a word within 60 s the next step comes

[[recipient]]
name = "alarm-gateway"
channel = "pcd04"
address = "127.0.0.1:2576"
connections = 4                     # at most so many at once, each with one message under way; 1 where left out
audience = "machine"                # every phase of every alert, in order; no role
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from schemas.action import Step
from schemas.alert import Kind, Priority

Kinds = TypeVar("Kinds", bound=StrEnum)

MOST_CONNECTIONS: Final = 16
BELOW: Final = "/"
"""Between a recipient of the routes and the login of one of the people whom it stands for."""


def base_of(name: str) -> str:
    """The recipient of the routes that somebody is told under.

    >>> base_of("nurses/nora"), base_of("nurses")
    ('nurses', 'nurses')
    """
    return name.partition(BELOW)[0]


class RoutesFault(ValueError):
    """A routes file that cannot be used; the message names the recipient, the field and the remedy."""

    exit_code = 2


class Channel(StrEnum):
    """How a recipient is reached."""

    WEBHOOK = "webhook"
    PCD04 = "pcd04"
    WEBPUSH = "webpush"
    FHIR = "fhir"


class Audience(StrEnum):
    """People are told of calls alone; machines of every phase."""

    PEOPLE = "people"
    MACHINE = "machine"


@dataclass(frozen=True)
class Span:
    """A span of the day in the site's zone, from inclusive to exclusive; past midnight where it ends before it begins.

    >>> Span(time(22), time(6)).holds(time(3)), Span(time(7), time(19, 30)).holds(time(19, 30))
    (True, False)
    """

    begins: time
    ends: time

    def holds(self, at: time) -> bool:
        """Whether the time of day lies in it."""
        if self.begins <= self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends


@dataclass(frozen=True)
class Recipient:
    """One person's device, a group's, or a machine."""

    name: str
    channel: Channel
    audience: Audience = Audience.PEOPLE
    role: Step | None = None
    wards: frozenset[str] = frozenset()
    priorities: frozenset[Priority] = frozenset(Priority)
    kinds: frozenset[Kind] = frozenset(Kind)
    shift: Span | None = None
    quiet: Span | None = None
    url: str = ""
    address: str = ""
    connections: int = 1
    key_id: str = ""
    key: bytes = field(default=b"", repr=False)
    patient_id: bool = False
    receipts: bool = False

    def covers(self, ward: str | None, priority: Priority, kind: Kind, at: time) -> bool:
        """Whether it is told of such an alert at this time of day."""
        here = not self.wards or ward in self.wards
        return (
            here and priority in self.priorities and kind in self.kinds and (self.shift is None or self.shift.holds(at))
        )


@dataclass(frozen=True)
class Routes:
    """All recipients, and the zone in which shifts are meant."""

    recipients: tuple[Recipient, ...]
    zone: ZoneInfo

    def people(self, step: Step, ward: str | None, priority: Priority, kind: Kind, at: datetime) -> list[Recipient]:
        """Whom a step of a ladder reaches at that moment."""
        clock = at.astimezone(self.zone).time()
        ours = (one for one in self.recipients if one.audience is Audience.PEOPLE and one.role is step)
        return [one for one in ours if one.covers(ward, priority, kind, clock)]

    def machines(self, ward: str | None, priority: Priority, kind: Kind, at: datetime) -> list[Recipient]:
        """Which machines hear of an alert."""
        clock = at.astimezone(self.zone).time()
        ours = (one for one in self.recipients if one.audience is Audience.MACHINE)
        return [one for one in ours if one.covers(ward, priority, kind, clock)]

    def held(self, recipient: Recipient, priority: Priority, at: datetime) -> bool:
        """Whether a message waits for the end of the recipient's quiet hours: low ones alone."""
        clock = at.astimezone(self.zone).time()
        return priority is Priority.LOW and recipient.quiet is not None and recipient.quiet.holds(clock)

    def nobody_from(self, step: Step, ward: str, priority: Priority, kind: Kind) -> str | None:
        """The day's first time of day from which such a call would reach nobody; None where there always is somebody.

        Who is reached changes only where a shift begins or ends: no other moment needs a look.
        """
        shifts = [one.shift for one in self.recipients if one.shift is not None]
        moments = sorted({time(0), *(at for shift in shifts for at in (shift.begins, shift.ends))})
        ours = [one for one in self.recipients if one.audience is Audience.PEOPLE and one.role is step]
        alone = (at for at in moments if not any(one.covers(ward or None, priority, kind, at) for one in ours))
        return next((f"{at:%H:%M}" for at in alone), None)

    @property
    def pushes(self) -> bool:
        """Whether anybody is told by Web Push."""
        return any(one.channel is Channel.WEBPUSH for one in self.recipients)

    @property
    def wards(self) -> frozenset[str]:
        """Every ward that a recipient names; `` (the empty name) stands for any other."""
        return frozenset(ward for one in self.recipients for ward in one.wards)


FIELDS = frozenset({
    "name", "channel", "audience", "role", "wards", "priorities", "kinds", "shift", "quiet", "url", "address",
    "connections", "key_id", "key_file", "patient_id", "receipts",
})  # fmt: skip


def read_routes(path: Path, zone: ZoneInfo) -> Routes:
    """The file, checked. Raises RoutesFault."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get("recipient", [])
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise RoutesFault(f"{path}: {fault}") from None
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise RoutesFault(f"{path}: write each recipient as a table [[recipient]], in two brackets")
    recipients = tuple(_recipient(table, number) for number, table in enumerate(tables, 1))
    if not recipients:
        raise RoutesFault(f"{path}: no [[recipient]]: nobody would be told; name at least one")
    names = [one.name for one in recipients]
    if twice := {name for name in names if names.count(name) > 1}:
        raise RoutesFault(f"recipient {sorted(twice)[0]!r}: the name stands twice; receipts are kept by name")
    return Routes(recipients, zone)


def _recipient(table: dict[str, Any], number: int) -> Recipient:
    who = f"recipient {table.get('name', number)!r}"
    if strange := sorted(set(table) - FIELDS):
        raise RoutesFault(f"{who}: {strange[0]!r} is no field; known: {', '.join(sorted(FIELDS))}")
    for text in ("name", "url", "address", "key_id", "key_file"):
        if not isinstance(table.get(text, ""), str):
            raise RoutesFault(f"{who}: {text} must be a text in quotes")
    name = table.get("name", "")
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,60}", name):
        raise RoutesFault(f"{who}: name must be 1 to 60 letters, digits, dots, dashes or underscores")
    audience = _one_of(Audience, table.get("audience", "people"), who, "audience")
    role = None if "role" not in table else _one_of(Step, table["role"], who, "role")
    if (role is None) is (audience is Audience.PEOPLE):
        raise RoutesFault(f"{who}: people have a role (a ladder's step: {', '.join(Step)}), machines have none")
    channel = _one_of(Channel, table.get("channel", ""), who, "channel")
    for flag in ("patient_id", "receipts"):
        if not isinstance(table.get(flag, False), bool):
            raise RoutesFault(f"{who}: {flag} must be true or false, without quotes")
    if channel is Channel.FHIR and audience is Audience.PEOPLE:
        raise RoutesFault(f'{who}: a FHIR server is no person\'s device: set audience = "machine" and no role')
    if channel is Channel.WEBPUSH and audience is not Audience.PEOPLE:
        raise RoutesFault(f"{who}: Web Push reaches people's browsers: set a role, and no audience")
    return Recipient(
        name=name,
        channel=channel,
        audience=audience,
        role=role,
        wards=frozenset(_texts(table, who, "wards", ())),
        priorities=frozenset(
            _one_of(Priority, one, who, "priorities") for one in _texts(table, who, "priorities", Priority)
        ),
        kinds=frozenset(_one_of(Kind, one, who, "kinds") for one in _texts(table, who, "kinds", Kind)),
        shift=_span(table.get("shift"), who, "shift"),
        quiet=_span(table.get("quiet"), who, "quiet"),
        patient_id=table.get("patient_id", False),
        receipts=table.get("receipts", channel is Channel.WEBPUSH),
        **_where(channel, table, who),
    )


def _where(channel: Channel, table: dict[str, Any], who: str) -> dict[str, Any]:
    if channel is Channel.PCD04:
        found = re.fullmatch(r"[^:\s]+:([0-9]{1,5})", table.get("address", ""))
        if found is None or not 1 <= int(found[1]) <= 65_535:
            raise RoutesFault(f"{who}: address must be host:port of an MLLP receiver")
        connections = table.get("connections", 1)
        if type(connections) is not int or not 1 <= connections <= MOST_CONNECTIONS:
            raise RoutesFault(f"{who}: connections must be a number from 1 to {MOST_CONNECTIONS}")
        return {"address": table["address"], "connections": connections}
    if "connections" in table:
        raise RoutesFault(f"{who}: connections are those of an MLLP receiver: leave it out")
    if channel is Channel.WEBPUSH:
        return {}
    try:
        url = urlsplit(table.get("url", ""))
    except ValueError as fault:
        raise RoutesFault(f"{who}: url: {fault}") from None
    local = url.hostname in ("127.0.0.1", "::1", "localhost")
    if not url.hostname or url.scheme not in ("https", "http") or (url.scheme == "http" and not local):
        raise RoutesFault(f"{who}: url must be https://..., or http:// of this machine")
    key_file: str = table.get("key_file") or ""
    if channel is Channel.FHIR and not key_file:
        return {"url": table["url"].rstrip("/")}
    if channel is Channel.WEBHOOK and not (key_file and table.get("key_id")):
        raise RoutesFault(f"{who}: a webhook is signed: set key_id and key_file")
    if not re.fullmatch(r"[!-+\--~]{0,64}", table.get("key_id", "")):
        raise RoutesFault(f"{who}: key_id must be 1 to 64 ASCII letters, digits or signs, no comma and no space")
    try:
        key = Path(key_file).read_bytes().strip()
    except OSError as fault:
        raise RoutesFault(f"{who}: key_file: {fault}") from None
    if len(key) < 16:
        raise RoutesFault(f"{who}: the key in key_file must have at least 16 bytes")
    url_text = table["url"].rstrip("/") if channel is Channel.FHIR else table["url"]
    return {"url": url_text, "key_id": str(table.get("key_id", "")), "key": key}


def _one_of(kinds: type[Kinds], value: Any, who: str, name: str) -> Kinds:
    try:
        return kinds(value)
    except ValueError:
        raise RoutesFault(f"{who}: {name} {value!r} is none of: {', '.join(kinds)}") from None


def _texts(table: dict[str, Any], who: str, name: str, default: Iterable[str]) -> Iterable[str]:
    """A list of texts that names one at least. One text alone would be taken letter by letter."""
    value = table.get(name, default)
    if name in table and (not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value)):
        raise RoutesFault(f'{who}: {name} must be a list such as ["A"]; leave it out for all')
    return value


def _span(value: Any, who: str, name: str) -> Span | None:
    if value is None:
        return None
    found = re.fullmatch(r"(\d\d):(\d\d)-(\d\d):(\d\d)", str(value))
    try:
        if found is None:
            raise ValueError
        hours = [int(part) for part in found.groups()]
        span = Span(time(hours[0], hours[1]), time(hours[2], hours[3]))
    except ValueError:
        raise RoutesFault(f"{who}: {name} {value!r} must be HH:MM-HH:MM") from None
    if span.begins == span.ends:
        raise RoutesFault(f"{who}: {name} {value!r} holds no moment; leave it out for around the clock")
    return span
