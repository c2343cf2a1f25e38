"""Who lies where, before any worker has said so: patients whom the admission system knows and nobody watches yet.

What a worker says of a patient always counts for more; this is only for those of whom it has not said anything.
"""

from collections import Counter
from typing import Any, Final

from pydantic import ValidationError

from detectors.vigil.admissions import Effect, effect, plan, remembered
from detectors.vigil.orders import orders_report
from detectors.vigil.stay import Stay, follow
from schemas.patient import Event, PatientRecord, Shared
from schemas.times import HOUR_MS, to_ms, to_text

ENDS_SOON_MIN: Final = 60.0

ALERTS_LIVE_MS: Final = 30 * 24 * HOUR_MS
"""What was said of somebody who was erased may be read again for so long: `vitals.alerts` keeps it."""


class Admissions:
    """Each patient's stay by the records of the patients topic; records of another mode than `mode` are not ours.

    >>> known = Admissions("demo")
    >>> known.take(b'{"event":"admit","patient_id":"p","ward":"A","bed":"A01","mode":"demo"}', 0)
    'p'
    >>> known.status("p")["bed"], known.status("q") is None
    ('A01', True)
    """

    def __init__(self, mode: str) -> None:
        self._mode = mode
        self._stays: dict[str, tuple[Stay, int]] = {}
        self._erased: dict[str, int] = {}
        self._merged: list[tuple[str, str, int]] = []
        self._news_of_erased: set[str] = set()

    def take(self, value: bytes, at: int) -> str | None:
        """One record, heard at `at` (ms); the patient whom it is about, if it is ours. Raises ValueError."""
        try:
            record = PatientRecord.model_validate_json(value)
        except ValidationError as problem:
            raise ValueError(str(problem)) from None
        if record.mode != self._mode:
            return None
        if record.event is Event.ERASE:
            self._stays.pop(record.patient_id, None)
            self._erased[record.patient_id] = max(at, self._erased.get(record.patient_id, at))
            self._news_of_erased.add(record.patient_id)
            return record.patient_id
        moment = at if record.at is None else to_ms(record.at)
        before, _ = self._stays.get(record.patient_id, (Stay(), 0))
        done = effect(before, record, at)
        if record.event is Event.MERGE:
            self._stays.pop(record.patient_id, None)
            return record.patient_id
        if record.event is Event.MERGED and record.merged_from is not None:
            self._merged.append((record.merged_from, record.patient_id, at))
        if record.event is Event.MERGED or not isinstance(done, Effect) or done is Effect.NOTHING:
            return record.patient_id  # it changes nothing
        if done is Effect.WAIT:
            self._stays[record.patient_id] = plan(before, record, at), at
            return record.patient_id
        found = Stay() if done is Effect.ANEW else before
        stay = found if record.event is Event.CANCEL_DISCHARGE else follow(found, record, moment)
        self._stays[record.patient_id] = remembered(before, stay, record, done, at), moment
        return record.patient_id

    def sharing(self) -> list[tuple[str, tuple[str, ...]]]:
        """Patients of whom it has not been told yet, as it is now, what they share with another: whose, and what.

        >>> known = Admissions("demo")
        >>> for patient in ("p", "q"):
        ...     body = f'{{"event":"admit","patient_id":"{patient}","ward":"A","bed":"A01","mode":"demo"}}'
        ...     _ = known.take(body.encode(), 0)
        >>> known.sharing()
        [('p', ('bed',)), ('q', ('bed',))]
        """
        here = {patient: stay for patient, (stay, _) in self._stays.items() if stay.assigned and not stay.discharged}
        beds = Counter[tuple[str | None, str | None]](
            (stay.ward, stay.bed) for stay in here.values() if stay.bed is not None
        )
        devices = Counter(device for stay in here.values() for device in stay.devices or ())
        found = []
        for patient, stay in here.items():
            shares: tuple[str, ...] = (Shared.BED.value,) if beds[stay.ward, stay.bed] > 1 else ()
            if any(devices[device] > 1 for device in stay.devices or ()):
                shares += (Shared.DEVICE.value,)
            if shares != stay.shares:
                found.append((patient, shares))
        return found

    def is_erased(self, patient: str, moment: int) -> bool:
        """Whether what began at that moment (ms) is of before the patient was erased: nothing of it is kept."""
        return moment <= self._erased.get(patient, -1)

    def take_erased(self) -> list[tuple[str, int]]:
        """Who was erased since this was last asked, and when (ms)."""
        news = [(patient, self._erased[patient]) for patient in self._news_of_erased if patient in self._erased]
        self._news_of_erased.clear()
        return news

    def take_merged(self) -> list[tuple[str, str, int]]:
        """Whom workers have merged since this was last asked: the id that is gone, the one that stays, when (ms)."""
        news, self._merged = self._merged, []
        return news

    def forget(self, before: int) -> None:
        """Lets go of those who were discharged before that moment (ms)."""
        for patient, (stay, at) in list(self._stays.items()):
            if stay.discharged and at < before:
                del self._stays[patient]
        alerts_live = before - ALERTS_LIVE_MS
        self._erased = {patient: at for patient, at in self._erased.items() if at >= alerts_live}

    def status(self, patient: str) -> dict[str, Any] | None:
        """What the page is told of a patient whom no worker has told of; None of one who is not (or no longer) here."""
        stay, at = self._stays.get(patient, (Stay(), 0))
        if not stay.assigned or stay.discharged:
            return None
        why_not = stay.not_covered(at)
        return {
            "patient_id": patient,
            "encounter": stay.encounter,
            "ward": stay.ward,
            "bed": stay.bed,
            "mode": self._mode,
            "at": to_text(at),
            "assigned": True,
            "awaited": True,
            "coverage": "not covered" if why_not else "covered",
            "coverage_reason": why_not,
            "unknown": stay.unknown(at),
            "news2": None,
            "advice": None,
            "observation_due_at": None,
            "vitals": {},
            "alerts": [],
            "resolved": [],
            "ended": [],
            "concern": None,
            "orders": orders_report(stay, at, ENDS_SOON_MIN),
            "actions": [],
            "calls": 0,
            "paused_until": to_text(stay.paused_until) if stay.paused(at) else None,
            "learning": False,
            "rules": None,
        }
