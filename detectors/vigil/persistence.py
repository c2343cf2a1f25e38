"""How long something must last before it is asked for: persistence, scaled to how bad it is and to who measured it.

By protocol: NEWS2 of 7 or more is high, 5 to 6 or a red score medium (RCP 2017, chart 4). Learned detectors
alone are low until the quality lab has shown their worth.
"""

from typing import Final

from msgspec import Struct, field

from detectors.calling import PRIORITIES
from detectors.news2 import News2
from detectors.response import EMERGENCY_FROM, URGENT_FROM
from detectors.rules import Rules
from detectors.vigil.cuff import Cuff
from detectors.vigil.red import NOW_AND_THEN, SAID, VITALS_OF, is_extreme
from detectors.vigil.window import SPOT, Decided
from schemas.alert_reason import Reason
from schemas.times import MINUTE_MS, NEVER

LOW, MEDIUM, HIGH = 1, 2, 3
KEPT_SCORES: Final = 32


class Red(Struct, array_like=True):
    """A red item: in how many fresh windows in a row, since when, whether it may interrupt, and whether a person has
    just measured it so.
    """

    count: int
    since: int
    confirmed: bool = False
    entered: bool = False


class AlertRequest(Struct, frozen=True):
    """What the persistence asks for now: `now` without persistence, `priority` with it; 0 is nothing. `proven` are the
    reds that a person has just measured; `alone`: a person's concern asks for it, and no vital does.
    """

    now: int
    priority: int
    interrupts: bool
    suppressed_by: str | None
    reason: Reason
    reds: tuple[str, ...]
    confirmed: tuple[str, ...]
    proven: tuple[str, ...] = ()
    alone: bool = False
    extremes: tuple[str, ...] = ()  # vitals whose extreme has to be called for
    still: int | None = None  # as `now`, of what has not yet left its limit by enough; None: as `now`
    far: tuple[str, ...] = ()  # vitals whose value in force is extreme
    paused: bool = False  # monitoring is paused, and nothing that breaks through a pause holds


NOTHING: Final = AlertRequest(0, 0, False, None, Reason.NOTHING_ASKED, (), ())


class Persistence(Struct, array_like=True):
    """What persistence remembers between decided windows."""

    scores: list[int] = []
    reds: dict[str, Red] = {}
    learned: int = 0
    limits: int = 0
    before: int | None = None
    lower: int = 0
    lower_max: int = 0
    corrected: bool = False  # a value that counted has just been taken back
    off_protocol: int = 0  # decided windows in which only learned detectors kept asking
    windows: list[tuple[int, int, int, int, int, int, int]] = []  # the last half hour, where the rules ask for it
    cuff: Cuff = field(default_factory=Cuff)

    def forget(self) -> None:
        """Back to nothing: another patient, or another stay."""
        self.scores, self.reds, self.windows, self.cuff = [], {}, [], Cuff()
        self.learned = self.limits = self.lower = self.lower_max = self.off_protocol = 0
        self.before, self.corrected = None, False

    def note(
        self,
        score: News2 | None,
        fresh: dict[str, Decided],
        findings: bool,
        broken: bool,
        at: int,
        entered: bool,
        rules: Rules,
        risk: int = 0,
    ) -> AlertRequest:
        """Takes one decided window (`fresh` empty: only time has passed) and says what is asked for; `risk`: the
        priority that a learned risk asks for, which has lasted already.
        """
        if fresh:
            self.learned = self.learned + 1 if findings else 0
            self.limits = self.limits + 1 if broken else 0
            if score is not None:
                self.scores.append(score.score_min)
                del self.scores[:-KEPT_SCORES]
        if score is None:
            self.scores, self.reds = [], {}
        elif score.red or self.reds:
            self._note_reds(score, fresh, at, entered, rules)
        if not (findings or risk or broken or self.reds) and (score is None or score.score_min < URGENT_FROM):
            return NOTHING
        return self._request(score, findings, broken, entered, rules, risk)

    def _note_reds(self, score: News2, fresh: dict[str, Decided], at: int, entered: bool, rules: Rules) -> None:
        red_now = {part.value for part in score.red}
        for part in [part for part in self.reds if part not in red_now]:
            del self.reds[part]
        for part in score.red:
            name = part.value
            values = [fresh[vital] for vital in VITALS_OF[name] if vital in fresh]
            red = self.reds.get(name)
            if red is None:
                red = self.reds[name] = Red(0, at)
            red.entered = any(value.source == SPOT for value in values)
            if values:
                red.count += 1
            if not red.confirmed:
                red.confirmed = self._confirms(name, red, values, at, rules)

    @staticmethod
    def _confirms(name: str, red: Red, values: list[Decided], at: int, rules: Rules) -> bool:
        if name in SAID:
            return True
        if any(value.source == SPOT or (value.steady and is_extreme(name, value.value, rules)) for value in values):
            return True
        if name in NOW_AND_THEN:
            return red.count >= 2 or at - red.since >= rules.cuff_red_minutes * MINUTE_MS
        if not values:
            return False  # a wearable's silence says nothing, and must not pass for a monitor's value
        if name == "resp_rate" and any(value.source == 1 for value in values):
            return red.count >= rules.wearable_resp_rate_red
        return red.count >= rules.stream.red

    def red_due(self, rules: Rules) -> int:
        """When a red value that is measured now and then may interrupt without being repeated; NEVER if none may."""
        wait = int(rules.cuff_red_minutes * MINUTE_MS)
        moments = [red.since + wait for name, red in self.reds.items() if name in NOW_AND_THEN and not red.confirmed]
        return min(moments, default=NEVER)

    def lasting(self, windows: int) -> int | None:
        """The score that each of the last `windows` decided windows reached."""
        recent = self.scores[-windows:]
        return min(recent) if len(recent) >= windows else None

    def _request(
        self, score: News2 | None, findings: bool, broken: bool, entered: bool, rules: Rules, risk: int
    ) -> AlertRequest:
        need = rules.spot if entered else rules.stream
        now, priority, interrupts, suppressed_by, reason = 0, 0, False, None, Reason.NOTHING_ASKED
        confirmed = tuple(sorted(name for name, red in self.reds.items() if red.confirmed))
        if findings:
            now = PRIORITIES.index(rules.calling.learned_priority)
            if self.learned >= need.learned:
                priority, interrupts, reason = now, now > LOW, Reason.LEARNED
                suppressed_by = None if interrupts else "learned"
            else:
                reason = Reason.NOT_YET_PERSISTENT
        if broken:
            now = MEDIUM
            if self.limits >= need.red:
                priority, interrupts, suppressed_by, reason = MEDIUM, True, None, Reason.PERSONAL_LIMIT
        if self.reds:
            interrupts = bool(confirmed) or (interrupts and reason is not Reason.LEARNED)
            now, priority, reason = MEDIUM, MEDIUM, Reason.RED_SCORE  # shown at once, always
            suppressed_by = None if interrupts else "persistence"
        if score is not None:
            high, medium = self.lasting(need.high), self.lasting(need.medium)
            if high is not None and high >= EMERGENCY_FROM:
                priority, interrupts, suppressed_by, reason = HIGH, True, None, Reason.NEWS2_HIGH
            elif medium is not None and medium >= URGENT_FROM:
                if not interrupts or reason is Reason.LEARNED:
                    reason = Reason.NEWS2_MEDIUM
                priority, interrupts, suppressed_by = MEDIUM, True, None
            if score.score_min >= EMERGENCY_FROM:
                now = HIGH
            elif score.score_min >= URGENT_FROM:
                now = max(now, MEDIUM)
        now = max(now, risk)
        if risk > priority or (risk > LOW and not interrupts):
            priority, interrupts, reason = max(priority, risk), risk > LOW, Reason.LEARNED
            suppressed_by = None if interrupts else "learned"
        if now and not priority and reason is Reason.NOTHING_ASKED:
            reason = Reason.NOT_YET_PERSISTENT
        proven = tuple(name for name in confirmed if self.reds[name].entered)
        return AlertRequest(
            now, priority, interrupts, suppressed_by, reason, tuple(sorted(self.reds)), confirmed, proven
        )
