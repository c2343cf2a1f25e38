"""A patient's open episodes, and what is said of them: each decision moves an episode, and each move is a revision."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from detectors.rules import Rules
from detectors.vigil.course import MEDIUM, Course, Demand, Reason
from detectors.vigil.episode import CLEARED, DETERIORATION, RAISED, UPDATED, WORSENED, Episode, alert_id, step
from detectors.vigil.picture import Picture
from detectors.vigil.report import advice, alert_bytes, score_report
from detectors.vigil.technical import Condition

PHYSIOLOGICAL, TECHNICAL = "physiological", "technical"
TECHNICAL_ENDS: Final = "Ends when the cause is gone."


class Said(NamedTuple):
    """Something to be sent: the logical topic, the bytes (None: forget this key), and the moment that made it."""

    topic: str
    value: bytes | None
    at: int


class Register:
    """The open episodes of one patient, by subject. `decision` is why the last look changed the deterioration or did
    not.
    """

    __slots__ = ("decision", "mode", "open", "patient")

    def __init__(self, patient: str, mode: str) -> None:
        self.patient, self.mode = patient, mode
        self.open: dict[str, Episode] = {}
        self.decision = Reason.NOTHING_ASKED

    @property
    def deterioration(self) -> Episode | None:
        """The open physiological episode."""
        return self.open.get(DETERIORATION)

    # ---- the patient

    def move(
        self,
        picture: Picture,
        demand: Demand,
        course: Course,
        rules: Rules,
        *,
        fresh: bool,
        entered: bool,
        out: list[Said],
    ) -> None:
        """Raises, moves or clears the deterioration by one decision."""
        episode = self.deterioration
        if episode is None:
            self.decision = demand.reason
            if demand.priority:
                self._raise(picture, demand, course, rules, out)
            elif demand.now == 0 and picture.score is not None:
                course.before = picture.score.score_min
            return
        dense = any(track.dense and not track.stale for track in picture.tracks.values())
        lost, previous = picture.lost(episode.because), episode.score
        state, reason = step(episode, demand, course, lost, fresh=fresh, entered=entered, dense=dense, rules=rules)
        self.decision = reason
        if state is None:
            return
        if state == WORSENED or reason is Reason.PRIORITY_DOWN:
            keep = episode.because if state == WORSENED else []
            episode.because = sorted({*keep, *picture.because()})
            if picture.score is not None and state == WORSENED:
                episode.score = max(picture.score.score_min, previous or 0)
        self._say(episode, state, reason, picture, previous, rules, out)
        if state == CLEARED:
            del self.open[DETERIORATION]

    def _raise(self, picture: Picture, demand: Demand, course: Course, rules: Rules, out: list[Said]) -> None:
        episode = Episode(
            alert_id(self.patient, PHYSIOLOGICAL, DETERIORATION, picture.at),
            PHYSIOLOGICAL,
            DETERIORATION,
            picture.at,
            demand.priority,
            demand.interrupts,
            demand.held_by,
            demand.reason.value,
            because=picture.because(),
            reds=list(demand.confirmed),
            score=None if picture.score is None else picture.score.score_min,
        )
        course.lower = course.lower_max = 0
        self.open[DETERIORATION] = episode
        self._say(episode, RAISED, demand.reason, picture, course.before, rules, out)

    def _say(
        self,
        episode: Episode,
        state: str,
        reason: Reason,
        picture: Picture,
        previous: int | None,
        rules: Rules,
        out: list[Said],
    ) -> None:
        episode.revision += 1
        episode.state, episode.reason = state, reason.value
        headline = picture.headline(previous)
        episode.headline = f"Over: {headline}" if state == CLEARED else headline
        value = alert_bytes(
            episode,
            picture.stay,
            self.patient,
            self.mode,
            picture.at,
            score=score_report(picture.score, previous, picture.stay.scale),
            findings=picture.findings(),
            advised=advice(picture.score),
            rules=rules,
        )
        out.append(Said("alerts", value, picture.at))

    # ---- the measuring

    def hold(self, found: Sequence[Condition], picture: Picture, rules: Rules, out: list[Said]) -> None:
        """Opens and closes technical episodes so that they are just the conditions that hold."""
        holding = {condition.subject for condition in found}
        for subject in sorted(self.open):
            episode = self.open[subject]
            if episode.kind == TECHNICAL and subject not in holding:
                self._tell(episode, CLEARED, Reason.CONDITION_OVER, None, picture, rules, out)
                del self.open[subject]
        for condition in found:
            known = self.open.get(condition.subject)
            if known is None:
                self._begin(condition, picture, rules, out)
            elif known.priority != condition.priority:
                worse = condition.priority > known.priority
                known.priority = condition.priority
                reason = Reason.PRIORITY_UP if worse else Reason.PRIORITY_DOWN
                self._tell(known, WORSENED if worse else UPDATED, reason, condition, picture, rules, out)

    def _begin(self, condition: Condition, picture: Picture, rules: Rules, out: list[Said]) -> None:
        episode = Episode(
            alert_id(self.patient, TECHNICAL, condition.subject, picture.at),
            TECHNICAL,
            condition.subject,
            picture.at,
            condition.priority,
            False,
            None,
            Reason.TECHNICAL.value,
            because=[condition.vital] if condition.vital else [],
        )
        self.open[condition.subject] = episode
        self._tell(episode, RAISED, Reason.TECHNICAL, condition, picture, rules, out)

    def _tell(
        self,
        episode: Episode,
        state: str,
        reason: Reason,
        condition: Condition | None,
        picture: Picture,
        rules: Rules,
        out: list[Said],
    ) -> None:
        episode.revision += 1
        episode.state, episode.reason = state, reason.value
        episode.interrupts = episode.priority >= MEDIUM and state != CLEARED
        episode.held_by = None if episode.interrupts or state == CLEARED else "low_priority"
        episode.headline = condition.headline if condition is not None else f"Over: {episode.headline}"
        value = alert_bytes(
            episode,
            picture.stay,
            self.patient,
            self.mode,
            picture.at,
            score=None,
            findings=[],
            advised=None if condition is None else condition.remedy,
            rules=rules,
            clears=TECHNICAL_ENDS,
        )
        out.append(Said("alerts", value, picture.at))

    def end_all(self, picture: Picture, reason: Reason, rules: Rules, out: list[Said]) -> None:
        """Ends every episode: the stay is over, or another has begun."""
        for subject in sorted(self.open):
            episode = self.open.pop(subject)
            if episode.kind == TECHNICAL:
                self._tell(episode, CLEARED, reason, None, picture, rules, out)
            else:
                self._say(episode, CLEARED, reason, picture, episode.score, rules, out)

    def state(self) -> list[object]:
        """Plain numbers and strings."""
        return [[[subject, self.open[subject]] for subject in sorted(self.open)], self.decision.value]

    def restore(self, state: Sequence) -> None:
        """Goes back to what `state` was taken from."""
        self.open = {subject: msgspec.convert(episode, Episode) for subject, episode in state[0]}
        self.decision = Reason(state[1])
