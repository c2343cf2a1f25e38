"""The short way of a reading into its window: that of its device's last reading, or the one after it.

Nearly all readings are like the one before them: of the same device, of the same vitals, a little later. What
`IntakeByAge.take` would find out of such a reading is known beforehand, and kept as a lane. Whatever is not so plain
takes no lane, and closes it. A lane is no state: a patient restored from a snapshot has none yet.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import UNSET
from msgspec.structs import astuple

from detectors.vigil.device_clock import BAND_MS, NO_SEQUENCE, NOWHERE, STEADY_MS, DeviceClock
from detectors.vigil.window import NUMBER_OF, WINDOW_MS, Window
from schemas.base import END_MS
from schemas.plain_reading import PLAUSIBLE, PlainReading, values_of
from schemas.times import EPOCH
from schemas.vitals import STREAM_LATENESS, Source

if TYPE_CHECKING:
    from detectors.vigil.intake_by_age import IntakeByAge


class WindowLane:
    """Into which `window` readings go that the device takes before `until`, and that have these vitals and no others:
    `values_of` reads them, and `unsent` is how many others there are. No window: it has been decided.
    """

    __slots__ = ("names", "source", "unsent", "until", "values_of", "window")

    def __init__(
        self, source: Source, names: tuple[str, ...], values_of: Callable[[Any], tuple[float, ...]], unsent: int
    ) -> None:
        self.source, self.names, self.values_of, self.unsent = source, names, values_of, unsent
        self.window: Window | None = None
        self.until = NOWHERE

    def lead_into(self, window: Window, lead: int) -> None:
        """From here on, by a device whose clock runs ahead by so much."""
        self.window, self.until = window, min(window.end + lead, END_MS)


def open_lane(device: DeviceClock, window: Window, source: Source, names: tuple[str, ...], taken: int) -> None:
    """Opens the lane of a device whose reading has just been taken into a window, if the next one may be as plain: the
    newest that the device ever named, in time, in a window that is decided at its usual moment.
    """
    if not (taken == device.seen == device.newest > device.before_newest) or device.ahead or device.again:
        return
    read = values_of(names)
    if read is None or not _is_usual(window):
        return
    device.lane = WindowLane(source, names, read, len(PLAUSIBLE) - len(names))
    device.lane.lead_into(window, device.lead)


def leave_window(device: DeviceClock, window: Window) -> None:
    """Nothing more goes into this window."""
    lane = device.lane
    if lane is not None and lane.window is window:
        lane.window, lane.until = None, NOWHERE


def take_lane(intake: "IntakeByAge", reading: PlainReading, at: int) -> int:
    """Takes a reading the short way; says how many values that were, or 0 where it cannot go there: then nothing was
    done.
    """
    device = intake.devices.get(reading.device_id)
    if device is None or (lane := device.lane) is None:
        return 0
    since = reading.taken_at - EPOCH
    taken = (since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000  # as `to_ms`
    when = taken - device.lead
    lag = at - when
    # newer than all that the device ever named, and about as late as the others
    if taken <= device.seen or not -BAND_MS <= lag <= STEADY_MS or reading.source is not lane.source:
        return 0
    vitals = reading.vitals
    try:
        values = lane.values_of(vitals)
    except AttributeError:
        return 0  # one of them was not sent
    if astuple(vitals).count(UNSET) != lane.unsent:
        return 0  # another one was sent as well
    turns = at // WINDOW_MS != device.window
    if turns and not -STEADY_MS <= device.least <= STEADY_MS:
        return 0  # something may be learnt of the device's clock
    window = lane.window if taken < lane.until else _next_window(intake, device, lane, taken)
    if window is None:
        return 0
    sequence = NO_SEQUENCE if reading.sequence is None else reading.sequence
    if turns:
        growth = intake.rules.lengthens_an_hour
        device.turn(at, longest=intake.scored[window.source], growth=growth, calm=intake.calm)
        device.note(at, taken, sequence)
    else:
        if lag < device.least:  # as `DeviceClock.note`
            device.least, device.run_taken = lag, taken
            if lag > device.most:
                device.most = lag
        device.count += 1
        device.seen, device.sequence = taken, sequence
    device.newest, device.heard = taken, at
    if lane.names == window.names:  # as `Window.add`, without the call
        window.values.fromlist([*values])
        window.rows.fromlist([when, device.number, sequence, taken])
    else:
        window.add(lane.names, [*values], [when, device.number, sequence, taken])
    return len(values)


def _next_window(intake: "IntakeByAge", device: DeviceClock, lane: WindowLane, taken: int) -> Window | None:
    """The window of a moment at which the lane's window is over, opened if need be; None if it is not decided at its
    usual moment. A reading that came within `STEADY_MS` is never too late for it.
    """
    if taken >= END_MS:
        return None
    index = (taken - device.lead - intake.shift) // WINDOW_MS
    window = intake.window(index * 4 + NUMBER_OF[lane.source], (index + 1) * WINDOW_MS + intake.shift, lane.source)
    if not _is_usual(window):
        return None
    lane.lead_into(window, device.lead)
    return window


def _is_usual(window: Window) -> bool:
    return window.closes == window.end + STREAM_LATENESS
