"""What is wrong with the measuring, as conditions that hold now: stale, sensor off, reads nothing, flat, disagreeing,
wrong place.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from detectors.pulse import disagree
from detectors.rules import Rules
from detectors.shapes import Fixed
from detectors.vigil.persistence import HIGH, LOW, MEDIUM
from detectors.vigil.signals import Signals
from detectors.vigil.track import IN_ORDER, NEVER_FLAT, Signs, Track
from detectors.vigil.window import SPOT, Decided, Window
from detectors.vigil.wording import capital, vitals_words

# A value of nothing in these is a sensor that has lost the patient, or a patient who is lost.
CAN_READ_ZERO: Final = frozenset({"heart_rate", "pulse_rate", "resp_rate", "spo2"})


class Condition(Fixed, frozen=True):
    """A technical condition: what it is about, how soon someone should come, and what to say."""

    subject: str
    priority: int
    vitals: tuple[str, ...]
    headline: str
    remedy: str


DISAGREES: Final = Condition(
    "pulse disagrees",
    LOW,
    ("pulse_rate",),
    "Pulse and heart rate disagree",
    "Count the pulse; check both sensors.",
)
NOT_ATTACHED: Final = Condition(
    "device not attached",
    MEDIUM,
    (),
    "A device that is not attached to this patient sends data",
    "Check whose device it is; correct the attachment.",
)
DISCHARGED: Final = Condition(
    "discharged", MEDIUM, (), "Discharged, and still sending data", "Confirm the discharge, or admit the patient."
)
DEVICE_CLOCK: Final = Condition(
    "device clock", MEDIUM, (), "A device sends only old data", "Check the device's clock and its connection."
)
SHARED: Final = {
    "bed": Condition(
        "same bed",
        MEDIUM,
        (),
        "Another patient is admitted to this bed",
        "Check who lies here: discharge or transfer the other; what is measured may be the other's.",
    ),
    "device": Condition(
        "same device",
        MEDIUM,
        (),
        "A device of this patient is attached to another patient too",
        "Check whose device it is: what is measured may be the other's.",
    ),
}
NEVER_SEEN: Final = Condition("never seen", LOW, (), "Admitted, but no data yet", "Attach and switch on the device.")
SCALE_ENDS: Final = Condition(
    "scale 2 ends",
    LOW,
    (),
    "The order for SpO2 scale 2 ends soon",
    "Ask the prescriber: without a new order the same values score on scale 1.",
)
DATA_LOST: Final = Condition(
    "data lost", MEDIUM, (), "Readings were lost before they could be watched", "Take a full set of observations."
)
HISTORY_LOST: Final = Condition(
    "history lost", LOW, (), "What is usual for this patient has to be learnt anew", "Take a full set of observations."
)


def watch(
    tracks: Mapping[str, Track], fresh: Mapping[str, Decided], windows: list[Window], signals: Signals, rules: Rules
) -> None:
    """Takes one group of decided windows into account."""
    limits = rules.technical
    unusable: set[str] = set()
    under: set[str] = set()
    for window in windows:
        if window.unusable:
            unusable.update(window.unusable)
            under.update(window.under)
    for name, track in tracks.items():
        signs, decided = track.signs, fresh.get(name)
        if decided is None and name not in unusable:
            continue
        flat = name in NEVER_FLAT and decided is not None and decided.flat
        if signs is IN_ORDER and decided is not None and decided.value and not flat:
            continue  # nothing was wrong, and nothing is
        off = 0 if decided is not None else signs.off + 1
        off_hold = limits.hold if off >= limits.sensor_off else max(0, signs.off_hold - 1)
        reads_zero = name in CAN_READ_ZERO and (
            (decided is not None and decided.value == 0) or (decided is None and name in under)
        )
        zero = signs.zero + 1 if reads_zero else 0
        zero_hold = limits.hold if zero >= limits.check_patient else max(0, signs.zero_hold - 1)
        same = flat and decided is not None and decided.samples > 1
        unmoved = same and track.known is not None and decided is not None and decided.value == track.known.value
        unmoving = (signs.flat + 1 if unmoved else 1) if same else (signs.flat if decided is None else 0)
        track.note(Signs(off, zero, unmoving, off_hold, zero_hold))
    pulse, rate = fresh.get("pulse_rate"), fresh.get("heart_rate")
    if pulse is not None and rate is not None:
        signals.disagreeing = signals.disagreeing + 1 if disagree(pulse.value, rate.value) else 0
        enough = signals.disagreeing >= limits.disagreeing
        signals.disagreeing_hold = limits.hold if enough else max(0, signals.disagreeing_hold - 1)
    streams = [window.unattached for window in windows if window.source != SPOT]
    if streams:
        signals.unattached = any(streams)


# What may be wrong with the measuring of a vital: words after its name (one, several), and the remedy.
_ZERO: Final = "reads zero", " reads zero", " read zero", "Check the patient first, then the sensor."
_OFF: Final = (
    "sensor off",
    ": sensor off or not usable",
    ": sensor off or not usable",
    "Check the sensor on the patient.",
)
_STALE: Final = (
    "stale",
    " is no longer being received",
    " are no longer being received",
    "Check the sensor, its cable and the device.",
)
_UNOBSERVED: Final = (
    "stale",
    " was last observed too long ago",
    " were last observed too long ago",
    "Observe the patient again.",
)
_FLAT: Final = (
    "flat",
    " has not moved at all",
    " have not moved at all",
    "Check that the sensor measures this patient.",
)
_UNKNOWN_DEVICE: Final = -1


class Wrong(NamedTuple):
    """What is wrong with the measuring of one vital, how urgent it is, and by which device."""

    what: tuple[str, str, str, str]
    name: str
    priority: int
    device: int


def together(wrong: Sequence[Wrong], told: Collection[str], tracks: Mapping[str, Track]) -> list[Condition]:
    """One condition for all that one device has wrong in the same way: one probe is one cause, and one alert.

    `told` are the subjects of open alerts: a cause that is told of keeps its subject, whichever vitals come and go.
    """
    groups: dict[tuple[tuple[str, str, str, str], int | str], list[Wrong]] = {}
    for one in wrong:
        # of a device that never told a usable value nothing is known: each vital may be another's
        by = one.name if one.device == _UNKNOWN_DEVICE else one.device
        groups.setdefault((one.what, by), []).append(one)
    found = []
    for (what, by), members in groups.items():
        kind, alone, several, remedy = what
        members.sort(key=lambda one: -one.priority)  # what an open alert rests on comes first
        names = tuple(one.name for one in members)
        siblings = [name for name, track in tracks.items() if name in names or _device(track) == by]
        leads = next((name for name in siblings if f"{name} {kind}" in told), names[0])
        words = capital(vitals_words(names)) + (alone if len(names) == 1 else several)
        found.append(Condition(f"{leads} {kind}", members[0].priority, names, words, remedy))
    return found


def _device(track: Track) -> int:
    return _UNKNOWN_DEVICE if track.known is None else track.known.device


def _charted(track: Track) -> bool:
    """Whether a person supplies the vital: then it is an observation that is due, not a sensor that is lost."""
    return track.known is not None and track.known.source == SPOT


def conditions(
    tracks: Mapping[str, Track],
    signals: Signals,
    *,
    told: Collection[str] = (),
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
    """The conditions that hold, in a fixed order; `told` are the subjects of open alerts. A lost vital that an open
    episode rests on is as urgent as the episode; where nothing is expected (its device was taken off), nothing is
    wrong.
    """
    wrong: list[Wrong] = []
    limits = rules.technical
    for name, track in tracks.items():
        signs = track.signs
        if signs is IN_ORDER and not track.stale and not track.unmoved and limits.flat_line:
            continue
        flat = track.unmoved or signs.flat >= limits.flat_line
        if not (signs.off_hold or signs.zero_hold or track.stale or flat):
            continue
        if track.detached is not None:
            continue
        urgent, device = priority if name in because else LOW, _device(track)
        if signs.zero_hold:
            wrong.append(Wrong(_ZERO, name, HIGH, device))
        elif signs.off_hold and not paused:
            wrong.append(Wrong(_OFF, name, urgent, device))
        elif track.stale and not paused and not discharged and (name in because or not _charted(track)):
            if rules.watch is not None and track.interval is None and not _charted(track):
                urgent = LOW  # how often it comes is not known yet: that everything is lost is told all the same
            wrong.append(Wrong(_UNOBSERVED if _charted(track) else _STALE, name, urgent, device))
        if flat:
            wrong.append(Wrong(_FLAT, name, LOW, device))
    found = together(wrong, told, tracks) if wrong else []
    if signals.disagreeing_hold:
        found.append(DISAGREES)
    if signals.unattached:
        found.append(NOT_ATTACHED)
    if discharged:
        found.append(DISCHARGED)
    if late_devices:
        found.append(DEVICE_CLOCK)
    if never_seen:
        found.append(NEVER_SEEN)
    if scale_ends:
        found.append(SCALE_ENDS)
    if at < signals.lost_until:
        found.append(DATA_LOST)
    if at < signals.rebuilt_until:
        found.append(HISTORY_LOST)
    return found
