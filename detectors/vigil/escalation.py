"""What time does to an alert: the steps of an escalation, the end of an acknowledgement or a snooze, the last moment to
undo.
"""

from msgspec.structs import replace

from detectors.calling import RANKS, EscalationStep
from detectors.vigil.lifecycle import ANSWERED, HIGH, Facts, Lifecycle, Turn, back, leave
from detectors.vigil.receipts import Called, delivery_of, everybody_failed, passed_over_at
from schemas.action import ActionReason, Step
from schemas.alert import AlertStatus, Delivery, State
from schemas.alert_reason import Reason
from schemas.times import MINUTE_MS, NEVER

_S = AlertStatus


def escalate(lifecycle: Lifecycle, facts: Facts) -> Turn:
    """Takes the steps that are due, or whose step before reaches nobody, and says of those that reached nobody."""
    said: list[tuple[State, Reason]] = []
    steps = list(lifecycle.steps)
    for place, step in enumerate(steps):
        if _undelivered(step, lifecycle, facts) and step.at + facts.delivered_within <= facts.at:
            steps[place] = replace(step, told=True)
            said.append((State.UPDATED, Reason.NOT_DELIVERED))
    assert lifecycle.called is not None
    for escalation_step in _above(lifecycle, facts.ladder):
        if lifecycle.called + int(escalation_step.after_minutes * MINUTE_MS) <= facts.at:
            steps.append(Called(escalation_step.to.value, facts.at))
            said.append((State.ESCALATED, Reason.NOT_ANSWERED))
    if _last_resort_at(lifecycle, facts) <= facts.at:
        steps.append(Called(Step.LAST_RESORT.value, facts.at))
        said.append((State.ESCALATED, Reason.NOBODY_ANSWERED))
    taken = len(lifecycle.steps)
    if len(steps) == taken and _passed_over_at(lifecycle, facts) <= facts.at:
        beyond = _beyond(lifecycle, facts)
        assert beyond is not None
        steps.append(Called(beyond, facts.at))
        declined = delivery_of(_last_reached(lifecycle.steps)) is Delivery.DECLINED
        said.append((State.ESCALATED, Reason.DECLINED if declined else Reason.NOT_DELIVERED))
    if len(steps) > taken:
        steps[:taken] = [replace(step, told=True) if everybody_failed(step) else step for step in steps[:taken]]
    repeats = lifecycle.repeats
    if _repeat_at(lifecycle, facts) <= facts.at:
        repeats = (facts.at - lifecycle.called) // facts.repeat_ms
        if all(state is not State.ESCALATED for state, _ in said):  # a step that is due now says it already
            said.append((State.ESCALATED, Reason.REPEATED))
    return Turn(replace(lifecycle, steps=tuple(steps), repeats=repeats), tuple(said))


def _repeat_at(lifecycle: Lifecycle, facts: Facts) -> int:
    """When the call is repeated next; NEVER where the rules repeat none."""
    if not facts.repeat_ms or lifecycle.called is None:
        return NEVER
    return lifecycle.called + (lifecycle.repeats + 1) * facts.repeat_ms


def _last_reached(steps: tuple[Called, ...]) -> Called:
    """The highest step that was taken."""
    return max(steps, key=lambda step: RANKS[Step(step.to)])


def _beyond(lifecycle: Lifecycle, facts: Facts) -> str | None:
    """Who comes after the highest step that was taken; None where there is nobody."""
    if any(step.to == Step.LAST_RESORT.value for step in lifecycle.steps):
        return None
    above = _above(lifecycle, facts.ladder)
    last = Step.LAST_RESORT.value if facts.last_resort_ms else None
    return above[0].to.value if above else last


def _passed_over_at(lifecycle: Lifecycle, facts: Facts) -> int:
    """When the next step is taken before its time, because the one before reaches nobody; NEVER where it does not."""
    if not lifecycle.steps or not facts.ladder or _beyond(lifecycle, facts) is None:
        return NEVER
    return passed_over_at(_last_reached(lifecycle.steps), facts.delivered_within)


def _last_resort_at(lifecycle: Lifecycle, facts: Facts) -> int:
    """When the site's last address is called: never before the last step of the ladder has had its time."""
    reached = any(step.to == Step.LAST_RESORT.value for step in lifecycle.steps)
    if not facts.last_resort_ms or reached or lifecycle.called is None or not facts.ladder:
        return NEVER
    last = int(facts.ladder[-1].after_minutes * MINUTE_MS)
    return lifecycle.called + max(facts.last_resort_ms, last + facts.repeat_ms)


def lapse(lifecycle: Lifecycle, facts: Facts) -> Turn:
    """The answer has ended and the condition holds: back. After too many reviews it goes to the shift lead at once.
    What only learned detectors ask for comes back to be shown: once owned, it calls again only for the worse; so does
    anything below high, where the rules say so.

    The design contradicts itself here. Its section 3: a medium returns if any value measured after the answer still
    asks for it; its section 9: at most half a call a day of a medium that is answered and unchanged. Both cannot hold
    of a NEWS2 of 5 for a day on a stream, which would return each two hours. Section 9 is what is counted, and what
    a ward needs: a medium comes back to be shown, calls for whatever is worse by a step, and overdue observations call.
    """
    if lifecycle.status is _S.SNOOZED:
        return back(lifecycle, facts, Reason.SNOOZE_ENDED)
    if facts.learned or (facts.only_high_returns and facts.priority < HIGH):
        facts = facts._replace(calls=False)
    returned, said = back(lifecycle, facts, Reason.ACKNOWLEDGEMENT_EXPIRED)
    enough = facts.priority == HIGH and lifecycle.reviews >= facts.reviews_at_most
    if (
        returned.called is not None
        and enough
        and lifecycle.answer is not None
        and lifecycle.answer.reason == ActionReason.REVIEWING
    ):
        lead = [escalation_step for escalation_step in facts.ladder if escalation_step.to is Step.SHIFT_LEAD]
        returned = replace(
            returned, steps=tuple(Called(escalation_step.to.value, facts.at) for escalation_step in lead)
        )
        said += ((State.ESCALATED, Reason.REVIEWED_ENOUGH),) * len(lead)
    return Turn(returned, said)


def settle(lifecycle: Lifecycle) -> Turn:
    """What was done can no longer be undone."""
    if lifecycle.status is _S.CLOSING:
        return leave(lifecycle, Reason.SEEN)
    return Turn(replace(lifecycle, before=None))


def due(lifecycle: Lifecycle, facts: Facts) -> int:
    """When time will next move this lifecycle; NEVER if it will not. `facts.at` is of no account."""
    status, answer = lifecycle.status, lifecycle.answer
    if status is _S.CALLING:
        assert lifecycle.called is not None
        moments = [
            lifecycle.called + int(escalation_step.after_minutes * MINUTE_MS)
            for escalation_step in _above(lifecycle, facts.ladder)[:1]
        ]
        untold = [step for step in lifecycle.steps if _undelivered(step, lifecycle, facts)]
        moments += [step.at + facts.delivered_within for step in untold]
        moments += [_repeat_at(lifecycle, facts), _last_resort_at(lifecycle, facts), _passed_over_at(lifecycle, facts)]
        return min(moments, default=NEVER)
    if answer is None or status is _S.RESOLVED:
        return NEVER
    undo_until = NEVER if lifecycle.before is None else answer.undo_until
    return undo_until if status is _S.CLOSING else min(answer.until, undo_until)


def pass_time(lifecycle: Lifecycle, facts: Facts) -> Turn:
    """Whatever is due by now."""
    status, answer = lifecycle.status, lifecycle.answer
    if status is _S.CALLING:
        return escalate(lifecycle, facts)
    if answer is None:
        return Turn(lifecycle)
    if status in ANSWERED and answer.until <= facts.at:
        return lapse(lifecycle, facts)
    return settle(lifecycle) if lifecycle.before is not None and answer.undo_until <= facts.at else Turn(lifecycle)


def next_escalation_step(lifecycle: Lifecycle, ladder: tuple[EscalationStep, ...]) -> tuple[EscalationStep, int] | None:
    """The next step, and when it comes if nobody answers."""
    if lifecycle.status is not _S.CALLING or lifecycle.called is None:
        return None
    return next(
        (
            (escalation_step, lifecycle.called + int(escalation_step.after_minutes * MINUTE_MS))
            for escalation_step in _above(lifecycle, ladder)
        ),
        None,
    )


def _above(lifecycle: Lifecycle, ladder: tuple[EscalationStep, ...]) -> list[EscalationStep]:
    reached = max((RANKS[step.to] for step in lifecycle.steps if step.to != Step.LAST_RESORT), default=0)
    return [escalation_step for escalation_step in ladder if RANKS[escalation_step.to] > reached]


def _undelivered(step: Called, lifecycle: Lifecycle, facts: Facts) -> bool:
    """Whether it is still to be told that a step reached nobody: not where the next step, taken at once, tells it."""
    if step.delivered is not None or step.told:
        return False
    if not everybody_failed(step):
        return True
    last, beyond = _last_reached(lifecycle.steps), _beyond(lifecycle, facts)
    return step != last or not facts.ladder or beyond is None
