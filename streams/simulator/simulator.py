"""A ward of made-up patients, some of whom deteriorate."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from streams.recordings.recordings import START_MS
from streams.simulator.admissions import admission, bed
from streams.simulator.course import Scenario
from streams.simulator.made_up import MadeUpPatient, Reading
from streams.simulator.noise import Noise
from streams.simulator.scenarios import MIXED

QUIET_S: Final = (1200.0, 3600.0)
"""Between these seconds after the start, patient by patient, illness begins: before it, learn what is usual."""

_ONSETS_PATIENT: Final = -1  # the ward's own noise, beside those of its patients


class Simulator:
    """The same seed, start and settings give the same readings, whatever stretches they are asked for in.

    `scenarios` are given to bed after bed, over and over. `quiet_s`: between these seconds after the start illness
    begins. `quicker` hastens illness and its onset, not sensors. `first_patient`, `first_bed`: where to count from.

    >>> ward = Simulator(2, seed=1, start_ms=0)
    >>> [patient for _, patient, _ in ward.readings(0, 1000)]
    ['sim-0002', 'sim-0001']
    """

    def __init__(
        self,
        patients: int = 16,
        *,
        seed: int = 1,
        start_ms: int = START_MS,
        rate_hz: float = 1.0,
        scenarios: Sequence[Scenario] = MIXED,
        quiet_s: tuple[float, float] = QUIET_S,
        quicker: float = 1.0,
        ward: str = "A",
        first_bed: int = 1,
        first_patient: int = 1,
        mode: str = "demo",
    ) -> None:
        if patients < 1:
            raise ValueError(f"a ward needs at least one patient, not {patients}")
        if not 0 < rate_hz <= 1000:
            raise ValueError(f"a monitor sends between 0 and 1000 times a second, not {rate_hz}")
        self.ward, self.first_bed, self.start_ms = ward, first_bed, start_ms
        onsets = Noise(seed, _ONSETS_PATIENT).uniform(0, 0, patients)
        earliest, latest = quiet_s
        self.patients = [
            MadeUpPatient(
                f"sim-{first_patient + index:04d}",
                first_patient + index,
                seed=seed,
                start_ms=start_ms,
                scenario=scenarios[index % len(scenarios)].quicker(quicker),
                onset_s=(earliest + (latest - earliest) * float(onset)) / quicker,
                interval_ms=max(1, round(1000 / rate_hz)),
                mode=mode,
            )
            for index, onset in enumerate(onsets)
        ]

    def readings(self, from_ms: int, to_ms: int) -> Iterator[Reading]:
        """`(taken_at in ms, patient_id, reading as JSON)` with `from_ms <= taken_at < to_ms`, by time and then patient.

        A second at a time is a good stretch: all of it is made before the first is handed over.
        """
        yield from sorted(reading for patient in self.patients for reading in patient.readings(from_ms, to_ms))

    def admissions(self) -> list[dict[str, Any]]:
        """One admission record a patient, at the start, in bed after bed."""
        return [
            admission(
                patient.patient_id,
                at_ms=self.start_ms,
                ward=self.ward,
                bed=bed(self.ward, self.first_bed + place),
                devices=patient.devices,
                age_years=patient.age_years,
                sex=patient.sex,
                spo2_scale=patient.scenario.spo2_scale,
            )
            for place, patient in enumerate(self.patients)
        ]
