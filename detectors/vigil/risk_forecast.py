"""What may come: the learned heads' opinions of one patient, and whether they ask for someone."""

from collections.abc import Iterable, Sequence
from typing import Final, Self

from detectors.calling import PRIORITIES
from detectors.risk import Crossing, Forecast, Head, RiskRules, heads_of
from detectors.risk_memory import VALID_MS, WATCHED, RiskMemory
from detectors.risk_words import Contributor, contributors
from detectors.rules import Rules
from detectors.vigil.assessment import Assessment
from detectors.vigil.window import SPOT, Decided
from schemas.times import MINUTE_MS, NEVER

RISK: Final = "risk"
_NEVER: Final = -NEVER
_NAMES: Final = tuple(vital.value for vital in WATCHED)
NOBODY: Final[tuple[Contributor, ...]] = ()


class RiskForecast:
    """The risk memory of one patient and the heads that read it.

    What a person entered is looked at as soon as it is decided, streams every few minutes: at an hour's charts and at
    every second's samples alike one value counts for a stretch of time. `asks`: whether a head that may alert has
    lasted long enough above its threshold (and not yet fallen below the lower one).
    """

    __slots__ = (
        "_armed",
        "_every",
        "_forecasts",
        "_heads",
        "_read_at",
        "_runs",
        "asks",
        "memory",
        "news2",
        "next_at",
        "rules",
        "seen_at",
    )

    def __init__(self, rules: Rules) -> None:
        self.memory: RiskMemory | None = None
        self.asks: frozenset[str] = frozenset()
        self.adopt(rules)
        self._runs: dict[str, int] = {}
        self._read_at = self.next_at = self.seen_at = _NEVER
        self.news2 = 0

    def adopt(self, rules: Rules) -> None:
        """Goes on under other rules; what is remembered of the patient stays."""
        self.rules: RiskRules = rules.risk
        self._armed, self._every = RISK in rules.armed, int(rules.risk.every_minutes * MINUTE_MS)
        self._heads: dict[str, Head] = heads_of(rules.risk)
        self._forecasts: dict[str, Forecast] | None = None
        self.asks &= {one.head for one in rules.risk.crossings} if self._armed else frozenset()

    def look(self, assessment: Assessment, fresh: dict[str, Decided], entered: bool) -> None:
        """Takes what is new into the memory and asks the heads that may alert."""
        score, at = assessment.score, assessment.at
        if not entered:
            self.next_at = at + self._every
        if score is None:  # the heads were learned from adults for whom the score is valid
            self.asks, self._forecasts, self.seen_at = frozenset(), None, _NEVER
            return
        memory = self.memory
        if memory is None:
            memory = self.memory = RiskMemory()
        if entered:
            taken = {name: value for name, value in fresh.items() if value.source == SPOT}
            read_at = next(iter(taken.values())).at
        else:
            tracks, since, read_at = assessment.tracks, self._read_at, at
            taken = {}
            for name in _NAMES:
                track = tracks.get(name)
                if track is not None and not track.stale:
                    known = track.known
                    if known is not None and known.source != SPOT and known.at > since:
                        taken[name] = known
            # Not `at`: what was measured just before a look is decided after it.
            self._read_at = max((value.at for value in taken.values()), default=since)
        suspect = [name for name, value in taken.items() if value.suspect]
        values = {name: value.value for name, value in taken.items()}
        self.news2, self.seen_at, self._forecasts = score.score_min, at, None
        memory.learn_one(values, read_at, news2=score.score_min, suspect=suspect)
        if self._armed:
            self._cross(memory.features(at, news2=score.score_min), entered)

    def _cross(self, features: dict[str, float | None], entered: bool) -> None:
        rules = self.rules
        need = rules.spot if entered else rules.stream
        asks = {one.head for one in rules.crossings if self._holds(one, features, need)}
        if asks != self.asks:
            self.asks = frozenset(asks)

    def _holds(self, crossing: Crossing, features: dict[str, float | None], need: int) -> bool:
        head = self._heads[crossing.head]
        held = crossing.head in self.asks
        if not head.knows_enough(features):
            return held
        log_odds = head.log_odds(features)
        if held:
            return log_odds >= crossing.leave
        run = self._runs.get(crossing.head, 0) + 1 if log_odds >= crossing.enter else 0
        self._runs[crossing.head] = run
        return run >= need

    def asking(self, at: int) -> int:
        """The priority that is asked for now; 0 is nothing."""
        if not self.asks or at - self.seen_at > VALID_MS:
            return 0
        return PRIORITIES.index(self.rules.priority)

    def features(self) -> dict[str, float | None]:
        """What the heads saw at the last look."""
        memory = self.memory
        return {} if memory is None or self.seen_at == _NEVER else memory.features(self.seen_at, news2=self.news2)

    def forecasts(self, at: int) -> dict[str, Forecast]:
        """Each head's opinion at the last look; none once that lies too long back."""
        if at - self.seen_at > VALID_MS:
            return {}
        if self._forecasts is None:
            seen, calibrated = self.features(), self.rules.calibrated
            found = {name: head.forecast(seen, calibrated=name in calibrated) for name, head in self._heads.items()}
            self._forecasts = {name: forecast for name, forecast in found.items() if forecast is not None}
        return self._forecasts

    def contributors(self, at: int) -> tuple[Contributor, ...]:
        """The vitals that speak for the heads that ask; of several heads the one that lies highest among its own."""
        if not self.asks:
            return NOBODY
        told = [forecast for name, forecast in self.forecasts(at).items() if name in self.asks]
        if not told:
            return NOBODY
        return contributors(max(told, key=_rank).contributions, self.features())

    def withdraw(self, names: Iterable[str]) -> None:
        """Values were taken back."""
        if self.memory is not None:
            for name in names:
                self.memory.forget_newest(name)
        self._forecasts = None

    def state(self) -> list[object]:
        """Plain numbers and strings."""
        memory = None if self.memory is None else self.memory.state()
        moments = (self._read_at, self.next_at, self.seen_at)
        return [memory, sorted(self.asks), sorted(self._runs.items()), *moments, self.news2]

    @classmethod
    def restore(cls, state: Sequence, rules: Rules) -> Self:
        """What `state` was taken from."""
        one = cls(rules)
        one.memory = None if state[0] is None else RiskMemory.restore(state[0])
        one.asks, one._runs = frozenset(state[1]), dict(state[2])
        one._read_at, one.next_at, one.seen_at, one.news2 = state[3:7]
        return one


def _rank(forecast: Forecast) -> float:
    return forecast.rank
