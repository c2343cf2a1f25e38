"""One message to one recipient: its id, its words, and what became of it."""

from datetime import datetime
from enum import StrEnum

import msgspec

from schemas.alert import Kind, Priority


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


class Covered(msgspec.Struct, frozen=True, array_like=True):
    """One of the notices that a joined message stands for."""

    id: str
    alert_id: str
    patient_id: str
    step: str | None


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """The same alert, step, round and recipient always give the same id; a retry keeps it, and its words.

    `covers`: the notices that this one stands for, where several alerts were joined into one message.
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


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Notice).decode
