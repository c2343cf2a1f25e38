"""One message to one recipient: its id, its words, and what became of it."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

import msgspec

from schemas.alert import Kind, Priority
from schemas.reading import Mode


class Phase(StrEnum):
    """What a message says of its alert."""

    START = "start"
    CONTINUE = "continue"
    END = "end"


class Fate(StrEnum):
    """What became of a message. `SENT` is a transport's success and never says that a person was reached."""

    OWED = "owed"
    SENT = "sent"
    DELIVERED = "delivered"
    SEEN = "seen"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    UNDELIVERABLE = "undeliverable"
    SUPERSEDED = "superseded"


class Covered(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One of the notices that a joined message stands for."""

    id: str
    alert_id: str
    patient_id: str
    step: str | None
    revision: int = 1
    called_at: datetime | None = None
    recipients: int = 0


class Details(msgspec.Struct, frozen=True, gc=False):
    """What a FHIR server is told besides the words. `score_min`: NEWS2's total, None where there is none."""

    started_at: datetime
    score_min: int | None = None
    score_max: int | None = None
    complete: bool = False
    scale: int = 1
    forecast: tuple[str, ...] = ()


class Notice(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The same alert, step, round and recipient always give the same id; a retry keeps it, and its words.

    `covers`: the notices that this one stands for, where several alerts were joined into one message. `called_at`: when
    the step was taken, `recipients`: how many people's devices it is told to. `over`: the alert had ended when this
    was settled. `mode`: of a real patient, or test or demo data, which every channel says.
    """

    id: str
    alert_id: str
    revision: int
    recipient: str
    phase: Phase
    kind: Kind
    priority: Priority
    subject: str
    patient_id: str
    ward: str | None
    bed: str | None
    text: str
    at: datetime
    step: str | None = None
    round: int = 0
    fate: Fate = Fate.OWED
    covers: tuple[Covered, ...] = ()
    called_at: datetime | None = None
    recipients: int = 0
    over: bool = False
    details: Details | None = None
    mode: Mode = Mode.REAL


def short(notice_id: str) -> str:
    """Twenty digits that stand for a notice's id where there is no room for it: MSH-10, the names of receipts."""
    return hashlib.sha256(notice_id.encode()).hexdigest()[:20]


def alerts_of(notice: Notice) -> list[str]:
    """The alerts that a message tells of, each once, in the order of their ids."""
    return sorted({one.alert_id for one in notice.covers} or {notice.alert_id})


def tag_of(notice: Notice) -> str:
    """What a later message takes the place of, on a screen and at a push service: one of exactly the same alerts. What
    becomes of one bed never takes away the message of several.
    """
    return short("\n".join(alerts_of(notice)))


def covered(notice: Notice) -> Covered:
    """What a joined message keeps of each notice that it stands for."""
    return Covered(
        notice.id, notice.alert_id, notice.patient_id, notice.step, notice.revision, notice.called_at, notice.recipients
    )


def calls_of_notice(notice: Notice) -> list[Covered]:
    """The calls to people in a message; none in one that tells an end, or goes to a machine."""
    every = notice.covers or (covered(notice),)
    return [] if notice.phase is Phase.END else [one for one in every if one.step is not None]


def in_order(notices: Iterable[Notice]) -> list[Notice]:
    """Oldest first, and what each recipient is told of one alert by its revisions: a message of several alerts is as
    old as the first of them, and may tell of the end of another whose call is younger.
    """
    by_age = {one.id: one for one in sorted(notices, key=lambda one: (one.at, one.revision, one.id))}
    of_alert: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for one in by_age.values():
        for part in one.covers or (covered(one),):
            of_alert.setdefault((one.recipient, part.alert_id), []).append((part.revision, one.id))
    follows: dict[str, set[str]] = {name: set() for name in by_age}
    for told in of_alert.values():
        for (_, earlier), (_, later) in pairwise(sorted(told, key=lambda one: one[0])):
            if earlier != later:
                follows[later].add(earlier)
    try:
        return [by_age[name] for name in TopologicalSorter(follows).static_order()]
    except CycleError:  # no notifier writes such, and what is owed is told
        return list(by_age.values())


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Notice).decode
