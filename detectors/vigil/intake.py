"""What becomes of each vital of each reading: accepted, suspect, duplicate, late, or rejected."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Self

from detectors.shapes import AsList
from detectors.vigil.window import NUMBER_OF, SPOT, WINDOW_MS, Window
from schemas.decode import FastMeasure, FastReading, Refused
from schemas.judge import Judged, judge
from schemas.plain_reading import PLAUSIBLE
from schemas.reading import Quality
from schemas.reasons import Refusal
from schemas.times import HOUR_MS, MINUTE_MS, NEVER, to_ms
from schemas.vitals import STREAM_LATENESS

NOWHERE: Final = -NEVER
NO_SEQUENCE: Final = -1
NO_ROW: Final = -1
REMEMBERED_SPOTS: Final = 64
ROUND_LATENESS: Final = 6 * HOUR_MS  # `IntakeByAge` takes rounds that are older
MOST_DEVICES: Final = 64  # of one patient; the one that has been silent longest is forgotten first
# A clock that was set back shows as readings that come late with a steady lag; a backlog catches up instead.
RELEARN_AFTER_MS: Final = 30_000
STEADY_WITHIN_MS: Final = 2_000


class Taken(NamedTuple):
    """What became of a reading's vitals; those refused carry code and field."""

    accepted: int
    suspect: int = 0
    duplicate: int = 0
    late: int = 0
    refused: tuple[Refused, ...] = ()


ACCEPTED: Final = tuple(Taken(n) for n in range(16))
VALID: Final = Quality.VALID

# In the order in which a snapshot holds them.
_OF_DEVICE: Final = (
    "number",
    "newest",
    "lead",
    "sequence",  # greatest of the readings that came in time
    "behind_taken",  # where a run of late readings began, by its clock and by the log's
    "behind_at",
    "behind_sequence",  # and the greatest in it
    "late_since",  # since when all it sends has been late
    "oldest",  # the oldest time it ever named: what is older cannot be a repeat
    "before_newest",  # what it sent before its clock was set back: up to this time and this sequence
    "before_sequence",
)


class Device:
    """What is known of one device's clock: the newest time it named, and how far that clock runs ahead of the log's.

    No `Struct`: of those a field takes ten times as long to set, and some are set by every reading.
    """

    __slots__ = _OF_DEVICE

    def __init__(self, number: int, taken: int) -> None:
        self.number, self.oldest = number, taken
        self.newest = self.lead = self.behind_taken = self.behind_at = self.late_since = NOWHERE
        self.sequence = self.behind_sequence = NO_SEQUENCE
        self.before_newest = self.before_sequence = NOWHERE

    def state(self) -> list[int]:
        """Plain numbers, in the order of the fields."""
        return [getattr(self, name) for name in _OF_DEVICE]

    @classmethod
    def restore(cls, state: Sequence[int]) -> Self:
        """The device that `state` was taken from."""
        one = cls(0, 0)
        for name, value in zip(_OF_DEVICE, state, strict=False):  # what an older snapshot lacks stays as it begins
            setattr(one, name, value)
        return one


class Spot(AsList):
    """A spot reading that was taken, so that its repeat is known.

    `sent`: the vitals that came with it, in however many messages; None: of this one nothing more is taken.
    """

    device: int
    sequence: int
    taken: int
    sent: tuple[str, ...] | None = None


class Intake:
    """Puts the samples of one patient's readings into windows; decides nothing about the patient."""

    __slots__ = (
        "attached",
        "calm",
        "devices",
        "event_clock",
        "forgotten_spot",
        "next_close",
        "shift",
        "spots",
        "windows",
    )

    by_age = False  # whether a value's age decides, and not only whether its window has been decided

    def __init__(self, event_clock: bool, shift: int) -> None:
        self.event_clock, self.shift = event_clock, shift
        self.devices: dict[str, Any] = {}  # `Device`; of an intake by age `DeviceClock`
        self.windows: dict[int, Window] = {}
        self.spots: list[Spot] = []
        self.forgotten_spot = NOWHERE  # the newest spot reading that is no longer remembered
        self.attached: frozenset[str] | None = None
        self.next_close = NEVER  # when the next window is to be decided
        self.calm = True  # no alert stands: habits may be learnt

    def take(self, reading: FastReading, at: int) -> Taken:
        """Places one reading, `at` being the log's time; never speaks by itself."""
        vitals, name = reading.vitals, reading.device_id
        taken = to_ms(reading.taken_at)
        sequence = NO_SEQUENCE if reading.sequence is None else reading.sequence
        source = NUMBER_OF[reading.source]
        device = self.devices.get(name)
        if device is None:
            device = self._meet(name, taken)
            if source == SPOT and not self.event_clock:
                device.lead = 0  # a chart's clock is trusted, unless it names the future
        number = device.number
        fresh = taken > device.newest  # newer than all from this device: cannot be a repeat
        if not fresh:
            if self._repeats(number, sequence, taken, source):
                return Taken(0, duplicate=len(vitals))
            if source == SPOT and taken <= self.forgotten_spot:
                return Taken(0, late=len(vitals))  # it may be a repeat of one that is forgotten
        if sequence <= device.before_sequence and taken <= device.before_newest:
            return Taken(0, late=len(vitals))  # a repeat from before its clock was set back: it must not move the lead
        when = taken
        if not self.event_clock:
            if taken - at > device.lead:
                device.lead = taken - at
            when = taken - device.lead
        window = self._window(when, source, at)
        if window is None:
            if source == SPOT or not self._clock_was_set_back(device, taken, sequence, at):
                return Taken(0, late=len(vitals))
            fresh, when = True, taken - device.lead
            window = self._window(when, source, at)
            if window is None:
                return Taken(0, late=len(vitals))
        if fresh:
            device.newest, device.sequence = taken, sequence
        elif taken < device.oldest:
            device.oldest = taken
        device.behind_taken = device.late_since = NOWHERE
        if source == SPOT:
            self._remember(number, sequence, taken)
        # A person who takes observations names the patient herself; her device is nobody's.
        strange = self.attached is not None and source != SPOT and name not in self.attached
        if strange:
            window.unattached = True
        return self._add(window, vitals, strange, [when, number, sequence, taken])

    def attach(self, devices: frozenset[str] | None) -> None:
        """Says which devices are attached to the patient; None where nobody said so."""
        self.attached = devices

    def repeats(self, reading: FastReading) -> bool:
        """Whether this very reading is still remembered."""
        device = self.devices.get(reading.device_id)
        if device is None:
            return False
        sequence = NO_SEQUENCE if reading.sequence is None else reading.sequence
        return self._repeats(device.number, sequence, to_ms(reading.taken_at), NUMBER_OF[reading.source])

    def _meet(self, name: str, taken: int) -> Device:
        known = self.devices
        number = 1 + max((device.number for device in known.values()), default=-1)
        if len(known) >= MOST_DEVICES:
            del known[min(known, key=lambda other: (known[other].newest, known[other].number))]
        device = known[name] = Device(number, taken)
        return device

    def _add(
        self, window: Window, vitals: Mapping[str, FastMeasure], strange: bool, row: list[int], joins: int = NO_ROW
    ) -> Taken:
        """Takes vitals as a row of the window, or into the row that they join."""
        suspects = 0
        values: list[float] = []
        refused: list[Refused] = []
        for name, measure in vitals.items():
            value = measure.value
            try:
                # the good ones, without a call: in the vital's own unit, valid, and neither suspect nor impossible
                low, high = PLAUSIBLE[name][measure.unit]  # type: ignore[index]
                if low <= value <= high and measure.quality is VALID and not strange:  # type: ignore[operator]
                    values.append(value)  # type: ignore[arg-type]
                    continue
            except (KeyError, TypeError):
                pass
            judged = self._judge(name, measure)
            if isinstance(judged, Refused):
                refused.append(judged)
                self._note(window, name, judged, measure.quality)
                continue
            _, value, suspect = judged
            if suspect or strange:
                suspects += 1
                window.suspect[name] = window.suspect.get(name, 0) + 1
            values.append(value)
        names, count = tuple(vitals), len(vitals)
        if refused:
            lost = {one.vital for one in refused}
            names = tuple(name for name in names if name not in lost)
            window.set_aside(window.count if joins == NO_ROW else joins, [one.vital for one in refused])
        if joins != NO_ROW:
            window.join(joins, names, values)
        elif names == window.names:  # as `Window.add`, without the call
            window.values.fromlist(values)
            window.rows.fromlist(row)
        else:
            window.add(names, values, row)
        if not refused and suspects == 0 and count < 16:
            return ACCEPTED[count]
        return Taken(count - suspects - len(refused), suspects, refused=tuple(refused))

    @staticmethod
    def _judge(name: str, measure: FastMeasure) -> Judged | Refused:
        return judge(name, measure)

    @staticmethod
    def _note(window: Window, name: str, refused: Refused, quality: Quality) -> None:
        if refused.code is not Refusal.NOT_USABLE:
            return
        window.unusable[name] = window.unusable.get(name, 0) + 1
        if quality is Quality.UNDERFLOW:
            window.under[name] = window.under.get(name, 0) + 1

    def _window(self, when: int, source: int, at: int) -> Window | None:
        """The open window of that moment, new if need be; None if it is decided already."""
        if source == SPOT:
            key = when * 4 + SPOT
            window = self.windows.get(key)
            if window is None and when > at - ROUND_LATENESS:
                window = self._open(key, Window(when, max(when, at) + 1, SPOT))
            return window
        index = (when - self.shift) // WINDOW_MS
        key = index * 4 + source
        window = self.windows.get(key)
        if window is None:
            end = (index + 1) * WINDOW_MS + self.shift
            if end + STREAM_LATENESS > at:
                window = self._open(key, Window(end, end + STREAM_LATENESS, source))
        return window

    def _open(self, key: int, window: Window) -> Window:
        self.windows[key] = window
        if window.closes < self.next_close:
            self.next_close = window.closes
        return window

    def _repeats(self, device: int, sequence: int, taken: int, source: int) -> bool:
        if source == SPOT and self._spot(device, sequence, taken) is not None:
            return True
        return any(window.holds(device, sequence, taken) for window in self.windows.values())

    def _spot(self, device: int, sequence: int, taken: int) -> Spot | None:
        for spot in self.spots:
            if spot.taken == taken and spot.device == device and spot.sequence == sequence:
                return spot
        return None

    def _remember(self, device: int, sequence: int, taken: int, sent: tuple[str, ...] | None = None) -> None:
        self.spots.append(Spot(device, sequence, taken, sent))
        if len(self.spots) > REMEMBERED_SPOTS:
            oldest = min(self.spots, key=lambda spot: spot.taken)
            self.forgotten_spot = max(self.forgotten_spot, oldest.taken)
            self.spots.remove(oldest)

    def _clock_was_set_back(self, device: Device, taken: int, sequence: int, at: int) -> bool:
        """Whether a run of late readings shows that the device's clock was set back; then its lead is learnt anew.

        Only readings that count on (a greater sequence than any before) can show it: a repeat never does.
        """
        counts_on = sequence > device.sequence and sequence > device.behind_sequence
        if device.late_since == NOWHERE and (counts_on or taken < device.oldest):
            device.late_since = at
        device.oldest, device.before_newest = min(device.oldest, taken), max(device.before_newest, taken)
        if self.event_clock or not counts_on:
            return False
        by_device, by_log = taken - device.behind_taken, at - device.behind_at
        device.behind_sequence = sequence
        if device.behind_taken != NOWHERE and by_device > 0:
            if by_log < RELEARN_AFTER_MS:
                return False
            if abs(by_device - by_log) <= STEADY_WITHIN_MS:
                device.before_newest = max(device.before_newest, device.newest)
                device.before_sequence = sequence - 1
                device.lead, device.behind_sequence = taken - at, NO_SEQUENCE
                return True
        device.behind_taken, device.behind_at = taken, at
        return False

    def lower_leads(self, by: int) -> None:
        """The log's time is ahead by so much more than before; each device's next reading raises its lead again."""
        for device in self.devices.values():
            if device.lead != NOWHERE:
                device.lead -= by

    def clock_doubt_at(self, now: int, late_minutes: float) -> int:
        """When a device is next to be told of that has sent only old data for so long."""
        soonest, wait = NEVER, int(late_minutes * MINUTE_MS)
        for device in self.devices.values():
            if device.late_since != NOWHERE and now < device.late_since + wait < soonest:
                soonest = device.late_since + wait
        return soonest

    def in_doubt(self, at: int, late_minutes: float) -> bool:
        """Whether a device has sent only old data for so long."""
        since = at - int(late_minutes * MINUTE_MS)
        return any(NOWHERE != device.late_since <= since for device in self.devices.values())

    def closing(self, due: int) -> list[list[Window]]:
        """Takes out the windows that are decided by `due`, those that end together in one group, oldest first."""
        if due < self.next_close:
            return []
        windows = []
        self.next_close = NEVER
        for key, window in tuple(self.windows.items()):
            if window.closes <= due:
                windows.append(self.windows.pop(key))
            elif window.closes < self.next_close:
                self.next_close = window.closes
        if len(windows) == 1:
            return [windows]
        windows.sort(key=lambda e: (e.closes, e.end, e.source))
        groups: list[list[Window]] = []
        for window in windows:
            if groups and groups[-1][0].end == window.end and (groups[-1][0].source == SPOT) == (window.source == SPOT):
                groups[-1].append(window)
            else:
                groups.append([window])
        return groups

    def seen_since(self, name: str, before: int) -> int | None:
        """When an open window first saw the vital, if that lies before `before`: what every order of arrival agrees
        on.
        """
        firsts = (window.first(name) for window in self.windows.values())
        moments = [first for first in firsts if first is not None and first < before]
        return max(moments, default=None)

    def take_back(self, device: int, sequence: int) -> None:
        """A round was withdrawn: nothing more of it is taken."""
        for spot in self.spots:
            if spot.device == device and spot.sequence == sequence:
                spot.sent = None

    def withdraw(self, device: int, sequence: int) -> bool:
        """Forgets a reading that still lies in an open spot window, so that its correction can take its place."""
        spots = [window for window in self.windows.values() if window.source == SPOT]
        found = [window.withdraw(device, sequence) for window in spots]  # from every one of them
        return any(found)

    def drop_open(self) -> None:
        """Forgets what is not decided yet, but not who sent it: a repeat of it is a repeat still."""
        for window in self.windows.values():
            window.drop()

    def state(self) -> list[object]:
        """Plain numbers and strings."""
        attached = None if self.attached is None else sorted(self.attached)
        windows = [[key, self.windows[key].state()] for key in sorted(self.windows)]
        devices = [[name, self.devices[name].state()] for name in sorted(self.devices)]
        return [devices, windows, self.spots, self.forgotten_spot, attached]

    def restore(self, state: Sequence) -> None:
        """Goes back to what `state` was taken from, or as near as can be to that of an intake by age."""
        by_age = len(state) > 5
        self.devices = {name: Device.restore(device[0][:4] if by_age else device) for name, device in state[0]}
        self.windows = {key: Window.restore(window) for key, window in state[1]}
        self.next_close = min((window.closes for window in self.windows.values()), default=NEVER)
        self.spots = [
            Spot(*spot[:3], *(None if sent is None else tuple(sent) for sent in spot[3:])) for spot in state[2]
        ]
        self.forgotten_spot = state[3]
        self.attached = None if state[4] is None else frozenset(state[4])
