"""An episode: the stretch from raised to cleared, and what may change it."""

from hashlib import blake2b
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from detectors.rules import Rules
from detectors.vigil.lifecycle import ANSWERED, Answer, Lifecycle
from detectors.vigil.mark import Mark
from detectors.vigil.persistence import HIGH, AlertRequest, Persistence
from schemas.alert import AlertStatus, State
from schemas.alert_reason import Reason

RAISED, UPDATED, WORSENED, CLEARED = State.RAISED, State.UPDATED, State.WORSENED, State.CLEARED
WORSE_BY: Final = 2  # points of score_min that make an alert worse (the nurse's breakthrough rule)
DETERIORATION: Final = "deterioration"
OVERDUE: Final = "observations overdue"
PROTOCOL: Final = frozenset(
    {
        Reason.NEWS2_HIGH,
        Reason.NEWS2_MEDIUM,
        Reason.RED_SCORE,
        Reason.PERSONAL_LIMIT,
        Reason.EXTREME,
        Reason.MATERNAL,
    }
)


class Episode(Struct, array_like=True):
    """One episode, open or listed. `because` are the vitals that made it: only their valid return to range can end it.

    `interrupts`: whether its condition asks for someone; whether that is heard is for its `lifecycle` to say.
    `worse_at`: the revision at which it last became worse; `learned`: only learned detectors ask for it; `useful`: what
    someone said of it. `extremes`: vitals that were extreme when it called. `covered`: somebody has answered the same,
    no worse, before: it is shown until it gets worse. `mark`: what the last call or answer knew; what is worse by a
    step breaks through.
    """

    alert_id: str
    kind: str
    subject: str
    started: int
    priority: int
    interrupts: bool
    suppressed_by: str | None
    reason: str
    revision: int = 0
    state: State = State.RAISED
    because: list[str] = []
    reds: list[str] = []
    score: int | None = None
    lost: list[str] = []
    headline: str = ""
    lifecycle: Lifecycle = Lifecycle(AlertStatus.SHOWN)
    worse_at: int = 1
    learned: bool = False
    remedy: str | None = None
    useful: bool | None = None
    extremes: list[str] = []
    covered: bool = False
    mark: Mark | None = None

    @property
    def reason_of_book(self) -> bool:
        """Whether the protocol has asked for it, and not only what was learned."""
        return not self.learned and self.priority > 1

    @property
    def calls(self) -> bool:
        """Whether someone is wanted now."""
        return self.lifecycle.status is AlertStatus.CALLING


def alert_id(patient: str, kind: str, subject: str, started: int) -> str:
    """The same for the same cause, always: 24 hexadecimal digits of a BLAKE2b hash.

    >>> alert_id("p", "physiological", "deterioration", 0) == alert_id("p", "physiological", "deterioration", 0)
    True
    """
    return blake2b("\0".join((patient, kind, subject, str(started))).encode(), digest_size=12).hexdigest()


def step(
    episode: Episode,
    request: AlertRequest,
    persistence: Persistence,
    lost: list[str],
    *,
    fresh: bool,
    entered: bool,
    dense: bool,
    voiced: bool,
    doubtful: bool = False,
    worse: Reason | None = None,
    rules: Rules,
) -> tuple[State | None, Reason]:
    """Moves an open episode by one decision; gives the state to be said, or None where nothing is new, and why.

    `fresh`: new values were decided (otherwise only time has passed); `entered`: a person entered them; `dense`:
    streams are in force; `voiced`: a person has just said that she is concerned; `doubtful`: a vital that the episode
    rests on has only a suspect value; `worse`: by what it is worse than when it last called or was answered.
    What a corrected value had asked for is over at once.
    What the protocol asks for is heard as if no learned detector had called before.
    Worse before better: a rise is never hidden by a loss of monitoring, and only valid values in range bring it down.
    """
    need = rules.spot if entered else rules.stream
    answer = episode.lifecycle.answer if episode.lifecycle.status in ANSWERED else None
    watched = rules.watch is not None
    shut = watched and not voiced and (request.paused or _unbreakable(answer, voiced))
    if shut:
        request = replace(request, priority=min(request.priority, episode.priority))
        worse = None
    if watched and request.reason is Reason.LEARNED and not voiced and episode.reason_of_book:
        request = replace(request, priority=min(request.priority, episode.priority))
    heard = episode.interrupts or answer is not None  # what comes on top has to be heard
    if request.priority > episode.priority or voiced:
        if watched and not voiced and not request.interrupts:
            episode.priority = request.priority  # shown as what it is; it calls once it has lasted
            episode.suppressed_by = request.suppressed_by
            return UPDATED, Reason.PRIORITY_UP
        episode.priority = max(request.priority, episode.priority)
        return _say(episode, request, WORSENED, Reason.CONCERN if voiced else Reason.PRIORITY_UP)
    if watched and request.suppressed_by == "care_plan" and episode.interrupts:
        episode.interrupts, episode.suppressed_by = False, request.suppressed_by
        return UPDATED, Reason.UNCHANGED
    known = episode.reds if answer is None else {*episode.reds, *answer.reds}
    new_reds = [red for red in request.confirmed if red not in known]
    if worse is not None and heard:
        return _say(episode, request, WORSENED, worse)
    if new_reds and heard and not shut:
        episode.reds = sorted({*episode.reds, *new_reds})
        return _say(episode, request, WORSENED, Reason.NEW_RED)
    lasting = persistence.lasting(need.worse)
    if lasting is not None and episode.score is not None and lasting >= episode.score + WORSE_BY and heard and not shut:
        episode.score = lasting
        return _say(episode, request, WORSENED, Reason.SCORE_UP)
    if episode.learned and request.interrupts and request.reason in PROTOCOL:
        return _say(episode, request, WORSENED, request.reason)
    if request.interrupts and not episode.interrupts and not (episode.covered and request.priority < HIGH):
        return _say(episode, request, UPDATED, Reason.PERSISTED)
    if lost != episode.lost:
        reason = Reason.MONITORING_LOST if set(lost) - set(episode.lost) else Reason.MONITORING_BACK
        episode.lost = lost
        return UPDATED, reason
    if not fresh and not persistence.corrected:
        over = request.now == 0 and not episode.because and not request.alone  # only a concern stood behind it
        return (CLEARED, Reason.CONCERN_OVER) if over else (None, Reason.UNCHANGED)
    hold = Reason.LOST_SENSOR_HOLDS if lost else Reason.SUSPECT_VALUE_HOLDS if doubtful else None
    return _down(episode, request, persistence, (rules.stream if dense else rules.spot).clear, hold)


def _unbreakable(answer: Answer | None, voiced: bool) -> bool:
    """Whether only a person's concern breaks this answer: it was given by a plan of care that is in force."""
    return answer is not None and answer.plan and not voiced


def _say(episode: Episode, request: AlertRequest, state: State, reason: Reason) -> tuple[State, Reason]:
    episode.learned = request.reason is Reason.LEARNED
    episode.interrupts = episode.interrupts or request.interrupts
    episode.suppressed_by = None if episode.interrupts else request.suppressed_by
    episode.reds = sorted({*episode.reds, *request.confirmed})
    if request.extremes:
        episode.extremes = sorted({*episode.extremes, *request.extremes})
    if state is WORSENED or reason is Reason.PERSISTED:
        episode.covered = False
    return state, reason


def _down(
    episode: Episode, request: AlertRequest, persistence: Persistence, clear: int, hold: Reason | None
) -> tuple[State | None, Reason]:
    if max(request.now, request.still or 0) >= episode.priority:
        persistence.lower = persistence.lower_max = 0
        _leave_to_the_learned(episode, request, persistence, clear, held=hold is not None)
        return None, Reason.UNCHANGED
    if hold is not None:
        return None, hold
    persistence.lower += 1
    persistence.lower_max = max(persistence.lower_max, request.now)
    if persistence.corrected:
        persistence.lower_max = request.now
    elif persistence.lower < clear:
        return None, Reason.NOT_YET_OVER
    left, persistence.lower, persistence.lower_max = persistence.lower_max, 0, 0
    if left == 0:
        return CLEARED, Reason.CORRECTED if persistence.corrected else Reason.CONDITION_OVER
    episode.priority = left
    episode.extremes = [name for name in episode.extremes if name in request.far]
    episode.learned = request.reason is Reason.LEARNED
    episode.score = persistence.lasting(1)
    episode.interrupts = episode.interrupts and left > 1
    episode.suppressed_by = None if episode.interrupts else "learned"
    return UPDATED, Reason.PRIORITY_DOWN


def _leave_to_the_learned(
    episode: Episode, request: AlertRequest, persistence: Persistence, clear: int, *, held: bool
) -> None:
    """Once the protocol has asked for nothing for as long as would have ended the episode, only learned detectors keep
    it open: what the protocol asks for next is heard anew.
    """
    if request.reason is not Reason.LEARNED or episode.learned:
        persistence.off_protocol = 0
        return
    persistence.off_protocol += not held
    if persistence.off_protocol >= clear:
        persistence.off_protocol = 0
        episode.learned, episode.reds, episode.score = True, [], persistence.lasting(1)
