"""An answer that outlives what it answered: the same again, no worse by a step, is shown and calls nobody."""

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from detectors.rules import Rules
from detectors.vigil.mark import Mark, breakthrough
from detectors.vigil.persistence import HIGH, AlertRequest
from schemas.action import ActionReason
from schemas.alert import AlertStatus
from schemas.times import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from detectors.vigil.assessment import Assessment
    from detectors.vigil.episode import Episode

# Answers that say nothing of the patient are not remembered.
FORGOTTEN: Final = frozenset({ActionReason.ARTEFACT.value, ActionReason.EQUIPMENT.value, ActionReason.OFF_WARD.value})


class Answered(Struct, array_like=True, frozen=True):
    """What was answered: the red items, the priority, the score and the worst values; until when that is known at the
    longest, and since when all has been clear of its limits by enough.
    """

    reds: tuple[str, ...]
    priority: int
    score: int | None
    mark: Mark
    ward: str | None
    until: int
    ended: int

    def covers(self, request: AlertRequest, assessment: "Assessment", rules: Rules) -> bool:
        """Whether what is asked for now is what was answered, no worse."""
        watch, at = rules.watch, assessment.at
        if watch is None or at >= self.until or at - self.ended > int(watch.memory.clear_minutes * MINUTE_MS):
            return False
        if assessment.stay.ward != self.ward or request.priority > self.priority or request.priority == HIGH:
            return False
        if not set(request.reds) <= set(self.reds):
            return False
        score = assessment.score
        if score is not None and self.score is not None and score.score_min > max(self.score, 4) + watch.memory.score:
            return False
        fresh = {name: track.known for name, track in assessment.tracks.items() if track.known is not None}
        trial = Mark(dict(self.mark.values), list(self.mark.extremes), self.mark.oxygen)
        return breakthrough(trial, assessment, fresh, request, rules) is None and not trial.beyond


def remembered(episode: "Episode", before: Answered | None, ward: str | None, at: int, rules: Rules) -> Answered | None:
    """What is kept of the answer to an alert that ends, or whose answer does; `before`: of an earlier one."""
    watch, lifecycle = rules.watch, episode.lifecycle
    if watch is None:
        return None
    given = lifecycle.answer if lifecycle.status is AlertStatus.ACKNOWLEDGED else None
    if given is None:
        return replace(before, ended=at) if episode.covered and before is not None else None
    if given.reason in FORGOTTEN or episode.mark is None:
        return None
    until = given.until if episode.priority == HIGH else given.since + int(watch.memory.hours * HOUR_MS)
    return Answered(tuple(episode.reds), episode.priority, episode.score, episode.mark, ward, until, at)
