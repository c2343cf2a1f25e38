"""Made-up and recorded patients on one ward."""

from collections.abc import Iterator
from heapq import merge
from typing import Any, Protocol

Reading = tuple[int, str, bytes]


class Source(Protocol):
    """Whatever has patients: `Simulator`, `Looped`, `Together` itself."""

    def readings(self, from_ms: int, to_ms: int) -> Iterator[Reading]:
        """`(taken_at in ms, patient_id, JSON bytes)` with `from_ms <= taken_at < to_ms`, by time and then patient."""

    def admissions(self) -> list[dict[str, Any]]:
        """One admission record a patient."""


class Together:
    """Several sources as one, still by time and then patient. Their patients and beds must differ.

    >>> from streams.simulator.simulator import Simulator
    >>> ward = Together(Simulator(2, start_ms=0), Simulator(1, start_ms=0, ward="B", first_patient=3))
    >>> [(record["bed"], record["patient_id"]) for record in ward.admissions()]
    [('A01', 'sim-0001'), ('A02', 'sim-0002'), ('B01', 'sim-0003')]
    """

    def __init__(self, *sources: Source) -> None:
        self.sources = sources
        records = self.admissions()
        for field in ("patient_id", "bed"):
            names = [record[field] for record in records]
            if twice := {name for name in names if names.count(name) > 1}:
                raise ValueError(f"two patients of this ward have the same {field}: {', '.join(sorted(twice))}")

    def readings(self, from_ms: int, to_ms: int) -> Iterator[Reading]:
        """`(taken_at in ms, patient_id, JSON bytes)` with `from_ms <= taken_at < to_ms`, by time and then patient."""
        return merge(*(source.readings(from_ms, to_ms) for source in self.sources))

    def admissions(self) -> list[dict[str, Any]]:
        """One admission record a patient, source by source."""
        return [record for source in self.sources for record in source.admissions()]
