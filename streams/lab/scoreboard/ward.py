"""One made-up patient through the very Vigil, with a nurse who answers, or with nobody."""

from typing import Final, NamedTuple

import msgspec
import numpy as np

from detectors.rules import Rules
from detectors.vigil import Said, Vigil
from schemas.action import Action, ActionReason, ActionType, Role
from schemas.decode import FastReading
from schemas.times import EPOCH
from streams.lab.scoreboard.made import START_MS, TRANSIT_MS, MadeUp, Sent

RESOUNDS: Final = frozenset({"raised", "worsened", "returned", "escalated"})
_REASONS: Final = (ActionReason.TREATMENT, ActionReason.ESCALATED, ActionReason.OBSERVATIONS, ActionReason.REVIEWING)
_SETTLE_MS: Final = 25_000  # the last windows are decided; what nobody sends any more is no matter of the kind


class _Alert(msgspec.Struct):
    alert_id: str
    state: str
    kind: str
    subject: str
    priority: str
    interrupts: bool
    reason: str
    headline: str


_alert: Final = msgspec.json.Decoder(_Alert).decode


class Call(NamedTuple):
    """Somebody was asked for."""

    at: int
    kind: str
    subject: str
    priority: str
    state: str
    reason: str
    headline: str

    @property
    def new(self) -> bool:
        """Whether it is more than a step of the ladder."""
        return self.state != "escalated" and self.reason != "repeated"


class Taken(NamedTuple):
    """When values were taken, and of which vitals."""

    at: int
    vitals: tuple[str, ...]


class Nurse:
    """Answers each call after some minutes, with a reason by lot; where nobody answers there is none."""

    def __init__(self, made: MadeUp) -> None:
        self._draw = np.random.default_rng([made.seed, 77])
        self.patient, self.because = made.patient, made.kind.reason
        self.to_see: list[tuple[int, str, str]] = []
        self.actions = 0

    def hear(self, alert: _Alert, at: int) -> None:
        """Remembers to answer."""
        if all(known != alert.alert_id for _, known, _ in self.to_see):
            self.to_see.append((at + int(self._draw.uniform(120_000, 360_000)), alert.alert_id, alert.kind))
            self.to_see.sort()

    def next(self) -> int | None:
        """When she answers next."""
        return self.to_see[0][0] if self.to_see else None

    def answer(self) -> Action:
        """Her answer to the alert that waited longest."""
        at, alert_id, kind = self.to_see.pop(0)
        self.actions += 1
        reason = ActionReason.EQUIPMENT if kind == "technical" else _REASONS[int(self._draw.integers(len(_REASONS)))]
        if kind != "technical" and self.because is not None:
            reason = ActionReason(self.because)
        moment = EPOCH + (np.timedelta64(at, "ms").astype(object))
        return Action(
            action_id=f"a-{self.actions}",
            patient_id=self.patient,
            action_type=ActionType.ACKNOWLEDGE,
            alert_id=alert_id,
            who="nurse-1",
            role=Role.DOCTOR,
            reason=reason,
            at=moment,
        )


def calls_of(made: MadeUp, rules: Rules, *, answered: bool) -> tuple[list[Call], list[Taken]]:
    """Streams the patient; every call that was made, in order, and when values were taken."""
    vigil = Vigil(made.patient, rules, mode="test")
    nurse = Nurse(made) if answered else None
    calls: list[Call] = []
    taken: list[Taken] = []
    end = START_MS + int(made.kind.hours * 3_600_000) + _SETTLE_MS

    def note(said: list[Said], at: int) -> None:
        for one in said:
            if one.topic != "alerts" or one.value is None:
                continue
            alert = _alert(one.value)
            if not alert.interrupts:
                continue
            if alert.state in RESOUNDS or alert.reason in ("persisted", "repeated"):
                calls.append(
                    Call(at, alert.kind, alert.subject, alert.priority, alert.state, alert.reason, alert.headline)
                )
            if nurse is not None:
                nurse.hear(alert, at)

    def advance(until: int) -> None:
        while True:
            seen = None if nurse is None else nurse.next()
            moment = min(vigil.due, until if seen is None else seen)
            if moment > until or (moment >= until and vigil.due > until and (seen is None or seen > until)):
                return
            if vigil.due <= moment:
                due = vigil.due
                note(vigil.tick(due), due)
            elif seen is not None and seen <= moment and nurse is not None:
                note(vigil.act(nurse.answer(), seen).said, seen)
            else:
                return

    sent: Sent
    for sent in made.sent():
        advance(sent.at)
        if isinstance(sent.what, FastReading):
            vigil.take(sent.what, sent.at)
            taken.append(Taken(sent.at - TRANSIT_MS, tuple(sent.what.vitals)))
        else:
            note(vigil.know(sent.what, sent.at), sent.at)
    advance(end)
    return calls, taken
