"""What each entry of a rules file means, in a safety officer's words, and in what unit its number is."""

from collections.abc import Mapping
from typing import Final

from schemas.vitals import SCALES, Vital

WINDOWS: Final = "windows of 15 s"
ROUNDS: Final = "observations"
_WAITS: Final = {
    "high": "how long a NEWS2 of 7 or more lasts before it calls",
    "medium": "how long a NEWS2 of 5 or 6 lasts before it calls",
    "worse": "how long a NEWS2 higher by 2 lasts before the alert is worse",
    "red": "how long a red score lasts before it calls",
    "learned": "how long a learned finding lasts before it is an alert",
    "clear": "how long the patient is better before the alert ends",
}
WORDS: Final[Mapping[str, str]] = {
    **{f"stream.{name}": f"streamed: {words}" for name, words in _WAITS.items()},
    **{f"spot.{name}": f"observed by a person: {words}" for name, words in _WAITS.items()},
    "wearable_resp_rate_red": "how long a wearable's red resp rate lasts before it calls",
    "cuff_red_minutes": "how long a red cuff value that is not repeated lasts before it calls",
    "baseline.half_life_h": "after how long what was usual counts half",
    "baseline.anchor_half_life_h": "after how long what was usual long ago counts half",
    "baseline.warmup_values": "how many values it takes to know what is usual",
    "baseline.warmup_minutes": "how long it takes to know what is usual",
    "baseline.prior_weight": "how many values the smallest spread weighs",
    "baseline.enter": "how far from the usual a finding begins",
    "baseline.leave": "how near the usual a finding ends",
    "baseline.drift": "how far the usual itself drifts before that is a finding",
    "level_shift.block_minutes": "length of the blocks in which a lasting change is looked for",
    "level_shift.min_blocks": "blocks before a lasting change can be found",
    "level_shift.delta": "change that the test for a lasting change lets pass",
    "level_shift.threshold": "how sure the test for a lasting change has to be",
    "level_shift.enter": "size at which a lasting change is a finding",
    "level_shift.leave": "size at which a lasting change is over",
    "trend.fast_minutes": "half-life of the fast mean of a trend",
    "trend.slow_minutes": "half-life of the slow mean of a trend",
    "trend.spot_factor": "how much slower trends of observations are taken",
    "trend.enter": "how steep a trend is when it is a finding",
    "trend.leave": "how steep a trend is when it is over",
    "trend.horizon_minutes": "how soon a trend meets a limit to be a finding",
    "technical.sensor_off": "how long a sensor is unusable before that is told",
    "technical.check_patient": "how long a vital reads zero before that is told",
    "technical.hold": "how long a technical condition is told after its end",
    "technical.flat_line": "how long a vital does not move at all before that is told",
    "technical.disagreeing": "how long pulse and heart rate disagree before that is told",
    "technical.never_seen_minutes": "how long after admission missing data are told",
    "technical.late_minutes": "how long a device sends only old data before that is told",
    "calling.reviews_at_most": "how often a high alert may be acknowledged as seen",
    "calling.undo_seconds": "how long an action can be undone",
    "calling.delivered_within_seconds": "how soon a call has to be delivered",
    "calling.latch_from.physiological": "from which priority an unseen alert of the patient stays listed",
    "calling.latch_from.technical": "from which priority an unseen alert of the measuring stays listed",
    "calling.concern_minutes": "how long a concern is heard",
    "calling.order_warning_minutes": "how long before its end an order is told to end",
    "calling.learned_priority": "priority of learned detectors alone",
    "calling.patient_limit.calls": "how often learned alerts may call for one patient",
    "calling.patient_limit.hours": "within how long learned alerts may call so often",
    "risk.priority": "priority of a learned risk alone",
    "risk.every_minutes": "how far apart the learned risk looks at streams",
    "risk.stream": "streamed: how many looks in a row lie above before a learned risk asks",
    "risk.spot": "observed by a person: how many looks in a row lie above before a learned risk asks",
    "risk.rearm_hours": "how long a learned alert waits before it calls again",
    "risk.calibrated": "heads whose probabilities were checked at this site",
    "forget_discharged_hours": "how long after a discharge a patient is forgotten",
    "forget_unadmitted_hours": "how long after the last reading a patient is forgotten whom nobody admitted",
}
_UNITS: Final = (("_minutes", "min"), ("_hours", "h"), (".hours", "h"), ("_h", "h"), ("_seconds", "s"))
_IN_SPREADS: Final = tuple(f"{one}.{end}" for one in ("baseline", "level_shift") for end in ("enter", "leave", "drift"))
_ITS_WINDOWS: Final = ("sensor_off", "check_patient", "hold", "flat_line", "disagreeing")


def words_of(field: str) -> str:
    """What an entry means; of one that is not in the table, the way to it.

    >>> words_of("floors.spo2"), words_of("calling.holds.known.high"), words_of("some.new_entry")
    ('smallest spread of SpO2', 'how long `known` holds at high priority', 'some: new entry')
    """
    if field in WORDS:
        return WORDS[field]
    first, *rest = field.split(".")
    if first == "floors" and rest:
        return f"smallest spread of {_vital(rest[0])}"
    if first == "extreme" and len(rest) == 2:
        return f"{_vital(rest[0])} at or {'below' if rest[1] == 'low' else 'above'} which it calls at once"
    if field.startswith("calling.holds.") and len(rest) == 3:
        return f"how long `{rest[1]}` holds at {rest[2]} priority"
    if field.startswith("calling.snooze."):
        return f"how long an alert of {rest[-1]} priority may be snoozed"
    if field.startswith("risk.crossings.") and len(rest) == 3:
        ends = {"enter": "from which it asks for someone", "leave": "below which it no longer asks"}
        return f"risk of {rest[1]}: log-odds {ends.get(rest[2], rest[2])}"
    if field.startswith("risk.heads."):
        return f"weights of the risk of {rest[-1]}"
    if field.startswith("calling.wards.") and len(rest) == 3:
        ward = "any other ward" if rest[1] == "*" else f"ward {rest[1]}"
        return f"{ward}: {rest[2].replace('_', ' ')}"
    return ": ".join(part.replace("_", " ") for part in (first, *rest))


def unit_of(field: str) -> str:
    """The unit of an entry's number, or nothing.

    >>> unit_of("stream.red"), unit_of("cuff_red_minutes"), unit_of("extreme.spo2.low"), unit_of("name")
    ('windows of 15 s', 'min', '%', '')
    """
    first, *rest = field.split(".")
    if field in ("risk.stream", "risk.spot"):
        return "looks"
    if first == "stream" or field == "wearable_resp_rate_red" or (first == "technical" and rest[0] in _ITS_WINDOWS):
        return WINDOWS
    if first == "spot":
        return ROUNDS
    if first in ("extreme", "floors") and rest and rest[0] in set(Vital):
        return SCALES[Vital(rest[0])].shown_unit.strip()
    if field in _IN_SPREADS:
        return "spreads"
    if field.startswith(("calling.holds.", "calling.snooze.")):
        return "min"
    return next((unit for ending, unit in _UNITS if field.endswith(ending)), "")


def _vital(name: str) -> str:
    return SCALES[Vital(name)].words if name in set(Vital) else name.replace("_", " ")
