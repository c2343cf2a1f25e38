"""Hands a person's action to a patient's vigil: a concern to the patient, anything else to the alert that it names."""

from typing import TYPE_CHECKING, NamedTuple

from detectors.vigil.alert_actions import Refused, forbidden
from detectors.vigil.assessment import Assessment
from detectors.vigil.concern import Concern
from detectors.vigil.status import status_bytes
from detectors.vigil.telling import Round, Said
from schemas.action import Action, ActionType
from schemas.reasons import Refusal

if TYPE_CHECKING:
    from detectors.vigil.vigil import Vigil


class Acted(NamedTuple):
    """What an action caused, and why it was refused if it was."""

    said: list[Said]
    refused: Refused | None = None


def act(vigil: "Vigil", action: Action, at: int) -> Acted:
    """Lets an action take effect once: its repeat, by `action_id`, changes nothing and says nothing."""
    if vigil.acts.knows(action.action_id):
        return Acted([])
    out: list[Said] = []
    refused = forbidden(action) or _do(vigil, action, at, out)
    vigil.acts.note(action, at, refused)
    vigil.status_at = at
    out.append(Said("status", status_bytes(vigil, vigil.assessment(at), at), at))
    return Acted(out, refused)


def _do(vigil: "Vigil", action: Action, at: int, out: list[Said]) -> Refused | None:
    concern = vigil.concern
    if action.action_type is ActionType.CONCERN:
        return _voice(vigil, action, at, out)
    if action.action_type is ActionType.UNDO and concern is not None and concern.action_id == action.undoes:
        return _take_back(vigil, action, concern, at, out)
    return vigil.register.answer(action, Round(vigil.assessment(at), vigil.rules, out), vigil.persistence)


def _voice(vigil: "Vigil", action: Action, at: int, out: list[Said]) -> Refused | None:
    if vigil.stay.confirmed:
        return Refusal.DISCHARGE_CONFIRMED, "patient_id"
    vigil.concern = Concern.of(action, at, vigil.rules.calling)
    now = Round(vigil.assessment(at), vigil.rules, out)
    vigil.register.voice(now, vigil.request(now.assessment, {}, entered=True), vigil.persistence, action)
    return None


def _take_back(vigil: "Vigil", action: Action, concern: Concern, at: int, out: list[Said]) -> Refused | None:
    if concern.who != action.who:
        return Refusal.NOT_ALLOWED, "who"
    if at >= concern.undo_until:
        return Refusal.NOTHING_TO_UNDO, "undoes"
    vigil.concern = None
    assessment: Assessment = vigil.assessment(at)
    if vigil.request(assessment, {}, entered=True).now == 0:
        vigil.register.take_back(Round(assessment, vigil.rules, out), action)
    return None
