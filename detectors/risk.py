"""How likely something named is to happen within some hours, as learned from patients whose course is known."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import Annotated, Final

from msgspec import Meta, Struct

from detectors.additive import Additive, Table, probability
from detectors.risk_memory import FEATURES
from detectors.rule_fault import Code, Fault

Share = Annotated[float, Meta(ge=0, le=1)]
Hours = Annotated[float, Meta(gt=0, le=24 * 7)]
Count = Annotated[int, Meta(ge=1, le=1_000)]


class TableWeights(Struct, frozen=True, forbid_unknown_fields=True):
    """One feature's learned table; `centre` is what it added on average where it was known."""

    feature: str
    knots: tuple[float, ...]
    weights: tuple[float, ...]
    centre: float


class HeadWeights(Struct, frozen=True, forbid_unknown_fields=True):
    """One head as it was learned: `event` within `horizon_h` (None: within the stay), from whom, and the numbers.

    `ranks` are pairs (log-odds, share of the hours it was learned from that lay lower), `calibration` pairs (log-odds,
    log-odds as they should have been, there); both rise. There is no forecast before `least` of the features `needs`
    are known. Seed, script, licence and patients stand in the weights file.
    """

    head: Annotated[str, Meta(min_length=1)]
    version: Annotated[str, Meta(min_length=1)]
    event: Annotated[str, Meta(min_length=1)]
    horizon_h: Hours | None
    learned_from: str
    patients: Annotated[int, Meta(ge=1)]
    needs: tuple[str, ...]
    least: Count
    bias: float
    tables: tuple[TableWeights, ...]
    ranks: tuple[tuple[float, Share], ...]
    calibration: tuple[tuple[float, float], ...]


class Crossing(Struct, frozen=True, forbid_unknown_fields=True):
    """When a head asks for someone: from `enter` on, until it lies below `leave` (both log-odds)."""

    head: str
    enter: float
    leave: float


class RiskRules(Struct, frozen=True, forbid_unknown_fields=True):
    """Which heads there are and what they may ask for.

    `crossings` are the heads that alert; `stream` and `spot` how many looks in a row must lie above `enter`;
    `every_minutes` how far apart the looks at streams are; `priority` of such an alert; after a call the next one waits
    `rearm_hours`. `calibrated` names the heads whose probabilities were checked at this site: others show a rank.
    """

    priority: Annotated[str, Meta(pattern="^(low|medium)$")]
    every_minutes: Annotated[float, Meta(gt=0, le=60)]
    stream: Count
    spot: Count
    rearm_hours: Hours
    crossings: tuple[Crossing, ...]
    calibrated: tuple[str, ...]
    heads: tuple[HeadWeights, ...]


NONE: Final = RiskRules("low", 10.0, 1, 1, 12.0, (), (), ())
"""Of rules that say nothing of learned heads."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """One head's opinion. `rank`: share of the patient-hours it was learned from that lay lower; `contributions`: what
    each known feature adds, against what it adds on average, the largest first; `probability` only where it was
    calibrated at this site.
    """

    log_odds: float
    rank: float
    probability: float | None
    contributions: tuple[tuple[str, float], ...]


class Head:
    """A learned head, ready to be asked; shared by all patients, and never changed.

    Examples
    --------
    >>> weights = HeadWeights("fever", "1", "fever", 6.0, "made up", 2, ("heart_rate.6h",), 1,
    ...     -3.0, (TableWeights("heart_rate.6h", (60, 120), (0.0, 2.0), 0.5),),
    ...     ((-3.0, 0.0), (-1.0, 1.0)), ((-9, -9), (9, 9)))
    >>> head = Head(weights)
    >>> head.log_odds({"heart_rate.6h": 90.0}), head.rank(-2.0)
    (-2.0, 0.5)
    >>> head.forecast({}, calibrated=False) is None
    True
    >>> head.forecast({"heart_rate.6h": 90.0}, calibrated=False)
    Forecast(log_odds=-2.0, rank=0.5, probability=None, contributions=(('heart_rate.6h', 0.5),))
    """

    __slots__ = ("_model", "log_odds", "weights")

    def __init__(self, weights: HeadWeights) -> None:
        self.weights = weights
        tables = {one.feature: Table(one.knots, one.weights) for one in weights.tables}
        self._model = Additive(tables, bias=weights.bias)
        self.log_odds = self._model.log_odds_one

    def knows_enough(self, features: Mapping[str, float | None]) -> bool:
        """Whether so much is known that a forecast is one."""
        weights = self.weights
        return sum(features.get(name) is not None for name in weights.needs) >= weights.least

    def rank(self, log_odds: float) -> float:
        """The share of the patient-hours it was learned from that lay lower."""
        return _between(self.weights.ranks, log_odds)

    def probability(self, log_odds: float) -> float:
        """The probability of the event, as calibrated where it was learned; elsewhere it may be far off."""
        return probability(_between(self.weights.calibration, log_odds, beyond=True))

    def forecast(self, features: Mapping[str, float | None], *, calibrated: bool) -> Forecast | None:
        """The opinion with its reasons; None where too little is known."""
        if not self.knows_enough(features):
            return None
        log_odds = self.log_odds(features)
        added = self._model.contributions_one(features)
        found = [(one.feature, added[one.feature] - one.centre) for one in self.weights.tables if one.feature in added]
        found.sort(key=lambda pair: (-abs(pair[1]), pair[0]))
        known = self.probability(log_odds) if calibrated else None
        return Forecast(log_odds, self.rank(log_odds), known, tuple(found))


# By the rules' identity, since to hash all their weights takes longer than to admit a patient.
_HEADS: Final[dict[int, tuple[RiskRules, dict[str, "Head"]]]] = {}
_KEPT_HEADS: Final = 8


def heads_of(rules: RiskRules) -> dict[str, Head]:
    """The heads of the rules, by name; made once for all patients."""
    known = _HEADS.get(id(rules))
    if known is None or known[0] is not rules:
        while len(_HEADS) >= _KEPT_HEADS:
            _HEADS.pop(next(iter(_HEADS)))
        known = _HEADS[id(rules)] = rules, {weights.head: Head(weights) for weights in rules.heads}
    return known[1]


def faults(rules: RiskRules) -> Iterator[Fault]:
    """What keeps learned heads from being armed."""
    names = [one.head for one in rules.heads]
    for place, weights in enumerate(rules.heads):
        for says in _faults(weights):
            yield _fault(f"risk.heads.{place}", f"the weights of `{weights.head}`: {says}", "learn them anew")
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield _fault("risk.heads", f"the head `{name}` is there twice", "take one out")
    asked = [("crossings", crossing.head) for crossing in rules.crossings]
    asked += [("calibrated", name) for name in rules.calibrated]
    for part, name in asked:
        if name not in names:
            yield _fault(f"risk.{part}", f"`{part}` names a head `{name}` that has no weights", "add them to `heads`")
    for place, crossing in enumerate(rules.crossings):
        if not (isfinite(crossing.enter) and isfinite(crossing.leave) and crossing.leave <= crossing.enter):
            says = (
                f"the risk `{crossing.head}` would end at {crossing.leave:g}, above {crossing.enter:g} where it begins"
            )
            field, remedy = f"risk.crossings.{place}.leave", f"write at most {crossing.enter:g}"
            yield Fault(Code.ENDS_ABOVE_BEGIN, field, says, remedy)


def _fault(field: str, says: str, remedy: str) -> Fault:
    return Fault(Code.BAD_VALUE, field, says, remedy)


def _faults(weights: HeadWeights) -> Iterator[str]:
    named = [*(one.feature for one in weights.tables), *weights.needs]
    yield from (f"nobody knows the feature `{name}`" for name in named if name not in FEATURES)
    try:
        tables = {one.feature: Table(one.knots, one.weights) for one in weights.tables}
        Additive(tables, bias=weights.bias)
    except ValueError as error:
        yield str(error)
    centres = [one.centre for one in weights.tables]
    if not weights.tables or not all(map(isfinite, (weights.bias, *centres))):
        yield "there are no tables, or a number is not finite"
    for name, pairs in (("ranks", weights.ranks), ("calibration", weights.calibration)):
        finite = all(isfinite(number) for pair in pairs for number in pair)
        rising = all(a[0] < b[0] and a[1] <= b[1] for a, b in pairwise(pairs))
        if len(pairs) < 2 or not finite or not rising:
            yield f"`{name}` needs two or more rising pairs"


def _between(pairs: Sequence[tuple[float, float]], x: float, *, beyond: bool = False) -> float:
    """Straight lines between pairs; level outside them, or (`beyond`) going on with the slope one."""
    at = bisect_left(pairs, x, key=_first)
    if at == 0:
        return pairs[0][1] + (min(0.0, x - pairs[0][0]) if beyond else 0.0)
    if at == len(pairs):
        return pairs[-1][1] + (x - pairs[-1][0] if beyond else 0.0)
    (low, below), (high, above) = pairs[at - 1], pairs[at]
    return below + (above - below) * (x - low) / (high - low)


def _first(pair: tuple[float, float]) -> float:
    return pair[0]
