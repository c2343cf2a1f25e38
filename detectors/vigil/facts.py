"""What a move in an alert's life is judged by: its priority, whether it calls, and the rules for this patient."""

from detectors.calling import PRIORITIES
from detectors.rules import Rules
from detectors.vigil.episode import Episode
from detectors.vigil.life import Facts
from detectors.vigil.stay import Stay


def facts_of(episode: Episode, at: int, stay: Stay, rules: Rules) -> Facts:
    """The facts at a moment, under the plan and the ward of the stay."""
    calling = rules.calling
    latches = calling.latch_from
    return Facts(
        at,
        episode.priority,
        episode.interrupts,
        calling.ladder(stay.plan, stay.ward, episode.priority),
        PRIORITIES.index(latches.physiological if episode.kind == "physiological" else latches.technical),
        calling.reviews_at_most,
        int(calling.delivered_within_seconds * 1_000),
        episode.learned,
    )
