"""A recorded patient who goes on for as long as the demo does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from streams.recordings import encoding
from streams.recordings.labels import labels
from streams.recordings.recordings import START_MS, Recording
from streams.simulator.admissions import admission, age_and_sex, bed

_TAIL: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Looped:
    """Recorded streams played to their end, then backwards to their beginning, and so on.

    Backwards, because a heart rate that jumps from the last second to the first would be an event that nobody had.
    Only for streams: a recording of rounds has a course, which backwards would be a recovery that nobody made.
    Every reading is a demo reading, whatever the recording was.

    >>> from streams.recordings.samples import folder
    >>> ward = Looped(folder("bidmc"), start_ms=0)
    >>> [(at, patient) for at, patient, _ in ward.readings(0, 1)][:1]
    [(0, 'bidmc03')]
    """

    def __init__(
        self, path: Path | str, *, start_ms: int = START_MS, ward: str = "A", first_bed: int = 1, mode: str = "demo"
    ) -> None:
        self.path, self.start_ms, self.ward, self.first_bed = Path(path), start_ms, ward, first_bed
        self._middle = encoding.middle(mode)
        recording = Recording(path, start_ms=0)
        self.source = recording.survey.source
        self.step_ms = round((recording.survey.interval_s or 1.0) * 1000)
        self._streams = [self._stream(patient, readings) for patient, readings in recording.per_patient()]
        self.patients = tuple(patient for patient, _, _ in self._streams)

    def devices(self, patient: str) -> tuple[str, ...]:
        """What this patient wears, for the admission record."""
        return (f"{self.source}-{patient}",)

    def readings(self, from_ms: int, to_ms: int) -> Iterator[tuple[int, str, bytes]]:
        """`(taken_at in ms, patient_id, JSON bytes)` with `from_ms <= taken_at < to_ms`, by time and then patient."""
        first = max(0, -((self.start_ms - from_ms) // self.step_ms))
        last = max(0, -((self.start_ms - to_ms) // self.step_ms))
        for count in range(first, last):
            at = self.start_ms + count * self.step_ms
            tail = f'{encoding.moment(at)}","sequence":{count}{self._middle}'
            for patient, head, vitals in self._streams:
                yield at, patient, f"{head}{tail}{vitals[_there_and_back(count, len(vitals))]}}}".encode()

    def admissions(self) -> list[dict[str, Any]]:
        """One admission record a patient, at the start, in bed after bed; age and sex as the recording tells them."""
        told = labels(self.path)
        return [
            admission(
                patient,
                at_ms=self.start_ms,
                ward=self.ward,
                bed=bed(self.ward, self.first_bed + place),
                devices=self.devices(patient),
                **age_and_sex(told.get(patient, ())),
            )
            for place, patient in enumerate(self.patients)
        ]

    def _stream(self, patient: str, readings: list[tuple[int, bytes]]) -> tuple[str, str, list[str]]:
        head = encoding.head(patient, self.devices(patient)[0], self.source)
        return patient, head, [bytes(_TAIL.decode(value)["vitals"]).decode()[1:] for _, value in readings]


def _there_and_back(count: int, length: int) -> int:
    """Which of `length` comes at `count`: 0, 1, 2, 3, 2, 1, 0, 1, ... for 4."""
    if length == 1:
        return 0
    lap, place = divmod(count, length - 1)
    return place if lap % 2 == 0 else length - 1 - place
