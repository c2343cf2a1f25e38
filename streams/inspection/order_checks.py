"""What a row of one device's messages shows of its clock and its sensor: gone back, ahead once, late, or not moving."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from detectors.vigil.track import FLAT_VALUES, NEVER_FLAT
from schemas.decode import FastReading
from schemas.times import HOUR_MS, MINUTE_MS, to_ms
from schemas.vitals import SPOT_LATENESS, STREAM_LATENESS, Source
from streams.inspection.remarks import Sign

SCORED_MS: Final[Mapping[Source, int]] = {Source.MONITOR: 15 * MINUTE_MS, Source.WEARABLE: 30 * MINUTE_MS}
"""How old a streamed value may be and still be scored, by the packaged rules (`intake.scored_minutes`)."""
FLAT_MS: Final = 10 * MINUTE_MS
STUCK_AFTER: Final = 5  # further messages of the same vitals at the same moment
STEPPED_AFTER: Final = 3  # messages in a row behind an earlier one, and in order among themselves

Said = tuple[Sign, str, str]


@dataclass(slots=True)
class DeviceOrder:
    """What one device has sent so far: its newest moment, the one before, and the newest of each vital."""

    newest: int
    before: int | None = None
    of_vital: dict[str, int] = field(default_factory=dict)
    behind: int | None = None  # the newest of a run of messages behind `newest`
    run: int = 0
    stuck: int = 0
    still: dict[str, tuple[object, int, int]] = field(default_factory=dict)

    def say(self, reading: FastReading) -> Iterator[Said]:
        """What this message shows beside those before it."""
        taken = to_ms(reading.taken_at)
        yield from self._say_of_time(reading, taken)
        yield from self._say_of_stuck(reading, taken)
        yield from self.say_more(reading)
        if taken > self.newest:
            self.before, self.newest, self.stuck = self.newest, taken, 0

    def say_more(self, reading: FastReading) -> Iterator[Said]:
        """As `say`, of a message of a moment of which an earlier one came: its time was looked at then."""
        taken = to_ms(reading.taken_at)
        yield from self._say_of_flat(reading, taken)
        for name in reading.vitals:
            self.of_vital[name] = max(taken, self.of_vital.get(name, taken))

    def _say_of_time(self, reading: FastReading, taken: int) -> Iterator[Said]:
        behind = self.newest - taken
        spot = reading.source is Source.SPOT
        if behind <= (0 if spot else STREAM_LATENESS):
            self.run = 0
            if behind > 0:
                yield Sign.OUT_OF_ORDER, "taken_at", f"{duration(behind)} before an earlier message of this device"
            return
        before = self.before
        leapt = before is not None and taken > before and self.newest - before > 2 * (taken - before)
        if leapt and before is not None and (not spot or behind > HOUR_MS):
            yield Sign.AHEAD_ONCE, "taken_at", f"an earlier message lies {duration(behind)} ahead of this one"
            self.newest = before
            self.of_vital = {name: min(newest, before) for name, newest in self.of_vital.items()}
            return
        self.run = self.run + 1 if self.behind is not None and taken >= self.behind and self.run else 1
        self.behind = taken
        if self.run == STEPPED_AFTER and not spot:
            yield Sign.CLOCK_WENT_BACK, "taken_at", f"{duration(behind)}, three messages in a row"
        newer = any(taken > self.of_vital.get(name, taken - 1) for name in reading.vitals)
        allowed = SPOT_LATENESS if spot else SCORED_MS[reading.source] if newer else STREAM_LATENESS
        if behind > allowed:
            yield Sign.LATE, "taken_at", f"{duration(behind)} before an earlier message of this device"
        elif spot:
            yield Sign.OUT_OF_ORDER, "taken_at", f"{duration(behind)} before an earlier message of this device"
        else:
            yield Sign.DELAYED, "taken_at", f"{duration(behind)} before an earlier message of this device"

    def _say_of_stuck(self, reading: FastReading, taken: int) -> Iterator[Said]:
        again = taken == self.newest and any(self.of_vital.get(name) == taken for name in reading.vitals)
        if reading.source is Source.SPOT or reading.corrects is not None or not again:
            return
        self.stuck += 1
        if self.stuck == STUCK_AFTER:
            yield Sign.CLOCK_STUCK, "taken_at", f"{STUCK_AFTER + 1} messages in a row of one moment"

    def _say_of_flat(self, reading: FastReading, taken: int) -> Iterator[Said]:
        if reading.source is Source.SPOT:
            return
        for name, measure in reading.vitals.items():
            if name not in NEVER_FLAT or measure.value is None:
                continue
            value, since, count = self.still.get(name, (None, taken, 0))
            if value != measure.value:
                self.still[name] = measure.value, taken, 1
                continue
            told = count >= FLAT_VALUES and taken - since >= FLAT_MS
            self.still[name] = value, since, count + 1
            if not told and count + 1 >= FLAT_VALUES and taken - since >= FLAT_MS:
                self.still[name] = value, since - FLAT_MS, count + 1
                yield Sign.FLAT, f"vitals.{name}.value", f"{measure.value:g} for {duration(taken - since)}"


def duration(ms: int) -> str:
    """A length of time, in the largest unit that gives two of it.

    >>> duration(7_200_000), duration(90_000), duration(2_000)
    ('2 hours', '90 seconds', '2 seconds')
    """
    for name, length in (("days", 86_400_000), ("hours", 3_600_000), ("minutes", 60_000), ("seconds", 1_000)):
        if ms >= 2 * length or name == "seconds":
            return f"{ms / length:.3g} {name}"
    return f"{ms} ms"
