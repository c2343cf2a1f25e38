"""Who lies where, before any worker has said so: patients whom the admission system knows and nobody watches yet.

What a worker says of a patient always counts for more; this is only for those of whom it has not said anything.
"""

from typing import Any, Final

from pydantic import ValidationError

from detectors.vigil.orders import orders_report
from detectors.vigil.stay import Stay, begins_anew, follow
from schemas.patient import PatientRecord
from schemas.times import to_ms, to_text

ENDS_SOON_MIN: Final = 60.0


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

    def take(self, value: bytes, at: int) -> str | None:
        """One record, heard at `at` (ms); the patient whom it is about, if it is ours. Raises ValueError."""
        try:
            record = PatientRecord.model_validate_json(value)
        except ValidationError as problem:
            raise ValueError(str(problem)) from None
        if record.mode != self._mode:
            return None
        moment = at if record.at is None else to_ms(record.at)
        before, _ = self._stays.get(record.patient_id, (Stay(), 0))
        if begins_anew(before, record):
            before = Stay()
        self._stays[record.patient_id] = follow(before, record, moment), moment
        return record.patient_id

    def forget(self, before: int) -> None:
        """Lets go of those who were discharged before that moment (ms)."""
        for patient, (stay, at) in list(self._stays.items()):
            if stay.discharged and at < before:
                del self._stays[patient]

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
