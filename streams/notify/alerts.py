"""What a notifier needs of an alert, read from the topic's bytes."""

from datetime import datetime
from typing import Annotated

import msgspec

from schemas.action import Step
from schemas.alert import AlertStatus, Kind, Priority, State
from schemas.nesting import TooDeep, refuse_too_deep
from schemas.reading import Mode
from schemas.renamed import in_todays_names

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""Without an offset it would be no moment, and could not be compared."""


class StepReached(msgspec.Struct, frozen=True):
    """A step of the ladder that was taken."""

    step: Step
    at: Instant


class Person(msgspec.Struct, frozen=True):
    """Who answered."""

    who: str


class Lifecycle(msgspec.Struct, frozen=True):
    """Where the alert stands, and whom its ladder has reached."""

    status: AlertStatus
    steps: tuple[StepReached, ...] = ()
    repeats: int = 0
    owner: Person | None = None
    snoozed_by: Person | None = None


class NewsTotal(msgspec.Struct, frozen=True):
    """NEWS2's total as an interval."""

    score_min: int
    score_max: int
    complete: bool
    scale: int


class FindingTold(msgspec.Struct, frozen=True):
    """One detector's finding."""

    detector: str
    reason: str


class Revision(msgspec.Struct, frozen=True):
    """One revision of an alert."""

    alert_id: str
    revision: int
    state: State
    kind: Kind
    subject: str
    priority: Priority
    patient_id: str
    mode: Mode
    started_at: Instant
    at: Instant
    headline: str
    reason: str
    lifecycle: Lifecycle
    ward: str | None = None
    bed: str | None = None
    news2: NewsTotal | None = None
    findings: tuple[FindingTold, ...] = ()

    @property
    def calls(self) -> bool:
        """Whether somebody is asked for now."""
        return self.lifecycle.status is AlertStatus.CALLING

    @property
    def over(self) -> bool:
        """Whether its condition has ended."""
        return self.lifecycle.status in (AlertStatus.RESOLVED, AlertStatus.CLOSING, AlertStatus.CLEARED)


_decode = msgspec.json.Decoder(Revision).decode


class UnreadableAlert(ValueError):
    """A record that is no alert; it costs itself alone. Its text holds no value of the record."""


def decode(value: bytes) -> Revision:
    """Bytes of the alerts topic, in today's names or in those of before. Raises UnreadableAlert.

    >>> decode(b"[" * 100_000)
    Traceback (most recent call last):
    streams.notify.alerts.UnreadableAlert: TooDeep
    """
    try:
        refuse_too_deep(value)
        return _decode(in_todays_names(value))
    except (msgspec.MsgspecError, UnicodeDecodeError, TooDeep) as fault:
        raise UnreadableAlert(type(fault).__name__) from None
