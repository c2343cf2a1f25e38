"""What is asked for under rules that say how the watch behaves: reds, extremes, maternal criteria, NEWS2, in that order
of looking; what is worst counts.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from detectors.calling import PRIORITIES
from detectors.response import EMERGENCY_FROM, URGENT_FROM
from detectors.rules import Rules
from detectors.vigil.course import HIGH, LOW, MEDIUM, NOTHING, Course, Demand, Red
from detectors.vigil.epoch import SPOT, Decided
from detectors.vigil.extremes import called_for, extremes
from detectors.vigil.maternity import Maternal, criteria
from detectors.vigil.reason import Reason
from detectors.vigil.red import NOW_AND_THEN, SAID
from detectors.vigil.windows import (
    AT,
    BIT_OF,
    ITEMS,
    MEASURES,
    RED,
    keep,
    lasts,
    rows,
    score_lasts,
    window_of,
)
from schemas.times import MINUTE_MS

if TYPE_CHECKING:
    from detectors.vigil.picture import Picture


def ask(
    course: Course,
    picture: "Picture",
    fresh: dict[str, Decided],
    *,
    entered: bool,
    rules: Rules,
    risk: int,
    standing: bool,
) -> Demand:
    """Takes one decided window (`fresh` empty: only time has passed) and says what is asked for; `standing`: an alert
    is open, which ends only once everything has left its limit.
    """
    watch = rules.watch
    assert watch is not None
    score, at = picture.score, picture.at
    findings, broken = bool(picture.noticed()), bool(picture.broken())
    mother = criteria(picture, rules) if picture.stay.maternity is not None else None
    reds = [] if score is None else [part.value for part in score.red]
    more = [] if mother is None else [item for item in mother.items if item not in reds]
    far = extremes(picture, rules) if picture.values else []
    if fresh:
        course.learned = course.learned + 1 if findings else 0
        course.limits = course.limits + 1 if broken else 0
        total = None if score is None else score.score_min
        if total is not None:
            course.scores.append(total)
            del course.scores[:-32]
        keep(course.windows, window_of(at, total, fresh, [*reds, *more], far, rules), watch.lasting)
    quiet = not (reds or more or far or findings or risk or broken) and (score is None or score.score_min < URGENT_FROM)
    if quiet:
        course.reds = {}
        return replace(NOTHING, still=_still(picture, reds, rules)) if standing else NOTHING
    return _demand(course, picture, fresh, reds, mother, far, findings, broken, entered, rules, risk)


def _demand(
    course: Course,
    picture: "Picture",
    fresh: dict[str, Decided],
    reds: list[str],
    mother: Maternal | None,
    far: list[str],
    findings: bool,
    broken: bool,
    entered: bool,
    rules: Rules,
    risk: int,
) -> Demand:
    watch, score = rules.watch, picture.score
    assert watch is not None
    lasting = watch.lasting
    asked = called_for(picture, far, course.windows, frozenset(fresh), rules) if far else []
    grave = [item for item in reds if not set(ITEMS[item]).isdisjoint(asked)]
    free = [item for item in reds if not _inside_limit(picture, item)]
    confirmed = [item for item in free if item in grave or _red_lasts(course, picture, item, rules)]
    now, priority, interrupts, held_by, reason = 0, 0, False, None, Reason.NOTHING_ASKED
    if findings:
        now = PRIORITIES.index(rules.calling.learned_priority)
        if course.learned >= (rules.spot if entered else rules.stream).learned:
            priority, interrupts, reason = now, now > LOW, Reason.LEARNED
            held_by = None if interrupts else "learned"
        else:
            reason = Reason.NOT_YET_PERSISTENT
    if broken:
        now = MEDIUM
        if course.limits >= (rules.spot if entered else rules.stream).red:
            priority, interrupts, held_by, reason = MEDIUM, True, None, Reason.PERSONAL_LIMIT
    if mother is not None and mother.items:
        called = [item for item in mother.items if item not in reds and mother.lasts(item, course.windows, rules)]
        confirmed += called
        now, priority = max(now, MEDIUM), max(priority, MEDIUM)
        interrupts = interrupts or bool(called)
        held_by, reason = None if interrupts else "persistence", Reason.MATERNAL
        if mother.severe(course.windows, rules):
            now = priority = HIGH
            interrupts, held_by = True, None
    if reds:
        interrupts = bool(set(confirmed) & set(reds)) or (interrupts and reason is not Reason.LEARNED)
        now, priority, reason = max(now, MEDIUM), max(priority, MEDIUM), Reason.RED_SCORE  # shown at once, always
        held_by = None if interrupts else "persistence" if free else "calling_limit"
    if score is not None:
        # what a person has just measured counts at once, if it is what scores
        at_once = entered and any(picture.scores(name) for name in fresh)
        if score.score_min >= EMERGENCY_FROM:
            now = HIGH
            if at_once or score_lasts(course.windows, EMERGENCY_FROM, lasting.high_seconds, lasting):
                priority, interrupts, held_by, reason = HIGH, True, None, Reason.NEWS2_HIGH
        elif score.score_min >= URGENT_FROM:
            now = max(now, MEDIUM)
        if score.score_min >= URGENT_FROM and (
            at_once or score_lasts(course.windows, URGENT_FROM, lasting.medium_seconds, lasting)
        ):
            if not interrupts or reason is Reason.LEARNED:
                reason = Reason.NEWS2_MEDIUM
            priority, interrupts, held_by = max(priority, MEDIUM), True, None
    if far:
        now = HIGH
        if asked:
            priority, interrupts, held_by = HIGH, True, None
            reason = Reason.EXTREME if reason is not Reason.NEWS2_HIGH else reason
        elif not priority:
            priority, held_by, reason = MEDIUM, "persistence", Reason.EXTREME
    now = max(now, risk)
    if risk > priority or (risk > LOW and not interrupts):
        priority, interrupts, reason = max(priority, risk), risk > LOW, Reason.LEARNED
        held_by = None if interrupts else "learned"
    if now and not priority and reason is Reason.NOTHING_ASKED:
        reason = Reason.NOT_YET_PERSISTENT
    everything = {*reds, *(mother.items if mother else ())}
    course.reds = {item: Red(0, picture.at, item in confirmed) for item in sorted(everything)}
    proven = tuple(item for item in confirmed if any(picture.entered(name) for name in ITEMS[item]))
    return Demand(
        now,
        priority,
        interrupts,
        held_by,
        reason,
        tuple(course.reds),
        tuple(sorted(confirmed)),
        proven,
        extremes=tuple(asked),
        still=max(now, _still(picture, reds, rules)),
        far=tuple(far),
    )


def _still(picture: "Picture", reds: list[str], rules: Rules) -> int:
    """What would still be asked for if each limit lay a little further in: what has not yet left it."""
    watch, score = rules.watch, picture.score
    if score is None or watch is None:
        return 0
    memory = watch.memory
    if score.score_min >= EMERGENCY_FROM - memory.score:
        return HIGH
    if score.score_min >= URGENT_FROM - memory.score or reds or picture.nearly_red(memory):
        return MEDIUM
    return 0


def _inside_limit(picture: "Picture", item: str) -> bool:
    """Whether a doctor ordered that this red item alone calls nobody as long as it lies within these bounds."""
    orders = picture.stay.calling_limits
    if not orders:
        return False
    values = [(name, picture.value(name)) for name in ITEMS[item]]
    told = [(name, value) for name, value in values if value is not None]
    return bool(told) and all(
        any(order.vital == name and order.holds(value) for order in orders) for name, value in told
    )


def _red_lasts(course: Course, picture: "Picture", item: str, rules: Rules) -> bool:
    if item in SAID:
        return True
    watch = rules.watch
    assert watch is not None
    if any(picture.entered(name) for name in ITEMS[item]):
        return True
    limits, at = watch.lasting, picture.at
    found = rows(course.windows, MEASURES[item], RED, BIT_OF[item], at - int(limits.slow_minutes * MINUTE_MS))
    if item in NOW_AND_THEN:
        if not found or not found[-1][1]:
            return False
        began = next((m for m, _ in _run(found)), at)
        return len(_run(found)) > 1 or at - began >= rules.cuff_red_minutes * MINUTE_MS
    wearable = item == "resp_rate" and (known := picture.tracks[item].known) is not None and known.source == 1
    return lasts(found, at, rules.wearable_resp_rate_red if wearable else rules.stream.red, limits)


def _run(found: list[tuple[int, bool]]) -> list[tuple[int, bool]]:
    run: list[tuple[int, bool]] = []
    for one in reversed(found):
        if not one[1]:
            break
        run.insert(0, one)
    return run


def red_due(course: Course, rules: Rules) -> int:
    """When a red or extreme value that is measured now and then may call without being repeated."""
    wait, moments = int(rules.cuff_red_minutes * MINUTE_MS), []
    for item in (*NOW_AND_THEN,):
        found = rows(course.windows, MEASURES[item], RED, BIT_OF[item], 0)
        run = _run(found)
        if run:
            moments.append(run[0][0] + wait)
    return min(moments, default=1 << 62)


__all__ = ["AT", "SPOT", "ask", "red_due"]
