"""What is wrong with when values come: a clock, a charting system's zone, a habit of delay, what nobody could see."""

from collections.abc import Mapping

from detectors.rules import Rules
from detectors.vigil.cadence import SLOW_FOR
from detectors.vigil.device_clock import CHART_AHEAD_MS, CHART_LATE_MS, CHART_RUN, NOWHERE, DeviceClock
from detectors.vigil.intake_by_age import IntakeByAge
from detectors.vigil.persistence import LOW, MEDIUM
from detectors.vigil.technical import Condition, Signals
from detectors.vigil.track import Track
from detectors.vigil.unseen import Unseen, unseen_words
from detectors.vigil.wording import ago_words, capital, vitals_words
from schemas.times import HOUR_MS, MINUTE_MS

CROSSED = Condition(
    "pressures crossed",
    MEDIUM,
    ("systolic_bp", "diastolic_bp"),
    "Diastolic BP lies above systolic BP: neither is scored",
    "Measure the blood pressure again; check which field the device fills with which.",
)
DELAY_TOLD_MS = MINUTE_MS
STOPPED_AFTER_MS = HOUR_MS // 2  # a device that sends no more is stale, whatever its clock


def timing(
    intake: IntakeByAge, tracks: Mapping[str, Track], signals: Signals, at: int, rules: Rules
) -> list[Condition]:
    """The conditions about time that hold, in a fixed order."""
    found: list[Condition] = []
    for device in intake.devices.values():
        if device.charts or device.late_since != NOWHERE or device.delay >= DELAY_TOLD_MS:
            found = _of_devices(intake, at, rules)
            break
    for track in tracks.values():
        if track.cadence is not None and track.cadence.slow >= SLOW_FOR:
            found += _slow(tracks)
            break
    if at < intake.crossed_until:
        found.append(CROSSED)
    if at < signals.merged_until:
        found.append(_merged(signals.merged))
    if at < signals.unseen_until:
        found.append(_unseen([Unseen(*one) for one in signals.unseen], tracks))
    return found


def _of_devices(intake: IntakeByAge, at: int, rules: Rules) -> list[Condition]:
    """What is wrong with the devices' clocks, and with how they hand their values over."""
    wait, found = int(rules.technical.late_minutes * MINUTE_MS), []
    devices = [intake.devices[name] for name in sorted(intake.devices)]
    late = [device for device in devices if device.told_at(wait) <= at]
    streams = [one for one in late if not one.charts and at - one.late_last < STOPPED_AFTER_MS]
    if streams:
        found.append(_device_clock(streams[0]))
    rounds = [one for one in late if one.charts]
    if rounds:
        found.append(_round_left_out(rounds[0]))
    zones = [one for one in devices if one.charts and zone_of(one)]
    if zones and not rounds:
        found.append(_charting_zone(zone_of(zones[0])))
    delay = max((device.delay for device in devices), default=0)
    if delay >= DELAY_TOLD_MS:
        found.append(
            Condition(
                "device delayed", LOW, (), f"Values come delayed by up to {ago_words(delay)}",
                "The device hands them over from time to time: look at the patient when in doubt.",
            )
        )  # fmt: skip
    return found


def _slow(tracks: Mapping[str, Track]) -> list[Condition]:
    slow = tuple(name for name, track in tracks.items() if track.slow and not track.stale)
    if not slow:
        return []
    words = f"{capital(vitals_words(slow))}: measured far less often than before"
    return [Condition(f"{slow[0]} slow", LOW, slow, words, "Check the device's interval and its connection.")]


def zone_of(device: DeviceClock) -> int:
    """By how much the rounds of a charting system lie apart from the log's time, one after the other; 0 if not."""
    if abs(device.lead) > CHART_AHEAD_MS:
        return device.lead
    steady = device.run_count >= CHART_RUN and device.run_least >= CHART_LATE_MS
    return -device.run_least if steady else 0


def _device_clock(device: DeviceClock) -> Condition:
    if device.late_lag > 0 and device.catching_up:
        words = f"A device sends what it kept: its values are still {ago_words(device.late_lag)} old"
        return Condition("device clock", LOW, (), words, "Look at the patient until it has caught up.")
    ahead = device.late_lag < 0
    words = "that lie in the future" if ahead else "that are too old to be scored"
    return Condition(
        "device clock",
        MEDIUM,
        (),
        f"A device sends only values {words}, by {ago_words(abs(device.late_lag))}",
        "Look at the patient; check the device's clock and its connection.",
    )


def _round_left_out(device: DeviceClock) -> Condition:
    where = "ahead" if device.late_lag < 0 else "ago"
    return Condition(
        "charting clock",
        MEDIUM,
        (),
        f"Observations were left out: they are charted for {ago_words(abs(device.late_lag))} {where}",
        "Enter them again with the right time; check the clock and the time zone of the charting system.",
    )


def _charting_zone(apart: int) -> Condition:
    where = "ahead of" if apart > 0 else "behind"
    return Condition(
        "charting zone",
        MEDIUM,
        (),
        f"Observations are charted {ago_words(abs(apart))} {where} the time at which they come",
        "Check the time zone of the charting system; chart rounds when they are taken.",
    )


def _merged(opened: list[str]) -> Condition:
    words = "Another record of this patient was merged into this one"
    if opened:
        words += f", where this stood open: {opened[0]}"
    return Condition(
        "merged", MEDIUM if opened else LOW, (), words, "Look at the patient: what was usual there is not known here."
    )


def _unseen(found: list[Unseen], tracks: Mapping[str, Track]) -> Condition:
    """Asks for someone where nothing newer is in force of what was red or extreme."""
    newer = all(
        (track := tracks.get(one.vital)) is not None
        and track.known is not None
        and not track.stale
        and track.known.at > one.at
        for one in found
    )
    names = tuple(one.vital for one in found)
    remedy = "Read what happened then." if newer else "Look at the patient: nothing newer is known."
    return Condition("while unseen", LOW if newer else MEDIUM, names, unseen_words(found), remedy)
