"""What the last call or answer knew of the patient, and what is worse than that by a step."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from detectors.rules import Rules
from detectors.vigil.ranks import points_of
from detectors.vigil.red import NOW_AND_THEN
from detectors.vigil.wording import value_words, vital_words
from detectors.watch_rules import StepRules
from schemas.alert_reason import Reason
from schemas.times import MINUTE_MS, NEVER

if TYPE_CHECKING:
    from detectors.vigil.assessment import Assessment
    from detectors.vigil.persistence import AlertRequest
    from detectors.vigil.window import Decided

_LOWER: Final = frozenset({"spo2", "systolic_bp", "gcs"})  # worse downwards
_BOTH: Final = {
    "heart_rate": (51.0, 90.0),
    "pulse_rate": (51.0, 90.0),
    "resp_rate": (12.0, 20.0),
    "temperature": (36.1, 38.0),
}
_TREATMENT: Final = ("oxygen_flow", "inspired_oxygen")
SLOW_MS: Final = 75_000
_SHOWN: Final = frozenset({"spo2", "systolic_bp", "heart_rate", "pulse_rate", "resp_rate", "temperature"})
_STANDS_OUT: Final = 2


class Mark(Struct, array_like=True):
    """`values`: the worst of each vital since the last call, up to the answer; `beyond`: in how many windows in a row a
    vital has been a step worse, and when it last was; `left`: since when an extreme has been left.
    """

    values: dict[str, float] = {}
    extremes: list[str] = []
    oxygen: bool | None = None
    beyond: dict[str, tuple[int, int]] = {}
    left: dict[str, int] = {}
    worst: dict[str, float] = {}  # of vitals that stood out, since the last answer

    @classmethod
    def of(cls, assessment: "Assessment", request_far: tuple[str, ...], before: "Mark | None" = None) -> "Mark":
        """What is known now; of `before` the worse values stay."""
        values = dict(assessment.values)
        for name, value in () if before is None else before.values.items():
            if name in values and _further(name, value, values[name]) > 0:
                values[name] = value
        return cls(values, sorted(request_far), assessment.on_oxygen, {}, {})

    def waits_until(self, rules: Rules) -> int:
        """When a step that was measured now and then has lasted without being repeated; NEVER if there is none."""
        wait = int(rules.cuff_red_minutes * MINUTE_MS)
        return min((last + wait for name, (_, last) in self.beyond.items() if name in NOW_AND_THEN), default=NEVER)


def _further(name: str, value: float, than: float) -> float:
    """How much worse a value is than another; 0 or less: no worse."""
    if name in _LOWER:
        return than - value
    band = _BOTH.get(name)
    if band is None:
        return value - than
    low, high = band
    if value < low:
        return (min(than, low) - value) if than <= high else low - value + than - high
    if value > high:
        return (value - max(than, high)) if than >= low else value - high + low - than
    return 0.0


def _step(name: str, value: float, rules: StepRules) -> float:
    if name in ("heart_rate", "pulse_rate"):
        return rules.rate
    if name == "resp_rate":
        return rules.resp_rate_low if value <= rules.resp_rate_low_from else rules.resp_rate
    return {
        "spo2": rules.spo2,
        "systolic_bp": rules.systolic_bp,
        "temperature": rules.temperature,
        "oxygen_flow": rules.oxygen_flow,
        "inspired_oxygen": rules.inspired_oxygen,
        "consciousness": 1.0,
        "gcs": 1.0,
    }.get(name, float("inf"))


def breakthrough(
    mark: Mark, assessment: "Assessment", fresh: dict[str, "Decided"], request: "AlertRequest", rules: Rules
) -> Reason | None:
    """By what the patient is worse than the mark knew, once it has lasted; what stays where it was is not new."""
    watch, at = rules.watch, assessment.at
    if watch is None:
        return None
    again = int(watch.steps.reentry_minutes * MINUTE_MS)
    for name in mark.extremes:
        if name in request.far:
            if name in mark.left and at - mark.left[name] < again:
                del mark.left[name]
        elif name in assessment.values:
            mark.left.setdefault(name, at)
    gone = {name for name, since in mark.left.items() if at - since >= again}
    if any(name not in mark.extremes or name in gone for name in request.extremes):
        return Reason.NEW_EXTREME
    found: Reason | None = None
    for name, decided in fresh.items():
        value, known = assessment.value(name), mark.values.get(name)
        if value is None or not decided.steady:
            continue
        if name in _SHOWN and points_of(name, value, assessment.stay.scale) >= _STANDS_OUT:
            worst = mark.worst.get(name)
            if worst is None or _further(name, value, worst) > 0:
                mark.worst[name] = value
        if known is None:
            if name in assessment.values and not _treats(name):
                mark.values[name] = value
            continue
        if _further(name, value, known) < _step(name, value, watch.steps) - 1e-9 or not _matters(
            name, value, assessment
        ):
            mark.beyond.pop(name, None)
            continue
        count, last = mark.beyond.get(name, (0, at))
        mark.beyond[name] = count + 1, at
        slow = count > 0 and at - last > SLOW_MS
        if assessment.entered(name) or _said(name) or count + 1 >= rules.stream.worse or slow:
            found = Reason.MORE_OXYGEN if _treats(name) else Reason.STEP_WORSE
    if found is None and mark.waits_until(rules) <= at:
        found = Reason.STEP_WORSE
    if found is None and mark.oxygen is False and assessment.on_oxygen:
        found = Reason.MORE_OXYGEN
    return found


def worst_words(mark: Mark, assessment: "Assessment") -> str:
    """The worst since the last answer, of vitals that are better now.

    It is said with an escalation: who comes late has to know how bad it was.
    """
    told = [
        f"{vital_words(name)} {value_words(name, value)}"
        for name, value in mark.worst.items()
        if name in assessment.values and _further(name, value, assessment.values[name]) > 0
    ]
    return f"; at worst {', '.join(told)}" if told else ""


def worse_by(
    mark: Mark | None,
    assessment: "Assessment",
    fresh: Mapping[str, "Decided"] | None,
    request: "AlertRequest",
    rules: Rules,
) -> Reason | None:
    """As `breakthrough`, where there is a mark and anything new, or what was measured now and then has lasted."""
    if mark is None or not (fresh or mark.waits_until(rules) <= assessment.at):
        return None
    return breakthrough(mark, assessment, dict(fresh or {}), request, rules)


def _treats(name: str) -> bool:
    return name in _TREATMENT


def _said(name: str) -> bool:
    return name in ("consciousness", "gcs") or _treats(name)


def _matters(name: str, value: float, assessment: "Assessment") -> bool:
    """A step counts where the vital stands out at all."""
    return _said(name) or points_of(name, value, assessment.stay.scale) > 0 or assessment.score is None
