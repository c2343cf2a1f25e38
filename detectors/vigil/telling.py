"""One revision of an episode, said: what goes out, and what is remembered of how often the patient's alerts called."""

from typing import Final, NamedTuple

from msgspec import Struct

from detectors.rules import Rules
from detectors.vigil.assessment import Assessment
from detectors.vigil.episode import Episode
from detectors.vigil.facts import facts_of
from detectors.vigil.lifecycle import OVER, Facts
from detectors.vigil.mark import worst_words
from detectors.vigil.report import advice, advice_of_a_call, alert_bytes, score_report
from schemas.action import Action
from schemas.alert import State
from schemas.alert_reason import Reason
from schemas.times import DAY_MS, HOUR_MS

CALLS_KEPT: Final = 100
PHYSIOLOGICAL, TECHNICAL = "physiological", "technical"
# What counts as being called: a raise, a return, a breakthrough, an escalation.
RESOUNDS: Final = frozenset({State.RAISED, State.WORSENED, State.RETURNED, State.ESCALATED})


class Said(NamedTuple):
    """Something to be sent: the logical topic, the bytes (None: forget this key), and the moment that made it."""

    topic: str
    value: bytes | None
    at: int


class Round(NamedTuple):
    """One look at the patient: the assessment, the rules in force, and where to say what is new."""

    assessment: Assessment
    rules: Rules
    out: list[Said]

    @property
    def at(self) -> int:
        """The moment."""
        return self.assessment.at

    def facts(self, episode: Episode) -> Facts:
        """What the episode's next move is judged by."""
        return facts_of(episode, self.assessment.at, self.assessment.stay, self.rules)


class Burden(Struct, array_like=True):
    """When this patient's alerts called, over the last day, and when learned ones did."""

    moments: list[int] = []
    learned: list[int] = []

    def count(self, at: int, learned: bool, most: int) -> None:
        """Takes one call into account, `most` learned ones being remembered."""
        self.moments = [*(moment for moment in self.moments if moment > at - DAY_MS), at][-CALLS_KEPT:]
        if learned:
            self.learned = [*self.learned, at][-most:]

    def of_day(self, at: int) -> int:
        """Calls in the last 24 hours; `CALLS_KEPT` may stand for more."""
        return sum(moment > at - DAY_MS for moment in self.moments)

    def full(self, at: int, rules: Rules) -> bool:
        """Whether learned alerts have called as often as this patient's limit allows, or have just called."""
        limit = rules.calling.patient_limit
        if self.learned and self.learned[-1] > at - int(rules.risk.rearm_hours * HOUR_MS):
            return True
        return sum(moment > at - int(limit.hours * HOUR_MS) for moment in self.learned) >= limit.calls


LEADS: Final = "Check the patient, then the leads."


def _advised(episode: Episode, now: Round, *, of_patient: bool, current: bool) -> str | None:
    if not of_patient:
        return episode.remedy if current else None
    if now.rules.watch is not None and episode.calls and now.assessment.leads_in_doubt(episode.extremes):
        return LEADS
    calm = now.rules.watch is None or not episode.calls
    return advice(now.assessment.score) if calm else advice_of_a_call(now.assessment.score)


def tell(
    episode: Episode,
    state: State,
    reason: Reason,
    now: Round,
    *,
    patient: str,
    mode: str,
    burden: Burden,
    previous: int | None,
    action: Action | None,
    current: bool,
) -> None:
    """Makes the next revision. `current`: the patient's values belong to it (it was open until now)."""
    assessment, rules = now.assessment, now.rules
    episode.revision += 1
    episode.state, episode.reason = state, reason.value
    if state in (State.RAISED, State.WORSENED):
        episode.worse_at = episode.revision
    of_patient = episode.kind == PHYSIOLOGICAL and current
    if of_patient:
        headline = assessment.headline(previous)
        if reason in (Reason.REPEATED, Reason.NOT_ANSWERED, Reason.NOBODY_ANSWERED) and episode.mark is not None:
            headline += worst_words(episode.mark, assessment)
        if reason is Reason.NOBODY_ANSWERED:
            headline = f"NOBODY HAS ANSWERED: {headline}"
        episode.headline = f"Over: {headline}" if episode.lifecycle.status in OVER else headline
    if episode.calls and (state in RESOUNDS or reason is Reason.PERSISTED):
        burden.count(assessment.at, episode.learned, rules.calling.patient_limit.calls)
    value = alert_bytes(
        episode,
        assessment.stay,
        patient,
        mode,
        assessment.at,
        score=score_report(assessment.score, previous, assessment.stay.scale) if of_patient else None,
        findings=assessment.findings() if of_patient else [],
        advised=_advised(episode, now, of_patient=of_patient, current=current),
        rules=rules,
        action=action,
    )
    now.out.append(Said("alerts", value, assessment.at))
