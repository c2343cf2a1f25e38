"""Looks through patient records as a patient's watch will take them, one after the other."""

from collections.abc import Iterator

from detectors.vigil.admissions import Effect, effect, moment_of, plan, remembered
from detectors.vigil.stay import Stay, follow
from schemas.patient import Event, PatientRecord
from schemas.reasons import Refusal
from schemas.times import to_text
from streams.inspection.remarks import Sign

Said = tuple[Refusal | Sign, str | None, str]


class RecordInspector:
    """Remembers every patient's stay; the newest moment that any record names stands for the present.

    >>> from schemas.patient import PatientRecord
    >>> admitted = {"event": "admit", "patient_id": "p-1", "ward": "W", "bed": "7", "at": "2026-11-22T12:00:00Z"}
    >>> other = {**admitted, "patient_id": "p-2", "at": "2026-11-22T13:00:00Z"}
    >>> one = RecordInspector()
    >>> [said[0].value for record in (admitted, other) for said in one.look(PatientRecord.model_validate(record))]
    ['same_bed']
    """

    def __init__(self, now: int | None = None) -> None:
        self._now = now
        self._time = 0
        self._stays: dict[str, Stay] = {}

    def look(self, record: PatientRecord) -> Iterator[Said]:
        """What there is to say of one record."""
        moment = moment_of(record, self._time)
        planned = self._now is not None and moment > self._now
        self._time = max(self._time, moment if not planned else self._now or 0)
        before = self._stays.get(record.patient_id, Stay())
        if record.at is None:
            yield Sign.NO_MOMENT, "at", ""
        if record.event in (Event.MERGE, Event.MERGED, Event.ERASE):
            self._stays.pop(record.patient_id, None)
            return
        done = effect(before, record, self._time)
        if not isinstance(done, Effect):
            yield *done, ""
            return
        if not before.assigned and record.event is not Event.ADMIT:
            yield Sign.NOT_ADMITTED, "event", record.event.value
        if done is Effect.NOTHING:
            yield Sign.REPEATED_RECORD, None, ""
            return
        if done is Effect.WAIT:
            self._stays[record.patient_id] = plan(before, record, self._time)
            yield Sign.PLANNED, "at", f"waits until {to_text(moment)}"
            return
        found = Stay() if done is Effect.ANEW else before
        stay = found if done is Effect.GO_ON else follow(found, record, self._time)
        self._stays[record.patient_id] = stay = remembered(before, stay, record, done, self._time)
        if not stay.discharged:
            yield from self._say_of_sharing(record.patient_id, before, stay)

    def _say_of_sharing(self, patient: str, before: Stay, stay: Stay) -> Iterator[Said]:
        others = [other for name, other in self._stays.items() if name != patient and not other.discharged]
        moved = (stay.ward, stay.bed) != (before.ward, before.bed) or before.discharged
        if moved and stay.bed is not None and any((o.ward, o.bed) == (stay.ward, stay.bed) for o in others):
            yield Sign.SAME_BED, "bed", ""
        mine = set(stay.devices or ()) - set(before.devices or ())
        if any(mine & set(other.devices or ()) for other in others):
            yield Sign.SAME_DEVICE, "devices", ""
