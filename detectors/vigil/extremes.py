"""Which values in force are extreme for this patient, and which of those have to be called for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from detectors.pulse import disagree
from detectors.rules import Rules
from detectors.vigil.ranks import points_of
from detectors.vigil.red import is_extreme
from detectors.vigil.window import SPOT, WINDOW_MS
from detectors.vigil.windows import BIT, EXTREME, UNSTEADY, WILD, Window, in_a_row, rows
from detectors.watch_rules import LastingRules
from schemas.times import MINUTE_MS

if TYPE_CHECKING:
    from detectors.vigil.assessment import Assessment

# Consciousness counts A, C, V, P, U from 0; of the coma scale 8 is the usual limit for an airway at risk.
PAIN: Final = 3
COMA: Final = 8
SAID_BY_PEOPLE: Final = frozenset({"consciousness", "gcs"})
RATES: Final = ("pulse_rate", "heart_rate")
OF_CHILDREN: Final = frozenset({"spo2", "consciousness", "gcs"})
CUFFED: Final = "systolic_bp"
_MIDDLE: Final = {"heart_rate": 70.0, "pulse_rate": 70.0, "resp_rate": 16.0, "spo2": 200.0, "systolic_bp": 160.0}
# With what another vital supports an extreme: it lies outside the band that scores nothing.
SUPPORTS: Final = frozenset({"resp_rate", "spo2", "systolic_bp", "pulse_rate", "consciousness"})


def extremes(assessment: "Assessment", rules: Rules) -> list[str]:
    """The vitals whose value in force is extreme. Under 16 the adult limits of SpO2, P and U alone count."""
    stay, child, found = assessment.stay, assessment.why_not == "under 16 years", []
    limit_of = rules.extreme.get
    for name, value in assessment.values.items():
        limit = limit_of(name)  # type: ignore[call-overload]
        if limit is not None:
            low, high = limit.low, limit.high
            if (low is None or value > low) and (high is None or value < high) and name not in SAID_BY_PEOPLE:
                continue
        elif name not in SAID_BY_PEOPLE:
            continue
        if child and name not in OF_CHILDREN:
            continue
        if name == "consciousness":
            far = value >= PAIN
        elif name == "gcs":
            far = value <= COMA
        else:
            far = is_extreme(name, value, rules)
            if far and any(one.vital == name and one.extreme and one.holds(value) for one in stay.calling_limits):
                far = False  # a site may order another extreme for one patient
        if far:
            found.append(name)
    return found


def called_for(
    assessment: "Assessment", found: Sequence[str], windows: Sequence[Window], measured: frozenset[str], rules: Rules
) -> list[str]:
    """Those of the extremes in force that have to be called for; `measured`: the vitals of this very window."""
    watch = rules.watch
    assert watch is not None
    limits, at = watch.lasting, assessment.at
    since = at - int(limits.slow_minutes * MINUTE_MS)
    asked = []
    for name in found:
        known = assessment.tracks[name].known
        if assessment.entered(name) or name in ("consciousness", "gcs") or (known is not None and known.source == SPOT):
            asked.append(name)
            continue
        seen = rows(windows, BIT[name], EXTREME, BIT[name], since)
        if name == CUFFED:
            if _cuff(assessment, seen, rules, name):
                asked.append(name)
        elif _scatters(windows, name, limits) or (seen and seen[-1][1] and _lasts(assessment, name, seen, limits)):
            asked.append(name)
    return asked


def _cuff(assessment: "Assessment", seen: Sequence[tuple[int, bool]], rules: Rules, name: str) -> bool:
    """A cuff's extreme: supported at once, else on repeat or after some minutes."""
    if not seen or not seen[-1][1]:
        return False
    began = seen[-1][0]
    for moment, shown in reversed(seen):
        if not shown:
            break
        began = moment
    repeated = len(seen) > 1 and seen[-2][1]
    waited = assessment.at - began >= rules.cuff_red_minutes * MINUTE_MS
    return repeated or waited or supported(assessment, name)


def _scatters(windows: Sequence[Window], name: str, limits: LastingRules) -> bool:
    """Extreme in each of the last windows, some of them scattering as no body does."""
    bit = BIT[name]
    found = [(one[0], bool((one[EXTREME] | one[WILD]) & bit)) for one in windows if (one[2] | one[UNSTEADY]) & bit]
    return in_a_row(found, limits.unsteady)


def _lasts(assessment: "Assessment", name: str, seen: Sequence[tuple[int, bool]], limits: LastingRules) -> bool:
    if name in RATES:
        pulse, ecg = assessment.value("pulse_rate"), assessment.value("heart_rate")
        if pulse is not None and ecg is not None and disagree(pulse, ecg) and _together(assessment):
            low_ecg = name == "heart_rate" and ecg < pulse
            if not low_ecg or assessment.value("spo2") is not None:
                return in_a_row(seen, limits.disagreeing)
    if not _comes_slowly(assessment, name, seen, limits):
        return True
    return sum(shown for _, shown in seen[-3:]) > 1 or supported(assessment, name)


def _together(assessment: "Assessment") -> bool:
    """Whether pulse and ECG were measured at the same time; a pulse that is lost contradicts nothing."""
    pulse, ecg = assessment.tracks["pulse_rate"].known, assessment.tracks["heart_rate"].known
    return pulse is not None and ecg is not None and abs(pulse.at - ecg.at) <= WINDOW_MS


def _comes_slowly(assessment: "Assessment", name: str, seen: Sequence[tuple[int, bool]], limits: LastingRules) -> bool:
    """Slower than some windows a minute: the next one is waited for, unless something else supports this one."""
    return len(seen) > 1 and seen[-1][0] - seen[-2][0] > limits.extreme_seconds * 1_000


def supported(assessment: "Assessment", name: str) -> bool:
    """Whether another vital scores as well, or this one did before."""
    track = assessment.tracks[name]
    previous, value = track.previous, assessment.value(name)
    if previous is not None and value is not None and points_of(name, previous) > 0:
        middle = _MIDDLE.get(name, 0.0)
        if (previous < middle) == (value < middle):
            return True
    item = "pulse_rate" if name in RATES else name
    parts = () if assessment.score is None else assessment.score.parts
    return any(least > 0 and part.value != item and part.value in SUPPORTS for part, least, _ in parts)
