"""Up to which time of its device each vital was decided: what a device sends again of that cannot come again."""

from collections.abc import Mapping, Sequence

from detectors.vigil.device_clock import NOWHERE, DeviceClock
from detectors.vigil.lane import leave_window
from detectors.vigil.window import Window
from schemas.vitals import SCALES


def mark_decided(devices: Mapping[str, DeviceClock], window: Window) -> None:
    """Notes what one window decided of each device that sent it; nothing more goes into it."""
    rows = window.rows
    numbers, times = rows[1::4], rows[3::4]
    if len(devices) == 1 and not window.ragged:
        _mark_alone(next(iter(devices.values())), window, numbers.tolist(), times.tolist())
        return
    of_number = {device.number: device for device in devices.values()}
    for number in set(numbers):
        device = of_number.get(number)
        if device is None:
            continue
        leave_window(device, window)
        mine = [row for row, other in enumerate(numbers) if other == number]
        newest = max(times[row] for row in mine)
        if not window.ragged:
            device.mark(window.names, newest)
        else:
            marks = device.marks
            for name in window.names:
                column = window.column(name)
                decided = max((times[row] for row in mine if column[row] == column[row]), default=NOWHERE)
                if decided > marks.get(name, NOWHERE):
                    marks[name] = decided
        _mark_aside(device, window, mine, times)


def _mark_alone(device: DeviceClock, window: Window, numbers: list[int], times: list[int]) -> None:
    """As `mark_decided`, of the only device and of readings that are all alike."""
    mine = numbers.count(device.number)
    if not mine:
        return
    leave_window(device, window)
    if mine < len(numbers):
        times = [at for at, number in zip(times, numbers, strict=True) if number == device.number]
    device.mark(window.names, max(times))
    if window.aside or window.whole:
        numbers, times = window.rows[1::4].tolist(), window.rows[3::4].tolist()
        _mark_aside(device, window, [row for row, number in enumerate(numbers) if number == device.number], times)


def _mark_aside(device: DeviceClock, window: Window, mine: list[int], times: Sequence[int]) -> None:
    """What came and has no value cannot come again either; of the rows of whom that was not kept: nothing that the
    window could not use.
    """
    marks = device.marks
    for row in mine:
        names = window.aside.get(row, ())
        for name in (*names, *window.unusable) if row < window.whole else names:
            if name in SCALES and times[row] > marks.get(name, NOWHERE):
                marks[name] = times[row]
