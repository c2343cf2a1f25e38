"""A patient's alerts: open, listed until someone has seen them, and lately ended. Each move is a revision."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from detectors.rules import Rules
from detectors.vigil.alert_actions import DOUBTING, Refused, answer
from detectors.vigil.answered import Answered, remembered
from detectors.vigil.ended import Ended, ended_of
from detectors.vigil.episode import DETERIORATION, Episode, alert_id, step
from detectors.vigil.escalation import due, pass_time
from detectors.vigil.facts import facts_of
from detectors.vigil.lifecycle import ANSWERED, OVER, Turn, begin, call, end, hand_over, leave, prove, quiet, worsen
from detectors.vigil.mark import Mark, worse_by
from detectors.vigil.persistence import HIGH, MEDIUM, AlertRequest, Persistence
from detectors.vigil.stay import Stay
from detectors.vigil.technical import Condition
from detectors.vigil.telling import PHYSIOLOGICAL, TECHNICAL, Burden, Round, tell
from detectors.vigil.window import Decided
from schemas.action import Action, ActionReason, ActionType
from schemas.alert import AlertStatus, State
from schemas.alert_reason import Reason
from schemas.reasons import Refusal
from schemas.times import NEVER

LISTED_AT_MOST: Final = 24
ENDED_KEPT: Final = 8


class Register:
    """One patient's alerts: `open` by subject, `listed` (over, not at rest) by id, and the last that `ended`.

    `decision` is why the last look changed the deterioration or did not.
    """

    __slots__ = ("answered", "began", "burden", "decision", "ended", "listed", "mode", "open", "patient")

    def __init__(self, patient: str, mode: str) -> None:
        self.patient, self.mode = patient, mode
        self.open: dict[str, Episode] = {}
        self.listed: dict[str, Episode] = {}
        self.ended: list[Ended] = []
        self.began: dict[str, int] = {}  # the last start of each subject that began at the newest moment
        self.burden = Burden()
        self.decision = Reason.NOTHING_ASKED
        self.answered: Answered | None = None  # an answer that outlives what it answered, for a while

    @property
    def deterioration(self) -> Episode | None:
        """The open physiological episode."""
        return self.open.get(DETERIORATION)

    @property
    def alive(self) -> Iterable[Episode]:
        """Everything not at rest, in a fixed order."""
        return [self.open[subject] for subject in sorted(self.open)] + list(self.listed.values())

    # ---- the patient

    def move(
        self,
        now: Round,
        request: AlertRequest,
        persistence: Persistence,
        *,
        fresh: Mapping[str, Decided] | None,
        entered: bool,
        voiced: Action | None = None,
    ) -> None:
        """Raises, moves or ends the deterioration by one decision; `voiced`: a person has just spoken up."""
        episode, assessment = self.deterioration, now.assessment
        if episode is None:
            self.decision = request.reason
            # after a discharge only what is new counts
            if request.priority and (fresh or voiced or not assessment.stay.discharged):
                self._raise(now, request, persistence, voiced)
                return
            if self.answered is not None and (request.still or 0) >= MEDIUM:
                self.answered = replace(self.answered, ended=now.at)  # not clear before it has left its limit
            if request.now == 0 and assessment.score is not None:
                persistence.before = assessment.score.score_min
            return
        if (fresh or persistence.corrected) and (episode.because or not request.alone):
            episode.because = assessment.still(episode.because)
        dense = any(track.dense and not track.stale for track in assessment.tracks.values())
        lost, previous, priority = assessment.lost(episode.because), episode.score, episode.priority
        state, self.decision = step(
            episode,
            request,
            persistence,
            lost,
            fresh=bool(fresh),
            entered=entered,
            dense=dense,
            voiced=voiced is not None,
            doubtful=assessment.doubtful(episode.because),
            worse=worse_by(episode.mark, assessment, fresh, request, now.rules),
            rules=now.rules,
        )
        if state is State.CLEARED:
            self.answered = remembered(episode, self.answered, assessment.stay.ward, now.at, now.rules)
            self._turn(episode, end(episode.lifecycle, now.facts(episode), self.decision), now, previous=previous)
            return
        if state is not None:
            self._follow(episode, state, now, up=episode.priority > priority, previous=previous, action=voiced)
        self._doubt(episode, request, now)

    def withdraw(self, names: set[str]) -> None:
        """The values of these vitals were taken back: the deterioration no longer rests on them."""
        episode = self.deterioration
        if episode is not None:
            episode.because = [name for name in episode.because if name not in names]
            if (mark := episode.mark) is not None:
                for name in names:
                    mark.beyond.pop(name, None)

    def voice(self, now: Round, request: AlertRequest, persistence: Persistence, action: Action) -> None:
        """A person is concerned: raises the deterioration, or makes it heard anew."""
        self.move(now, request, persistence, fresh=None, entered=True, voiced=action)

    def _follow(
        self,
        episode: Episode,
        state: State,
        now: Round,
        *,
        up: bool,
        previous: int | None,
        action: Action | None = None,
    ) -> None:
        """Lets the alert's lifecycle follow what its condition did, and says it."""
        facts, assessment, reason = now.facts(episode), now.assessment, self.decision
        if episode.kind != TECHNICAL and (state is State.WORSENED or reason is Reason.PRIORITY_DOWN):
            keep = episode.because if state is State.WORSENED else []
            alone = reason is Reason.CONCERN and not keep  # still only a concern stands behind it
            episode.because = [] if alone else sorted({*keep, *assessment.because()})
            if assessment.score is not None and state is State.WORSENED:
                episode.score = max(assessment.score.score_min, previous or 0)
        if episode.kind != TECHNICAL and (state is State.WORSENED or reason is Reason.PERSISTED):
            episode.mark = Mark.of(assessment, tuple(episode.extremes))
        if state is State.WORSENED:
            turn = worsen(episode.lifecycle, facts, up=up)
        elif reason is Reason.PERSISTED:
            turn = call(episode.lifecycle, facts)
        else:
            turn = Turn(episode.lifecycle) if episode.interrupts else quiet(episode.lifecycle, facts)
        self._turn(episode, Turn(turn.lifecycle, ((state, reason),)), now, previous=previous, action=action)

    def _doubt(self, episode: Episode, request: AlertRequest, now: Round) -> None:
        """Ends an answer that put down to the measuring what has since been confirmed."""
        given = episode.lifecycle.answer
        if given is None or given.reason not in DOUBTING or episode.lifecycle.status not in ANSWERED:
            return
        if request.paused:
            return
        if request.proven or not set(request.confirmed) <= set(given.excused):
            self._turn(episode, prove(episode.lifecycle, now.facts(episode)), now, previous=episode.score)
            return
        excused = tuple(red for red in given.excused if red in request.confirmed)
        if excused != given.excused:
            episode.lifecycle = replace(episode.lifecycle, answer=replace(given, excused=excused))

    def _raise(self, now: Round, request: AlertRequest, persistence: Persistence, voiced: Action | None) -> None:
        assessment = now.assessment
        persistence.lower = persistence.lower_max = 0
        known, self.answered = self.answered, None
        covered = known is not None and voiced is None and known.covers(request, assessment, now.rules)
        if covered:
            self.answered = known
        self._begin(
            Episode(
                self._new_id(PHYSIOLOGICAL, DETERIORATION, now.at),
                PHYSIOLOGICAL,
                DETERIORATION,
                now.at,
                request.priority,
                request.interrupts,
                request.suppressed_by,
                request.reason.value,
                because=[] if request.alone else assessment.because(),
                reds=list(request.confirmed),
                score=None if assessment.score is None else assessment.score.score_min,
                learned=request.reason is Reason.LEARNED,
                extremes=list(request.extremes),
                covered=covered,
                mark=known.mark if known is not None and covered else Mark.of(assessment, request.far),
            ),
            Reason.ANSWERED_BEFORE if covered else request.reason,
            now,
            persistence.before,
            voiced,
        )

    # ---- the measuring

    def hold(self, found: Sequence[Condition], now: Round) -> None:
        """Opens and ends technical episodes so that they are just the conditions that hold."""
        if not found and not self.open:
            return
        holding = {condition.subject for condition in found}
        for subject in sorted(self.open):
            episode = self.open[subject]
            if episode.kind == TECHNICAL and subject not in holding:
                self._turn(episode, end(episode.lifecycle, now.facts(episode), Reason.CONDITION_OVER), now)
        for condition in found:
            known = self.open.get(condition.subject)
            if known is None:
                self._begin_technical(condition, now)
            elif known.priority != condition.priority:
                worse = condition.priority > known.priority
                known.priority, known.interrupts = condition.priority, condition.priority >= MEDIUM
                self._reword(known, condition)
                self.decision = Reason.PRIORITY_UP if worse else Reason.PRIORITY_DOWN
                self._follow(known, State.WORSENED if worse else State.UPDATED, now, up=worse, previous=None)
            elif known.because != list(condition.vitals):
                more = bool(set(condition.vitals) - set(known.because))
                self._reword(known, condition)
                self.decision = Reason.MONITORING_LOST if more else Reason.MONITORING_BACK
                self._follow(known, State.UPDATED, now, up=False, previous=None)

    @staticmethod
    def _reword(episode: Episode, condition: Condition) -> None:
        episode.because = list(condition.vitals)
        episode.headline, episode.remedy = condition.headline, condition.remedy

    def _begin_technical(self, condition: Condition, now: Round) -> None:
        interrupts = condition.priority >= MEDIUM
        episode = Episode(
            self._new_id(TECHNICAL, condition.subject, now.at),
            TECHNICAL,
            condition.subject,
            now.at,
            condition.priority,
            interrupts,
            None if interrupts else "low_priority",
            Reason.TECHNICAL.value,
            because=list(condition.vitals),
            headline=condition.headline,
            remedy=condition.remedy,
        )
        self._begin(episode, Reason.TECHNICAL, now, None)

    # ---- people

    def answer(self, action: Action, now: Round, persistence: Persistence) -> Refused | None:
        """Lets a person's word about one of this patient's alerts take effect; gives the refusal if it cannot."""
        episode = self._meant(action)
        if action.action_type is ActionType.FEEDBACK:
            return self._rate(action, episode)
        if episode is None:
            if action.action_type is ActionType.UNDO:
                return Refusal.NOTHING_TO_UNDO, "undoes"
            over = any(ended.alert_id == action.alert_id for ended in self.ended)
            return (Refusal.ALERT_OVER if over else Refusal.UNKNOWN_ALERT), "alert_id"
        reds = persistence.reds if episode.subject == DETERIORATION else {}
        confirmed = [name for name, red in reds.items() if red.confirmed]
        turn = answer(action, episode, now.facts(episode), now.rules.calling, reds, confirmed)
        if not isinstance(turn, Turn):
            return turn
        if episode.mark is not None and action.action_type in (ActionType.ACKNOWLEDGE, ActionType.SNOOZE):
            episode.mark = Mark.of(now.assessment, tuple(episode.extremes), episode.mark)
        self._turn(episode, turn, now, previous=episode.score, action=action)
        return None

    def _meant(self, action: Action) -> Episode | None:
        for episode in self.alive:
            given, undoable = episode.lifecycle.answer, episode.lifecycle.before is not None
            if action.action_type is ActionType.UNDO:
                if undoable and given is not None and given.action_id == action.undoes:
                    return episode
            elif episode.alert_id == action.alert_id:
                return episode
        return None

    def _rate(self, action: Action, episode: Episode | None) -> Refused | None:
        ended = next((ended for ended in self.ended if ended.alert_id == action.alert_id), None)
        rated = episode or ended
        if rated is None:
            return Refusal.UNKNOWN_ALERT, "alert_id"
        rated.useful = action.reason is ActionReason.USEFUL
        return None

    # ---- time, and the stay

    def due(self, stay: Stay, rules: Rules) -> int:
        """When time will next move one of the alerts."""
        if not self.open and not self.listed:
            return NEVER
        return min(due(episode.lifecycle, facts_of(episode, 0, stay, rules)) for episode in self.alive)

    def pass_time(self, now: Round) -> None:
        """Escalates, brings back and lays to rest whatever is due."""
        for episode in self.alive:
            facts = now.facts(episode)
            while due(episode.lifecycle, facts) <= now.at:
                turn = pass_time(episode.lifecycle, facts)
                lapsed = any(reason is Reason.ACKNOWLEDGEMENT_EXPIRED for _, reason in turn.said)
                if lapsed and facts.only_high_returns and facts.priority < HIGH:
                    episode.covered = True
                    if episode.kind == PHYSIOLOGICAL:
                        self.answered = remembered(episode, self.answered, now.assessment.stay.ward, now.at, now.rules)
                self._turn(episode, turn, now, previous=episode.score)
                facts = now.facts(episode)

    def hand_over(self, now: Round, *, ward: bool) -> None:
        """Takes the alerts along to another bed; in another ward (`ward`) nobody owns them yet."""
        for episode in self.alive:
            turn = hand_over(episode.lifecycle, now.facts(episode), ward=ward)
            self._turn(episode, turn, now, previous=episode.score)

    def end_all(self, now: Round, reason: Reason) -> None:
        """Lays every alert to rest: the stay is over, or another has begun."""
        for episode in self.alive:
            self._turn(episode, leave(episode.lifecycle, reason), now, previous=episode.score)

    def take_back(self, now: Round, action: Action) -> None:
        """Ends the deterioration, if only a concern stood behind it that was voiced by mistake."""
        episode = self.deterioration
        if episode is not None and not episode.because:
            self._turn(episode, leave(episode.lifecycle, Reason.UNDONE), now, previous=episode.score, action=action)

    # ---- all of them

    def _new_id(self, kind: str, subject: str, at: int) -> str:
        """An id never given before: of two that begin at one moment the second is named as if a moment later."""
        self.began = {name: start for name, start in self.began.items() if start >= at}
        self.began[subject] = start = max(at, self.began.get(subject, at - 1) + 1)
        return alert_id(self.patient, kind, subject, start)

    def _begin(
        self, episode: Episode, reason: Reason, now: Round, previous: int | None, action: Action | None = None
    ) -> None:
        self.open[episode.subject] = episode
        lifecycle = begin(now.facts(episode))
        self._turn(episode, Turn(lifecycle, ((State.RAISED, reason),)), now, previous=previous, action=action)

    def _turn(
        self, episode: Episode, turn: Turn, now: Round, *, previous: int | None = None, action: Action | None = None
    ) -> None:
        """Gives an episode its new lifecycle, says what is to be said, and puts it where it belongs."""
        was_open = episode.lifecycle.status not in OVER
        episode.lifecycle, status = turn.lifecycle, turn.lifecycle.status
        if was_open and status in OVER:
            episode.headline = f"Over: {episode.headline}"
            episode.priority = (
                max(turn.lifecycle.unacknowledged, 1) if status is AlertStatus.RESOLVED else episode.priority
            )
            del self.open[episode.subject]
            self.listed[episode.alert_id] = episode
        for state, reason in turn.said:
            tell(
                episode,
                state,
                reason,
                now,
                patient=self.patient,
                mode=self.mode,
                burden=self.burden,
                previous=previous,
                action=action,
                current=was_open,
            )
        if status is AlertStatus.CLEARED:
            self._lay_to_rest(episode, now.at)
        elif len(self.listed) > LISTED_AT_MOST:
            least = min(self.listed.values(), key=lambda e: (e.lifecycle.unacknowledged, e.started))
            self._turn(least, leave(least.lifecycle, Reason.LIST_FULL), now)

    def _lay_to_rest(self, episode: Episode, at: int) -> None:
        del self.listed[episode.alert_id]
        self.ended.append(ended_of(episode, at))
        del self.ended[:-ENDED_KEPT]

    def state(self) -> list[object]:
        """Plain numbers and strings."""
        opened = [[subject, self.open[subject]] for subject in sorted(self.open)]
        listed = list(self.listed.values())
        told: list[object] = [opened, self.decision.value, listed, self.ended, sorted(self.began.items()), self.burden]
        return told if self.answered is None else [*told, self.answered]

    def restore(self, state: Sequence) -> None:
        """Goes back to what `state` was taken from."""
        self.open = {subject: msgspec.convert(episode, Episode) for subject, episode in state[0]}
        self.decision = Reason(state[1])
        self.listed = {episode.alert_id: episode for episode in msgspec.convert(state[2], list[Episode])}
        self.ended = msgspec.convert(state[3], list[Ended])
        self.began = dict(msgspec.convert(state[4], list[tuple[str, int]]))
        self.burden = msgspec.convert(state[5], Burden)
        self.answered = msgspec.convert(state[6], Answered) if len(state) > 6 else None
