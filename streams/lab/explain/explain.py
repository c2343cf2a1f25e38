"""Why an alert was raised, and why not: one decision of the very same Vigil, taken apart."""

from typing import Any, Final, NamedTuple, Self

import msgspec

from detectors.calling import PRIORITIES
from detectors.rules import Rules
from detectors.vigil import Vigil
from detectors.vigil.assessment import Assessment
from detectors.vigil.persistence import AlertRequest
from detectors.vigil.report import rules_name, suppressed_by
from detectors.vigil.why_not import WORDS, why_not
from detectors.vigil.window import Decided
from schemas.times import to_text
from streams.lab.explain.observed_replay import Look, Plays, looking
from streams.lab.explain.opinions import entered, inputs, opinions
from streams.lab.explain.what_if import needed, spared_by


class NothingToExplain(ValueError):
    """The recording holds no such alert, or nothing of that patient by then."""

    exit_code = 1


class Asking(Vigil):
    """A restored vigil that keeps what its course asked for and the assessment that it saw."""

    __slots__ = ("asked", "seen")

    asked: AlertRequest | None
    seen: Assessment | None

    @classmethod
    def before(cls, look: Look) -> Self:
        """The vigil as it was just before a decision."""
        one = cls.restore(look.before, look.rules)
        assert isinstance(one, cls)
        one.asked, one.seen = None, None
        return one

    def request(self, assessment: Assessment, fresh: dict[str, Decided], *, entered: bool) -> AlertRequest:
        """The same, kept."""
        self.seen = assessment
        asked = self.asked = super().request(assessment, fresh, entered=entered)
        return asked


class Place(NamedTuple):
    """Where an alert was raised."""

    patient: str
    at: int
    value: bytes


REVISION: Final = 1
AFTER_MS: Final = 60_000
"""So long after the last reading its window is still being decided: the moment belongs to the recording."""
TOLD: Final = (
    *(
        "alert_id",
        "revision",
        "state",
        "kind",
        "subject",
        "priority",
        "interrupts",
        "suppressed_by",
        "reason",
        "headline",
    ),
)


class _Head(msgspec.Struct):
    alert_id: str
    revision: int
    patient_id: str


_head = msgspec.json.Decoder(_Head).decode


def find(recording: Plays, rules: Rules, alert_id: str, revision: int = REVISION, patient: str | None = None) -> Place:
    """Where the recording raises an alert (or says another revision of it); sooner found if it is known whose it is.
    Raises NothingToExplain.
    """
    begins = f'"alert_id":"{alert_id}"'.encode()
    for output in recording.play(rules, patient=patient):
        if output.topic == "alerts" and output.value is not None and begins in output.value[:80]:
            head = _head(output.value)
            if (head.alert_id, head.revision) == (alert_id, revision):
                return Place(head.patient_id, output.due, output.value)
    raise NothingToExplain(f"the recording raises no alert {alert_id!r} (revision {revision}) under these rules")


def look_at(recording: Plays, rules: Rules, patient: str, at: int, value: bytes | None = None) -> Look:
    """The last decision about a patient up to a moment; with `value` the one that said it. Raises NothingToExplain."""
    found: list[Look] = []

    def note(look: Look) -> None:
        if look.at > at or (value is not None and all(said.value != value for said in look.said)):
            return
        found[:] = [look]

    time = 0

    def reached(moment: int) -> None:
        nonlocal time
        time = max(time, moment)

    for _ in recording.play(rules, looking(patient, note, reached), patient=patient, until_ms=at):
        pass
    if time and at > time + AFTER_MS:
        raise NothingToExplain(
            f"after_the_recording: --at: what is recorded of {patient!r} ends at {to_text(time)}, before "
            f"{to_text(at)}; ask for a moment up to then"
        )
    if not found:
        raise NothingToExplain(
            f"nothing is decided about {patient!r} by {to_text(at)}; is the patient in the recording?"
        )
    return found[0]


def explain_alert(
    recording: Plays, rules: Rules, alert_id: str, revision: int = REVISION, patient: str | None = None
) -> dict[str, Any]:
    """Why an alert was raised."""
    place = find(recording, rules, alert_id, revision, patient)
    look = look_at(recording, rules, place.patient, place.at, place.value)
    return {"alert_id": alert_id, **explained(look), "alert": msgspec.json.decode(place.value)}


def explain_moment(recording: Plays, rules: Rules, patient: str, at: int) -> dict[str, Any]:
    """What was decided about a patient at a moment, and why nothing else was."""
    look = look_at(recording, rules, patient, at)
    return {"alert_id": None, "asked_at": to_text(at), **explained(look)}


def explained(look: Look) -> dict[str, Any]:
    """One decision: what went in, what each detector thought, what was decided and why, and what it would have taken.

    The decision is taken anew by a copy of the Vigil; it must say the same, to the byte.
    """
    vigil = Asking.before(look)
    said = look.again(vigil)
    if tuple(said) != look.said:
        raise RuntimeError("the decision taken anew differs from the one that was taken")
    assessment = vigil.seen or vigil.assessment(look.at)
    asked: AlertRequest | None = vigil.asked
    need = look.rules.spot if entered(look.fresh) else look.rules.stream
    alerts = [msgspec.json.decode(one.value) for one in said if one.topic == "alerts" and one.value is not None]
    reasons = why_not(vigil, assessment, asked)
    return {
        "patient_id": vigil.patient,
        "decided_at": to_text(look.at),
        "rules": rules_name(look.rules),
        "inputs": inputs(assessment),
        "opinions": opinions(vigil, assessment, need, vigil.conditions(look.at)),
        "asked_for": _asked(asked),
        "decision": {
            "reason": vigil.register.decision,
            "said": [{name: alert[name] for name in TOLD} for alert in alerts],
            "open_alert": _open(vigil),
        },
        "why_not": [] if _called(alerts) else [{"reason": one, "words": WORDS[one]} for one in reasons],
        "needed": needed(vigil, look.at),
        "spared_by": spared_by(look) if any(alert["kind"] == "physiological" for alert in alerts) else [],
    }


def _called(alerts: list[dict[str, Any]]) -> bool:
    return any(alert["interrupts"] and alert["kind"] == "physiological" for alert in alerts)


def _asked(request: AlertRequest | None) -> dict[str, Any] | None:
    if request is None:
        return None
    return {
        "now": PRIORITIES[request.now],
        "priority": PRIORITIES[request.priority],
        "interrupts": request.interrupts,
        "suppressed_by": request.suppressed_by,
        "reason": request.reason,
        "reds": list(request.reds),
        "confirmed": list(request.confirmed),
    }


def _open(vigil: Vigil) -> dict[str, Any] | None:
    episode = vigil.register.deterioration
    if episode is None:
        return None
    return {
        "alert_id": episode.alert_id,
        "since": to_text(episode.started),
        "priority": PRIORITIES[episode.priority],
        "status": episode.lifecycle.status,
        "suppressed_by": suppressed_by(episode),
        "because": episode.because,
        "lost": episode.lost,
        "headline": episode.headline,
    }
