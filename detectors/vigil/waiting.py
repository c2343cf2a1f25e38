"""What time does to an alert: the steps of an escalation, the end of an acknowledgement or a snooze, the last moment to
undo.
"""

from msgspec.structs import replace

from detectors.calling import RANKS, Rung
from detectors.vigil.life import ANSWERED, HIGH, Called, Facts, Life, Turn, back, leave
from detectors.vigil.reason import Reason
from schemas.action import Because, Step
from schemas.alert import Standing, State
from schemas.times import MINUTE_MS, NEVER

_S = Standing


def climb(life: Life, facts: Facts) -> Turn:
    """Takes the steps that are due, and says of those before them that reached nobody."""
    said: list[tuple[State, Reason]] = []
    steps = list(life.steps)
    for place, step in enumerate(steps):
        if _undelivered(step) and step.at + facts.delivered_within <= facts.at:
            steps[place] = replace(step, told=True)
            said.append((State.UPDATED, Reason.NOT_DELIVERED))
    assert life.called is not None
    for rung in _above(life, facts.ladder):
        if life.called + int(rung.after_minutes * MINUTE_MS) <= facts.at:
            steps.append(Called(rung.to.value, facts.at))
            said.append((State.ESCALATED, Reason.NOT_ANSWERED))
    if _last_resort_at(life, facts) <= facts.at:
        steps.append(Called(Step.LAST_RESORT.value, facts.at))
        said.append((State.ESCALATED, Reason.NOBODY_ANSWERED))
    repeats = life.repeats
    if _repeat_at(life, facts) <= facts.at:
        repeats = (facts.at - life.called) // facts.repeat_ms
        if all(state is not State.ESCALATED for state, _ in said):  # a step that is due now says it already
            said.append((State.ESCALATED, Reason.REPEATED))
    return Turn(replace(life, steps=tuple(steps), repeats=repeats), tuple(said))


def _repeat_at(life: Life, facts: Facts) -> int:
    """When the call is repeated next; NEVER where the rules repeat none."""
    if not facts.repeat_ms or life.called is None:
        return NEVER
    return life.called + (life.repeats + 1) * facts.repeat_ms


def _last_resort_at(life: Life, facts: Facts) -> int:
    """When the site's last address is called: never before the last step of the ladder has had its time."""
    reached = any(step.to == Step.LAST_RESORT.value for step in life.steps)
    if not facts.last_resort_ms or reached or life.called is None or not facts.ladder:
        return NEVER
    last = int(facts.ladder[-1].after_minutes * MINUTE_MS)
    return life.called + max(facts.last_resort_ms, last + facts.repeat_ms)


def lapse(life: Life, facts: Facts) -> Turn:
    """The answer has ended and the condition holds: back. After too many reviews it goes to the shift lead at once.
    What only learned detectors ask for comes back to be shown: once owned, it calls again only for the worse; so does
    anything below high, where the rules say so.
    """
    if life.standing is _S.SNOOZED:
        return back(life, facts, Reason.SNOOZE_ENDED)
    if facts.learned or (facts.only_high_returns and facts.priority < HIGH):
        facts = facts._replace(calls=False)
    returned, said = back(life, facts, Reason.ACKNOWLEDGEMENT_EXPIRED)
    enough = facts.priority == HIGH and life.reviews >= facts.reviews_at_most
    if returned.called is not None and enough and life.answer is not None and life.answer.reason == Because.REVIEWING:
        lead = [rung for rung in facts.ladder if rung.to is Step.SHIFT_LEAD]
        returned = replace(returned, steps=tuple(Called(rung.to.value, facts.at) for rung in lead))
        said += ((State.ESCALATED, Reason.REVIEWED_ENOUGH),) * len(lead)
    return Turn(returned, said)


def settle(life: Life) -> Turn:
    """What was done can no longer be undone."""
    if life.standing is _S.CLOSING:
        return leave(life, Reason.SEEN)
    return Turn(replace(life, before=None))


def due(life: Life, facts: Facts) -> int:
    """When time will next move this life; NEVER if it will not. `facts.at` is of no account."""
    standing, answer = life.standing, life.answer
    if standing is _S.CALLING:
        assert life.called is not None
        moments = [life.called + int(rung.after_minutes * MINUTE_MS) for rung in _above(life, facts.ladder)[:1]]
        moments += [step.at + facts.delivered_within for step in life.steps if _undelivered(step)]
        moments += [_repeat_at(life, facts), _last_resort_at(life, facts)]
        return min(moments, default=NEVER)
    if answer is None or standing is _S.RESOLVED:
        return NEVER
    undo_until = NEVER if life.before is None else answer.undo_until
    return undo_until if standing is _S.CLOSING else min(answer.until, undo_until)


def pass_time(life: Life, facts: Facts) -> Turn:
    """Whatever is due by now."""
    standing, answer = life.standing, life.answer
    if standing is _S.CALLING:
        return climb(life, facts)
    if answer is None:
        return Turn(life)
    if standing in ANSWERED and answer.until <= facts.at:
        return lapse(life, facts)
    return settle(life) if life.before is not None and answer.undo_until <= facts.at else Turn(life)


def next_rung(life: Life, ladder: tuple[Rung, ...]) -> tuple[Rung, int] | None:
    """The next step, and when it comes if nobody answers."""
    if life.standing is not _S.CALLING or life.called is None:
        return None
    return next(((rung, life.called + int(rung.after_minutes * MINUTE_MS)) for rung in _above(life, ladder)), None)


def _above(life: Life, ladder: tuple[Rung, ...]) -> list[Rung]:
    reached = max((RANKS[step.to] for step in life.steps if step.to != Step.LAST_RESORT), default=0)
    return [rung for rung in ladder if RANKS[rung.to] > reached]


def _undelivered(step: Called) -> bool:
    return step.delivered is None and not step.told
