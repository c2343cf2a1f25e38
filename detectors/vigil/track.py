"""One vital of one patient over time: what is in force, what is usual, where it is going, and what the sensor is
doing.
"""

from collections.abc import Sequence
from typing import Final, Self

from msgspec import msgpack
from msgspec.structs import astuple

from detectors.baseline import Baseline
from detectors.intake_rules import IntakeRules
from detectors.level_shift import LevelShift
from detectors.rules import Rules
from detectors.shapes import FixedAsList, LeafAsList
from detectors.trend import Trend
from detectors.vigil.cadence import SLOW_FOR, Cadence
from detectors.vigil.red import OF_OXYGEN, RED_LIMITS, says_oxygen
from detectors.vigil.window import SPOT, Decided
from schemas.times import HOUR_MS, MINUTE_MS, NEVER
from schemas.vitals import SCALES, Source, Vital


class Opinion(FixedAsList, frozen=True):
    """A detector's finding on one vital that holds at present."""

    detector: str
    reason: str
    score: float


class Signs(LeafAsList, frozen=True):
    """How the sensor has behaved, in windows in a row."""

    off: int = 0
    zero: int = 0
    flat: int = 0
    off_hold: int = 0  # decided windows for which the condition is still told after it ended: one alert, not twenty
    zero_hold: int = 0


IN_ORDER: Final = Signs()  # one for all sensors of which there is nothing to remember
NOWHERE: Final = -NEVER
STEADY_PLACE: Final = Decided.__struct_fields__.index("steady")
# Milliseconds for which a value stays valid, by vital and source number.
VALIDITY: Final = {vital.value: tuple(SCALES[vital].validity[source] for source in Source) for vital in Vital}
_SOURCES: Final = tuple(Source)
EVERY_MS: Final = 45_000
# Other vitals may rest on one value for hours.
NEVER_FLAT: Final = frozenset({"heart_rate", "pulse_rate"})
FLAT_VALUES: Final = 20  # of a calm sleeper ten of one a minute may agree by chance
FLAT_AT_LAST_MS: Final = 2 * HOUR_MS  # however seldom it comes
DRIFTED: Final = "usual_has_drifted"
NOTHING: Final[list[Opinion]] = []
_UNPACED: Final = (-1, -1)
# What a stream may say otherwise a moment later.
OUTRANKS: Final = frozenset(
    {"heart_rate", "pulse_rate", "resp_rate", "spo2", "systolic_bp", "diastolic_bp", "mean_bp", "temperature"}
)


class Track:
    """What one patient's vigil keeps of one vital. Detectors are made for vitals with a floor in the rules only."""

    __slots__ = (
        "baseline",
        "cadence",
        "dense",
        "detached",
        "entered",
        "floor",
        "kept",
        "known",
        "lasts",
        "learnt",
        "name",
        "opinions",
        "paced",
        "previous",
        "rules",
        "shift",
        "signs",
        "stale",
        "still",
        "trend",
        "unmoved",
    )

    def __init__(self, name: str, rules: Rules) -> None:
        self.name, self.rules = name, rules
        self.known: Decided | None = None
        self.opinions: tuple[Opinion, ...] = ()
        self.signs = IN_ORDER
        self.stale = False
        self.dense = False  # whether a stream has ever supplied it: spot checks then do not teach what is usual
        self.detached: int | None = None  # when the device that supplied it was taken off the patient
        self.floor = rules.floors.get(name)  # type: ignore[call-overload]
        self.baseline: Baseline | None = None
        self.shift: LevelShift | None = None
        self.trend: Trend | None = None
        self.cadence: Cadence | None = None  # how often it comes, where the rules ask for it
        self.paced = _UNPACED  # of what source and held for how long the last value was, of which `lasts` was learnt
        self.lasts = 0  # for how long a value counts, in milliseconds; 0: as the vital's table says
        self.entered: Decided | None = None  # what a person last measured, as long as it may outrank a stream
        self.previous: float | None = None  # the value before the one in force, where that was steady
        self.kept = False  # whether it stays in force until charted otherwise, as oxygen does
        self.still: tuple[float, int, int, int] | None = None  # unmoved: value, since when, how many, of which device
        self.unmoved = False  # for so long that it is told
        self.learnt = NOWHERE  # when it last learnt: what is usual moves over hours, once a minute will do

    def _begin(self, source: int) -> None:
        rules, floor = self.rules, self.floor
        if floor is None:
            return
        self.dense = source != SPOT
        self.baseline, self.shift = Baseline(floor, rules.baseline), LevelShift(rules.level_shift)
        self.trend = Trend(floor, rules.trend, 1.0 if self.dense else rules.trend.spot_factor)

    def see(self, name: str, decided: Decided) -> bool:
        """Takes a decided value into force, unless a newer one is, and forms the detectors' opinions of it. Says
        whether it is in force.
        """
        known, at, source = self.known, decided.at, decided.source
        if known is not None and known.at > at:
            return False
        self.previous = known.value if known is not None and known.steady and not known.suspect else None
        self.known, self.stale = decided, False
        if source == SPOT and self.rules.watch is not None:
            if name in OUTRANKS:
                self.entered = decided
            air_percent = self.rules.watch.entered.air_percent
            self.kept = name in OF_OXYGEN and says_oxygen(name, decided.value, air_percent)
        if self.detached is not None and at > self.detached:
            self.detached = None
        if self.floor is None:
            return True
        if self.baseline is None or (source != SPOT and not self.dense):
            self._begin(source)
        if not decided.suspect and (source != SPOT or not self.dense):
            self._judge(name, decided.value, at)
        return True

    def _judge(self, name: str, value: float, at: int) -> None:
        baseline, shift, trend, rules = self.baseline, self.shift, self.trend, self.rules
        assert baseline is not None and shift is not None and trend is not None
        before = self.opinions
        learnt = trend.learn_one(value, at)
        if not (before or shift.found or (learnt and trend.is_steep(at))) and (
            baseline.usual_from < value < baseline.usual_to or baseline.is_usual(value)
        ):
            return  # nothing held, nothing stands out: how nearly all windows of a ward are
        held = {opinion.detector for opinion in before}
        found: list[Opinion] = []
        deviation, armed = baseline.deviation(value), rules.armed
        if deviation is not None:
            if "baseline" in armed:
                found += self._far(value, deviation, baseline, before)
            size = shift.score_one()
            if size and "level_shift" in armed:
                limits = rules.level_shift
                if size >= (limits.leave if "level_shift" in held else limits.enter):
                    found.append(Opinion("level_shift", "lasting_rise" if shift.level > 0 else "lasting_fall", size))
        if not learnt:
            found += [opinion for opinion in before if opinion.detector == "trend"]
        elif "trend" in armed:
            found += self._heading(name, value, at, trend, "trend" in held)
        self.opinions = tuple(found)

    def _far(self, value: float, deviation: float, baseline: Baseline, before: tuple[Opinion, ...]) -> list[Opinion]:
        limits = self.rules.baseline
        held = next((opinion.reason for opinion in before if opinion.detector == "baseline"), None)
        if abs(deviation) >= (limits.enter if held in (None, DRIFTED) else limits.leave):
            return [Opinion("baseline", "above_usual" if deviation > 0 else "below_usual", abs(deviation))]
        drift = baseline.drift(value)
        if drift is not None and abs(drift) >= (limits.leave if held == DRIFTED else limits.drift):
            return [Opinion("baseline", DRIFTED, abs(drift))]
        return NOTHING

    def _heading(self, name: str, value: float, at: int, trend: Trend, held: bool) -> list[Opinion]:
        limits, steep = self.rules.trend, trend.score_one(at)
        if steep is None or steep < (limits.leave if held else limits.enter):
            return NOTHING
        soon = trend.minutes_to(value, *RED_LIMITS.get(name, (None, None)), at)
        if soon is None or soon > limits.horizon_minutes * trend.stretch:
            return NOTHING
        return [Opinion("trend", "heading_for_limit", steep)]

    def goes_on(self, decided: Decided, held: int) -> bool:
        """The short way of `keep_pace`: whether the vital comes as it has come all the time, so that nothing changes
        but when it last came.
        """
        cadence = self.cadence
        if cadence is None or self.still is not None or self.paced != (decided.source, held):
            return False
        if decided.flat and self.name in NEVER_FLAT:
            return False
        return cadence.goes_on(decided.device, decided.at, decided.samples)

    def keep_pace(self, decided: Decided, held: int, rules: IntakeRules, *, calm: bool) -> None:
        """Learns how often the vital comes, and with it how long a value counts; `held`: how long its device keeps
        readings before it hands them over.
        """
        source = decided.source
        self.paced = (source, held)
        if source == SPOT:
            self.lasts, self.paced = 0, _UNPACED
            return
        if self.cadence is None:
            self.cadence = Cadence()
        cadence, usual = self.cadence, VALIDITY[self.name][source]
        before = cadence.last
        cadence.note(decided.device, decided.at, decided.samples, calm, rules)
        if self.name in NEVER_FLAT:
            if decided.flat:
                self._look_for_flat(decided, max(0, decided.at - before - max(usual, self.lasts)), rules)
            else:
                self.still, self.unmoved = None, False
        learnt = int(cadence.every * rules.validity_intervals)
        if learnt > usual:  # never shorter than usual, whatever the rules' limit
            learnt = max(usual, min(learnt, rules.validity_ms(self.name, _SOURCES[source])))
            self.lasts = learnt + held
        else:
            self.lasts = usual + held

    def _look_for_flat(self, decided: Decided, uncovered: int, rules: IntakeRules) -> None:
        """A rate that does not move is no body's, however seldom it is sampled: by time, and by enough values.
        `uncovered`: milliseconds before it for which no value stood, as after a loss or where a clock's lead is learnt;
        nobody saw that it did not move then.
        """
        if not decided.flat or self.still is None or self.still[0] != decided.value or self.still[3] != decided.device:
            self.still = (decided.value, decided.at, decided.samples, decided.device) if decided.flat else None
            self.unmoved = False
            return
        value, since, count, device = self.still
        since += uncovered
        self.still = (value, since, min(count + decided.samples, FLAT_VALUES), device)
        lasted = decided.at - since
        enough = self.still[2] >= FLAT_VALUES or lasted >= FLAT_AT_LAST_MS
        self.unmoved = enough and lasted >= int(rules.flat_minutes * MINUTE_MS)

    @property
    def interval(self) -> int | None:
        """How often it comes, in milliseconds, or None if that is not known."""
        return self.cadence.every or None if self.cadence is not None else None

    @property
    def slow(self) -> bool:
        """Whether it has become much slower than it was."""
        return self.cadence is not None and self.cadence.slow >= SLOW_FOR

    def note(self, signs: Signs) -> None:
        """Remembers how the sensor has behaved."""
        self.signs = IN_ORDER if signs == IN_ORDER else signs

    def detach(self, at: int) -> None:
        """The device that supplied it was taken off: nothing more is expected, and nothing about it is wrong."""
        self.detached, self.signs = at, IN_ORDER

    def learn(self, *, calm: bool) -> None:
        """Takes the value in force as usual if all is `calm`: nothing about it or the patient is in question. Otherwise
        only the level of a shift is followed.
        """
        known = self.known
        if known is None or known.at - self.learnt < EVERY_MS or known.suspect:
            return
        baseline, shift = self.baseline, self.shift
        if baseline is None or shift is None or (self.dense and known.source == SPOT):
            return
        self.learnt = known.at
        deviation = baseline.deviation(known.value)
        if deviation is not None:
            shift.learn_one(deviation, known.at, calm=calm)
        if calm and not self.opinions:
            baseline.learn_one(known.value, known.at)

    @property
    def usual(self) -> float | None:
        """What is usual for this patient, or None if that is not known yet."""
        return None if self.baseline is None else self.baseline.usual

    def state(self) -> list[object]:
        """Plain numbers and strings."""
        parts = [None if part is None else part.state() for part in (self.baseline, self.shift, self.trend)]
        # steadiness is asked once, when it is decided
        known = None if self.known is None else _written(self.known)
        told: list[object] = [known, self.opinions, self.signs, self.stale, self.dense, self.learnt, *parts]
        told.append(self.detached)
        if self.rules.watch is None and self.cadence is None:
            return told
        entered = None if self.entered is None else _written(self.entered)
        return [*told, self.cadence, self.lasts, entered, self.previous, self.kept, self.still, self.unmoved]

    def under(self, rules: Rules) -> "Track":
        """The track as it goes on under other rules; nothing learnt is lost. Of thousands of patients at once: where
        the rules of its detectors stay it stays itself.
        """
        ours = self.rules
        if ours.watch is not None and rules.watch is not None and self._detectors(ours) == self._detectors(rules):
            self.rules, self.paced = rules, _UNPACED
            return self
        return Track.restore(self.name, msgpack.decode(msgpack.encode(self.state())), rules)

    def _detectors(self, rules: Rules) -> tuple[object, ...]:
        return rules.floors.get(self.name), rules.baseline, rules.level_shift, rules.trend  # type: ignore[call-overload]

    @classmethod
    def restore(cls, name: str, state: Sequence, rules: Rules) -> Self:
        """The track that `state` was taken from."""
        one = cls(name, rules)
        one.known = None if state[0] is None else Decided(*state[0])
        one.opinions = tuple(Opinion(*opinion) for opinion in state[1])
        one.note(Signs(*state[2]))
        one.stale, one.dense, one.learnt = state[3:6]
        floor, one.detached = one.floor, state[9]
        if len(state) > 10:
            one.cadence, one.lasts = None if state[10] is None else Cadence(*state[10]), state[11]
        if len(state) > 12:
            one.entered = None if state[12] is None else Decided(*state[12])
            one.previous, one.kept = state[13:15]
        if len(state) > 15:
            one.still, one.unmoved = None if state[15] is None else tuple(state[15]), state[16]
        if state[6] is not None and floor is not None:
            one.baseline = Baseline.restore(state[6], floor, rules.baseline)
            one.shift = LevelShift.restore(state[7], rules.level_shift)
            one.trend = Trend.restore(state[8], floor, rules.trend)
        return one


def _written(known: Decided) -> tuple[object, ...]:
    """A decided value as it is kept: its steadiness is asked once, when it is decided."""
    told = astuple(known)[:STEADY_PLACE]
    return (*told, True, known.delayed) if known.delayed else told
