"""What a move in an alert's lifecycle is judged by: its priority, whether it calls, and the rules for this patient."""

from detectors.calling import PRIORITIES
from detectors.rules import Rules
from detectors.vigil.episode import OVERDUE, Episode
from detectors.vigil.lifecycle import Facts
from detectors.vigil.persistence import LOW
from detectors.vigil.stay import Stay
from schemas.times import MINUTE_MS


def facts_of(episode: Episode, at: int, stay: Stay, rules: Rules) -> Facts:
    """The facts at a moment, under the plan and the ward of the stay."""
    calling, watched = rules.calling, rules.watch is not None
    latches = calling.latch_from
    return Facts(
        at,
        episode.priority,
        episode.interrupts and not episode.covered,
        calling.ladder(stay.plan, stay.ward, episode.priority, extreme=bool(episode.extremes)),
        PRIORITIES.index(latches.physiological if episode.kind == "physiological" else latches.technical),
        calling.reviews_at_most,
        int(calling.delivered_within_seconds * 1_000),
        episode.learned,
        calling.repeats.ms(episode.priority) if calling.repeats is not None and episode.priority > LOW else 0,
        int((calling.last_resort_minutes or 0) * MINUTE_MS) if episode.priority > LOW else 0,
        watched,
        watched and stay.plan in ("limited", "comfort"),
        _holds_at_least(episode, stay, rules),
    )


def _holds_at_least(episode: Episode, stay: Stay, rules: Rules) -> int:
    """An answer about overdue observations holds until the next ones are: they are told of once an interval."""
    if rules.watch is None or episode.subject != OVERDUE:
        return 0
    return int(max(stay.observe_every, rules.watch.loss.overdue_least_minutes) * MINUTE_MS)
