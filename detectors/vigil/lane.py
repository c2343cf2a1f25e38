"""The short way of a reading into the window that its device's last reading went into.

Nearly all readings are like the one before them: of the same device, of the same vitals, a little later, in the same
window. What `IntakeByAge.take` would find out of such a reading is known beforehand, and kept as a lane. Whatever is
not so plain takes no lane, and closes it. A lane is no state: a patient restored from a snapshot has none yet.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec import UNSET
from msgspec.structs import astuple

from detectors.vigil.device_clock import BAND_MS, NO_SEQUENCE, STEADY_MS, DeviceClock
from detectors.vigil.window import WINDOW_MS, Window
from schemas.base import END_MS
from schemas.plain_reading import PLAUSIBLE, PlainReading, values_of
from schemas.times import EPOCH
from schemas.vitals import STREAM_LATENESS, Source


class Lane(NamedTuple):
    """Into which window readings go that the device takes before `until` and that have these vitals and no others."""

    window: Window
    source: Source
    until: int
    names: tuple[str, ...]
    values_of: Callable[[Any], tuple[float, ...]]
    unsent: int


def open_lane(device: DeviceClock, window: Window, source: Source, names: tuple[str, ...], taken: int) -> None:
    """Opens the lane of a device whose reading has just been taken into a window, if the next one may be as plain: the
    newest that the device ever named, in time, in a window that is decided at its usual moment, and of which the
    device's clock has learnt what it may learn.
    """
    if not (taken == device.seen == device.newest > device.before_newest) or device.ahead or device.again:
        return
    read = values_of(names)
    if read is None or window.closes != window.end + STREAM_LATENESS:
        return
    until = min(window.end + device.lead, END_MS)
    device.lane = Lane(window, source, until, names, read, len(PLAUSIBLE) - len(names))


def leave_lane(device: DeviceClock, window: Window) -> None:
    """Closes the lane that leads into this window."""
    if device.lane is not None and device.lane.window is window:
        device.lane = None


def take_lane(device: DeviceClock, reading: PlainReading, at: int) -> int:
    """Takes a reading the short way; says how many values that were, or 0 where it cannot go there: then nothing was
    done.
    """
    lane = device.lane
    if lane is None:
        return 0
    window, source, until, names, read, unsent = lane
    since = reading.taken_at - EPOCH
    taken = (since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000  # as `to_ms`
    when = taken - device.lead
    lag = at - when
    # a newer reading of the same window, which came in the same window of the log's time, about as late as the others
    if (
        not device.seen < taken < until
        or not -BAND_MS <= lag <= STEADY_MS
        or at // WINDOW_MS != device.window
        or reading.source is not source
    ):
        return 0
    vitals = reading.vitals
    try:
        values = read(vitals)
    except AttributeError:
        return 0  # one of them was not sent
    if astuple(vitals).count(UNSET) != unsent:
        return 0  # another one was sent as well
    sequence = NO_SEQUENCE if reading.sequence is None else reading.sequence
    if lag < device.least:  # as `DeviceClock.note`
        device.least, device.run_taken = lag, taken
        if lag > device.most:
            device.most = lag
    device.count += 1
    device.seen = device.newest = taken
    device.sequence, device.heard = sequence, at
    if names == window.names:  # as `Window.add`, without the call
        window.values.fromlist([*values])
        window.rows.fromlist([when, device.number, sequence, taken])
    else:
        window.add(names, [*values], [when, device.number, sequence, taken])
    return len(values)
