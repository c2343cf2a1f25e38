"""What is wrong with the measuring, as conditions that hold now: stale, sensor off, reads nothing, flat, disagreeing,
wrong place.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from detectors.pulse import disagree
from detectors.rules import Rules
from detectors.vigil.course import HIGH, LOW, MEDIUM
from detectors.vigil.epoch import SPOT, Decided, Epoch
from detectors.vigil.track import Track
from detectors.vigil.wording import capital, vital_words

# A value of nothing in these is a sensor that has lost the patient, or a patient who is lost.
CAN_READ_ZERO: Final = frozenset({"heart_rate", "pulse_rate", "resp_rate", "spo2"})
# Other vitals may rest on one value for hours.
NEVER_FLAT: Final = frozenset({"heart_rate", "pulse_rate"})


class Condition(Struct, frozen=True):
    """A technical condition: what it is about, how soon someone should come, and what to say."""

    subject: str
    priority: int
    vital: str | None
    headline: str
    remedy: str


class Signals(Struct, array_like=True):
    """What is remembered of the measuring as a whole."""

    disagreeing: int = 0
    disagreeing_hold: int = 0
    unattached: bool = False
    lost_until: int = 0  # told for a while after readings were lost
    rebuilt_until: int = 0  # or after the patient's history was


def watch(
    tracks: Mapping[str, Track], fresh: Mapping[str, Decided], epochs: list[Epoch], signals: Signals, rules: Rules
) -> None:
    """Takes one group of decided epochs into account."""
    limits = rules.technical
    unusable = {name for epoch in epochs for name in epoch.unusable}
    under = {name for epoch in epochs for name in epoch.under}
    for name, track in tracks.items():
        signs, decided = track.signs, fresh.get(name)
        if decided is None and name not in unusable:
            continue
        signs.off = 0 if decided is not None else signs.off + 1
        signs.off_hold = limits.hold if signs.off >= limits.sensor_off else max(0, signs.off_hold - 1)
        reads_zero = name in CAN_READ_ZERO and (
            (decided is not None and decided.value == 0) or (decided is None and name in under)
        )
        signs.zero = signs.zero + 1 if reads_zero else 0
        signs.zero_hold = limits.hold if signs.zero >= limits.check_patient else max(0, signs.zero_hold - 1)
        same = name in NEVER_FLAT and decided is not None and decided.flat and decided.samples > 1
        unmoved = same and track.known is not None and decided is not None and decided.value == track.known.value
        signs.flat = (signs.flat + 1 if unmoved else 1) if same else (signs.flat if decided is None else 0)
    pulse, rate = fresh.get("pulse_rate"), fresh.get("heart_rate")
    if pulse is not None and rate is not None:
        signals.disagreeing = signals.disagreeing + 1 if disagree(pulse.value, rate.value) else 0
        enough = signals.disagreeing >= limits.disagreeing
        signals.disagreeing_hold = limits.hold if enough else max(0, signals.disagreeing_hold - 1)
    streams = [epoch for epoch in epochs if epoch.source != SPOT]
    if streams:
        signals.unattached = any(epoch.unattached for epoch in streams)


def _about(name: str, what: str, priority: int, headline: str, remedy: str) -> Condition:
    return Condition(f"{name} {what}", priority, name, f"{capital(vital_words(name))}{headline}", remedy)


_STREAM_STALE: Final = (" is no longer being received", "Check the sensor, its cable and the device.")
_CHARTED_STALE: Final = (" was last observed too long ago", "Observe the patient again.")


def _charted(track: Track) -> bool:
    """Whether a person supplies the vital: then it is an observation that is due, not a sensor that is lost."""
    return track.known is not None and track.known.source == SPOT


def conditions(
    tracks: Mapping[str, Track],
    signals: Signals,
    *,
    because: list[str],
    priority: int,
    discharged: bool,
    paused: bool,
    late_devices: bool,
    never_seen: bool,
    scale_ends: bool = False,
    at: int,
    rules: Rules,
) -> list[Condition]:
    """The conditions that hold, in a fixed order. A lost vital that an open episode rests on is as urgent as the
    episode; where nothing is expected (its device was taken off), nothing is wrong.
    """
    found: list[Condition] = []
    limits = rules.technical
    for name, track in tracks.items():
        signs = track.signs
        if not (signs.off_hold or signs.zero_hold or track.stale or signs.flat >= limits.flat_line):
            continue
        if track.detached is not None:
            continue
        urgent = priority if name in because else LOW
        if signs.zero_hold:
            found.append(_about(name, "reads zero", HIGH, " reads zero", "Check the patient first, then the sensor."))
        elif signs.off_hold and not paused:
            found.append(
                _about(name, "sensor off", urgent, ": sensor off or not usable", "Check the sensor on the patient.")
            )
        elif track.stale and not paused and not discharged and (name in because or not _charted(track)):
            told, remedy = _CHARTED_STALE if _charted(track) else _STREAM_STALE
            found.append(_about(name, "stale", urgent, told, remedy))
        if signs.flat >= limits.flat_line:
            found.append(
                _about(name, "flat", LOW, " has not moved at all", "Check that the sensor measures this patient.")
            )
    if signals.disagreeing_hold:
        found.append(
            Condition(
                "pulse disagrees",
                LOW,
                "pulse_rate",
                "Pulse and heart rate disagree",
                "Count the pulse; check both sensors.",
            )
        )
    if signals.unattached:
        found.append(
            Condition(
                "device not attached",
                MEDIUM,
                None,
                "A device that is not attached to this patient sends data",
                "Check whose device it is; correct the attachment.",
            )
        )
    if discharged:
        found.append(
            Condition(
                "discharged",
                MEDIUM,
                None,
                "Discharged, and still sending data",
                "Confirm the discharge, or admit the patient.",
            )
        )
    if late_devices:
        found.append(
            Condition(
                "device clock",
                MEDIUM,
                None,
                "A device sends only old data",
                "Check the device's clock and its connection.",
            )
        )
    if never_seen:
        found.append(
            Condition("never seen", LOW, None, "Admitted, but no data yet", "Attach and switch on the device.")
        )
    if scale_ends:
        found.append(
            Condition(
                "scale 2 ends",
                LOW,
                None,
                "The order for SpO2 scale 2 ends soon",
                "Ask the prescriber: without a new order the same values score on scale 1.",
            )
        )
    if at < signals.lost_until:
        found.append(
            Condition(
                "data lost",
                MEDIUM,
                None,
                "Readings were lost before they could be watched",
                "Take a full set of observations.",
            )
        )
    if at < signals.rebuilt_until:
        found.append(
            Condition(
                "history lost",
                LOW,
                None,
                "What is usual for this patient has to be learnt anew",
                "Take a full set of observations.",
            )
        )
    return found
