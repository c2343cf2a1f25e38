"""What is held back, and what breaks through it: a pause, and the hours in which nothing learned may call."""

from typing import TYPE_CHECKING, Final

from detectors.rules import Rules
from detectors.vigil.persistence import AlertRequest, Persistence
from detectors.vigil.stay import Stay
from detectors.vigil.windows import AT, BIT, EXTREME, MEASURED
from detectors.watch_rules import WatchRules
from schemas.times import HOUR_MS, NEVER

if TYPE_CHECKING:
    from detectors.vigil.assessment import Assessment

# A pause that says so says that the device is in no use: nothing that it still sends is believed.
NOT_IN_USE: Final = ("device off", "off ward", "off_ward", "device_off")


def through_a_pause(persistence: Persistence, request: AlertRequest, assessment: "Assessment", rules: Rules) -> bool:
    """Whether a pause does not hold this back: a steady extreme that has lasted, not zero, from a device in use."""
    watch, reason = rules.watch, (assessment.stay.pause_reason or "").lower()
    if watch is None or any(words in reason for words in NOT_IN_USE):
        return False
    since = assessment.at - int(watch.lasting.pause_seconds * 1_000)
    for name in request.far:
        if assessment.value(name) == 0:
            continue
        bit = BIT[name]
        seen = [(one[AT], bool(one[EXTREME] & bit)) for one in persistence.windows if one[MEASURED] & bit]
        run = 0
        for _, shown in reversed(seen):
            if not shown:
                break
            run += 1
        if run and seen[-run][0] <= since:
            return True
    return False


def heard_from(stay: Stay, first_at: int, watch: WatchRules) -> int:
    """From when what was learned may call: some hours after the admission, or else after the first value."""
    began = stay.admitted_at if stay.admitted_at < NEVER else first_at
    return began + int(watch.learned_silent_hours * HOUR_MS) if began < NEVER else NEVER
