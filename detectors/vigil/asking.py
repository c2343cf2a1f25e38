"""What is asked for under rules that say how the watch behaves: reds, extremes, maternal criteria, NEWS2, in that order
of looking; what is worst counts.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from detectors.calling import PRIORITIES
from detectors.response import EMERGENCY_FROM, URGENT_FROM
from detectors.rules import Rules
from detectors.vigil.extremes import called_for, extremes
from detectors.vigil.maternity import Maternal, criteria
from detectors.vigil.persistence import HIGH, LOW, MEDIUM, NOTHING, AlertRequest, Persistence, Red
from detectors.vigil.red import NOW_AND_THEN, SAID
from detectors.vigil.window import Decided
from detectors.vigil.windows import (
    BIT,
    BIT_OF,
    EXTREME,
    ITEMS,
    MEASURES,
    RED,
    keep,
    lasts,
    rows,
    score_lasts,
    window_of,
)
from schemas.alert_reason import Reason
from schemas.times import MINUTE_MS, NEVER

if TYPE_CHECKING:
    from detectors.vigil.assessment import Assessment


def ask(
    persistence: Persistence,
    assessment: "Assessment",
    fresh: dict[str, Decided],
    *,
    entered: bool,
    rules: Rules,
    risk: int,
    alert_open: bool,
) -> AlertRequest:
    """Takes one decided window (`fresh` empty: only time has passed) and says what is asked for;
    `alert_open`: an alert is open, or an answer remembered, which ends only once everything has left its limit.
    """
    watch = rules.watch
    assert watch is not None
    score, at = assessment.score, assessment.at
    findings, broken = bool(assessment.noticed()), bool(assessment.broken())
    mother = criteria(assessment, rules) if assessment.stay.maternity is not None else None
    reds = [] if score is None else [part.value for part in score.red]
    more = [] if mother is None else [item for item in mother.items if item not in reds]
    far = extremes(assessment, rules) if assessment.values else []
    masked = bool(fresh) and persistence.cuff.masks(at, reds, far, assessment)
    if fresh and not masked:
        persistence.learned = persistence.learned + 1 if findings else 0
        persistence.limits = persistence.limits + 1 if broken else 0
        total = None if score is None else score.score_min
        if total is not None:
            persistence.scores.append(total)
            del persistence.scores[:-32]
        window = window_of(at, total, fresh, [*reds, *more], far, rules)
        keep(persistence.windows, window if mother is None else mother.seen(window, rules), watch.lasting)
    if fresh:
        persistence.cuff.note(fresh, persistence.windows)
    severe = mother is not None and bool(mother.severe(persistence.windows, rules))
    quiet = not (reds or more or far or findings or risk or broken or severe)
    quiet = quiet and (score is None or score.score_min < URGENT_FROM)
    if quiet or masked:
        persistence.reds = {}
        return replace(NOTHING, still=_still(assessment, reds, rules)) if alert_open else NOTHING
    return _request(persistence, assessment, fresh, reds, mother, far, findings, broken, entered, rules, risk)


def _request(
    persistence: Persistence,
    assessment: "Assessment",
    fresh: dict[str, Decided],
    reds: list[str],
    mother: Maternal | None,
    far: list[str],
    findings: bool,
    broken: bool,
    entered: bool,
    rules: Rules,
    risk: int,
) -> AlertRequest:
    watch, score = rules.watch, assessment.score
    assert watch is not None
    lasting = watch.lasting
    asked = called_for(assessment, far, persistence.windows, frozenset(fresh), rules) if far else []
    asked += _second(persistence, assessment, reds, far, rules) if reds else []
    grave = [item for item in reds if not set(ITEMS[item]).isdisjoint(asked)]
    free = [item for item in reds if not _inside_limit(assessment, item)]
    confirmed = [item for item in free if item in grave or _red_lasts(persistence, assessment, item, rules)]
    now, priority, interrupts, suppressed_by, reason = 0, 0, False, None, Reason.NOTHING_ASKED
    if findings:
        now = PRIORITIES.index(rules.calling.learned_priority)
        if persistence.learned >= (rules.spot if entered else rules.stream).learned:
            priority, interrupts, reason = now, now > LOW, Reason.LEARNED
            suppressed_by = None if interrupts else "learned"
        else:
            reason = Reason.NOT_YET_PERSISTENT
    if broken:
        now = MEDIUM
        if persistence.limits >= (rules.spot if entered else rules.stream).red:
            priority, interrupts, suppressed_by, reason = MEDIUM, True, None, Reason.PERSONAL_LIMIT
    if mother is not None and mother.items:
        called = [item for item in mother.items if item not in reds and mother.lasts(item, persistence.windows, rules)]
        confirmed += called
        now, priority = max(now, MEDIUM), max(priority, MEDIUM)
        interrupts = interrupts or bool(called)
        suppressed_by, reason = None if interrupts else "persistence", Reason.MATERNAL
    severe = () if mother is None else mother.severe(persistence.windows, rules)
    if severe:
        confirmed += [name for name in severe if name not in confirmed]
        now = priority = HIGH
        interrupts, suppressed_by, reason = True, None, Reason.MATERNAL
    if reds:
        interrupts = bool(set(confirmed) & set(reds)) or (interrupts and reason is not Reason.LEARNED)
        now, priority, reason = max(now, MEDIUM), max(priority, MEDIUM), Reason.RED_SCORE  # shown at once, always
        suppressed_by = None if interrupts else "persistence" if free else "calling_limit"
    if score is not None:
        # what a person has just measured counts at once, if it is what scores
        at_once = entered and any(assessment.scores(name) for name in fresh)
        if score.score_min >= EMERGENCY_FROM:
            now = HIGH
            if at_once or score_lasts(persistence.windows, EMERGENCY_FROM, lasting.high_seconds, lasting):
                priority, interrupts, suppressed_by, reason = HIGH, True, None, Reason.NEWS2_HIGH
        elif score.score_min >= URGENT_FROM:
            now = max(now, MEDIUM)
        if score.score_min >= URGENT_FROM and (
            at_once or score_lasts(persistence.windows, URGENT_FROM, lasting.medium_seconds, lasting)
        ):
            if not interrupts or reason is Reason.LEARNED:
                reason = Reason.NEWS2_MEDIUM
            priority, interrupts, suppressed_by = max(priority, MEDIUM), True, None
    if far or asked:
        now = HIGH
        if asked:
            priority, interrupts, suppressed_by = HIGH, True, None
            reason = Reason.EXTREME if reason is not Reason.NEWS2_HIGH else reason
        elif not priority:
            priority, suppressed_by, reason = MEDIUM, "persistence", Reason.EXTREME
    now = max(now, risk)
    if risk > priority or (risk > LOW and not interrupts):
        priority, interrupts, reason = max(priority, risk), risk > LOW, Reason.LEARNED
        suppressed_by = None if interrupts else "learned"
    if now and not priority and reason is Reason.NOTHING_ASKED:
        reason = Reason.NOT_YET_PERSISTENT
    everything = {*reds, *(mother.items if mother else ()), *severe}
    persistence.reds = {
        item: Red(_in_a_row(persistence, item), assessment.at, item in confirmed) for item in sorted(everything)
    }
    proven = tuple(item for item in confirmed if any(assessment.entered(name) for name in ITEMS[item]))
    return AlertRequest(
        now,
        priority,
        interrupts,
        suppressed_by,
        reason,
        tuple(persistence.reds),
        tuple(sorted(confirmed)),
        proven,
        extremes=tuple(asked),
        still=max(now, _still(assessment, reds, rules)),
        far=tuple(far),
    )


def _second(
    persistence: Persistence, assessment: "Assessment", reds: list[str], far: list[str], rules: Rules
) -> list[str]:
    """Vitals of slow streams that were extreme one value ago, waited for a second one, and are red still."""
    watch = rules.watch
    assert watch is not None
    limits, found = watch.lasting, []
    for name in (name for item in reds for name in ITEMS[item] if name not in far and name != "systolic_bp"):
        since = assessment.at - int(limits.slow_minutes * MINUTE_MS)
        seen = rows(persistence.windows, MEASURES.get(name, 0) or BIT[name], EXTREME, BIT[name], since)
        if len(seen) < 2 or seen[-1][0] != assessment.at or not seen[-2][1]:
            continue
        if seen[-1][0] - seen[-2][0] > limits.extreme_seconds * 1_000:
            found.append(name)
    return found


def _still(assessment: "Assessment", reds: list[str], rules: Rules) -> int:
    """What would still be asked for if each limit lay a little further in: what has not yet left it."""
    watch, score = rules.watch, assessment.score
    if score is None or watch is None:
        return 0
    memory = watch.memory
    if score.score_min >= EMERGENCY_FROM - memory.score:
        return HIGH
    if score.score_min >= URGENT_FROM - memory.score or reds or assessment.nearly_red(memory):
        return MEDIUM
    return 0


def _inside_limit(assessment: "Assessment", item: str) -> bool:
    """Whether a doctor ordered that this red item alone calls nobody as long as it lies within these bounds."""
    orders = assessment.stay.calling_limits
    if not orders:
        return False
    values = [(name, assessment.value(name)) for name in ITEMS[item]]
    told = [(name, value) for name, value in values if value is not None]
    return bool(told) and all(
        any(order.vital == name and order.holds(value) for order in orders) for name, value in told
    )


def _red_lasts(persistence: Persistence, assessment: "Assessment", item: str, rules: Rules) -> bool:
    if item in SAID:
        return True
    watch = rules.watch
    assert watch is not None
    if any(assessment.entered(name) for name in ITEMS[item]):
        return True
    limits, at = watch.lasting, assessment.at
    found = rows(persistence.windows, MEASURES[item], RED, BIT_OF[item], at - int(limits.slow_minutes * MINUTE_MS))
    if item in NOW_AND_THEN:
        if not found or not found[-1][1]:
            return False
        began = next((m for m, _ in _run(found)), at)
        return len(_run(found)) > 1 or at - began >= rules.cuff_red_minutes * MINUTE_MS
    wearable = item == "resp_rate" and (known := assessment.tracks[item].known) is not None and known.source == 1
    return lasts(found, at, rules.wearable_resp_rate_red if wearable else rules.stream.red, limits)


def _in_a_row(persistence: Persistence, item: str) -> int:
    """In how many measured windows in a row the item has been red."""
    return len(_run(rows(persistence.windows, MEASURES[item], RED, BIT_OF[item], 0)))


def _run(found: list[tuple[int, bool]]) -> list[tuple[int, bool]]:
    run: list[tuple[int, bool]] = []
    for one in reversed(found):
        if not one[1]:
            break
        run.insert(0, one)
    return run


def red_due(persistence: Persistence, rules: Rules) -> int:
    """When a red or extreme value that is measured now and then may call without being repeated."""
    if not persistence.reds:
        return NEVER
    wait, moments = int(rules.cuff_red_minutes * MINUTE_MS), []
    for item in NOW_AND_THEN:
        for what in (RED, EXTREME):
            run = _run(rows(persistence.windows, MEASURES[item], what, BIT_OF[item], 0))
            if run:
                moments.append(run[0][0] + wait)
    return min(moments, default=NEVER)
