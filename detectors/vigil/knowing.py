"""Hands a patient record to a patient's vigil: at once, when the moment comes that it names, or not at all."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from detectors.vigil.admissions import Code, Effect, effect, moment_of, plan, remembered
from detectors.vigil.loss import NOT_DUE, Watched, expect_again
from detectors.vigil.merging import hand_on, take_over
from detectors.vigil.risk_forecast import RiskForecast
from detectors.vigil.stay import Stay, begins_anew, follow
from detectors.vigil.technical import Signals
from detectors.vigil.telling import Round, Said
from schemas.alert_reason import Reason
from schemas.patient import Event, PatientRecord
from schemas.times import NEVER

if TYPE_CHECKING:
    from detectors.vigil.vigil import Vigil


def refuses(vigil: "Vigil", record: PatientRecord, at: int) -> Code | None:
    """Why a patient record may do nothing here: code and field, or None where it may."""
    ruled = effect(vigil.stay, record, at) if vigil.intake.by_age else Effect.APPLY
    return None if isinstance(ruled, Effect) else ruled


def know(vigil: "Vigil", record: PatientRecord, at: int) -> list[Said]:
    """Lets a record take effect as far as it may; without rules of age every record does, when it comes."""
    found = vigil.stay
    if not vigil.intake.by_age:
        done = Effect.ANEW if begins_anew(found, record) else Effect.APPLY
        return _follow(vigil, record, done, at)
    if record.event is Event.MERGE:
        return hand_on(vigil, record, at)
    if record.event is Event.MERGED:
        return take_over(vigil, record, at)
    ruled = effect(found, record, at)
    if ruled is Effect.WAIT:
        vigil.stay = plan(found, record, at)
    if not isinstance(ruled, Effect) or ruled in (Effect.NOTHING, Effect.WAIT):
        return []
    return _follow(vigil, record, ruled, at)


def _follow(vigil: "Vigil", record: PatientRecord, done: Effect, at: int) -> list[Said]:
    out: list[Said] = []
    found = vigil.stay
    if done is Effect.ANEW:
        vigil.end_all(at, Reason.NEW_STAY, out)
        _forget_patient(vigil)
    before = vigil.stay
    back = record.event is Event.CANCEL_DISCHARGE or moment_of(record, at) < before.moved_at
    stay = before if done is Effect.GO_ON and back else follow(before, record, at)
    if vigil.intake.by_age:
        stay = remembered(found, stay, record, done, at)
    vigil.stay = stay
    expect_again(vigil, before, at)
    _attach(vigil, before, stay, at)
    if (stay.discharged and not before.discharged) or (stay.confirmed and not before.confirmed):
        vigil.end_all(at, Reason.DISCHARGED, out)
        vigil.persistence.forget()
    elif (stay.ward, stay.bed) != (before.ward, before.bed):
        other_ward = before.ward is not None and stay.ward != before.ward
        vigil.register.hand_over(Round(vigil.assessment(at), vigil.rules, out), ward=other_ward)
    vigil.review(at, out)
    return out


def do_planned(vigil: "Vigil", due: int) -> list[Said]:
    """Lets records take effect whose moment has come."""
    out: list[Said] = []
    while vigil.stay.planned and vigil.stay.planned[0][0] <= due:
        text = vigil.stay.planned[0][1]
        vigil.stay = replace(vigil.stay, planned=vigil.stay.planned[1:])
        out += know(vigil, PatientRecord.model_validate_json(text), due)
    return out


def _attach(vigil: "Vigil", before: Stay, stay: Stay, at: int) -> None:
    """Expects nothing more of devices that were taken off the patient."""
    attached = None if stay.devices is None else frozenset(stay.devices)
    vigil.intake.attach(attached)
    if attached is None or before.devices == stay.devices:
        return
    taken_off = {device.number for name, device in vigil.intake.devices.items() if name not in attached}
    for track in vigil.tracks.values():
        if track.known is not None and track.known.device in taken_off:
            track.detach(at)


def _forget_patient(vigil: "Vigil") -> None:
    """Another patient, or another stay: nothing learnt and nothing measured before may count."""
    vigil.tracks, vigil.signals, vigil.never_seen = {}, Signals(), False
    vigil.watched, vigil.overdue, vigil.first_at = Watched(), NOT_DUE, NEVER
    vigil.persistence.forget()
    vigil.risk_forecast = RiskForecast(vigil.rules)
    vigil.intake.drop_open()
    vigil.stay = Stay()
