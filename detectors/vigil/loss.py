"""What can no longer be measured, or was not measured in time: everything, the pulse, the rest of a set."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from detectors.news2 import RED
from detectors.response import EMERGENCY_FROM, URGENT_FROM, response
from detectors.rules import Rules
from detectors.shapes import AsList
from detectors.vigil.episode import OVERDUE
from detectors.vigil.intake_by_age import IntakeByAge
from detectors.vigil.persistence import HIGH, LOW, MEDIUM
from detectors.vigil.stay import Stay
from detectors.vigil.technical import Condition
from detectors.vigil.track import Track
from detectors.vigil.window import SPOT, UNSTEADY, Decided
from detectors.vigil.wording import listed, vitals_words
from schemas.times import MINUTE_MS, NEVER

if TYPE_CHECKING:
    from detectors.vigil.assessment import Assessment
    from detectors.vigil.persistence import AlertRequest
    from detectors.vigil.vigil import Vigil

WEARABLE: Final = 1
_FOREVER: Final = -NEVER
_PRESENT_MS: Final = 45_000
_LET_GO_MS: Final = 3 * MINUTE_MS  # so long a lower score has to last before the wait begins anew
_GAPS: Final = 2.5
_ONE_VALUE_MS: Final = 36 * MINUTE_MS  # a cuff's hour and a half, where nothing else was ever sent
_ABNORMAL: Final = 2
_JUDGED: Final = frozenset({*UNSTEADY, "systolic_bp"})
_LEAST_EVERY: Final = 1  # minutes; nobody measures a full set more often, whatever is ordered
_OBSERVED: Final = frozenset(
    {"heart_rate", "pulse_rate", "resp_rate", "spo2", "systolic_bp", "temperature", "consciousness", "gcs"}
)


class Watched(AsList):
    """When streams last told something usable, how far apart, and how the patient then was."""

    usable_at: int = _FOREVER
    gap: int = 0
    score: int = 0
    red: bool = False
    extreme: bool = False
    wearable: bool = False
    ecg: int = 0  # windows with a rate by ECG since the pulse was last found
    unsteady_since: int = NEVER
    unknown_since: int = NEVER
    unknown_left: int = NEVER  # since when it is so no more
    pulse_at: int = _FOREVER
    asked_at: int = _FOREVER  # when a full set was last asked for
    asked: int = 0  # how often
    expected_at: int = _FOREVER  # from when on something was expected again, after a pause or a discharge taken back

    def note(self, assessment: "Assessment", fresh: Mapping[str, Decided], request: "AlertRequest") -> None:
        """Takes one group of decided values into account."""
        at, streamed = assessment.at, fresh
        wearable = steady = True
        judged = settled = False  # whether there is any that no body scatters, and whether one is steady
        for name, one in fresh.items():
            if one.source == SPOT:
                streamed = {other: value for other, value in streamed.items() if other != name}
                continue
            if one.source != WEARABLE:
                wearable = False
            if not one.steady:
                steady = False
            if name in _JUDGED:
                judged, settled = True, settled or one.steady
        if not streamed:
            return
        if at > self.usable_at > _FOREVER:  # what was kept comes in several windows at one moment
            self.gap = min(at - self.usable_at, self.gap * 2) if self.gap else at - self.usable_at
        self.usable_at, self.wearable = at, wearable
        self._note_score(assessment, streamed, request, steady=steady)
        self._note_pulse(streamed, at)
        if settled:
            self.unsteady_since = NEVER
        elif judged:
            self.unsteady_since = min(self.unsteady_since, at)

    def _note_score(
        self, assessment: "Assessment", streamed: Mapping[str, Decided], request: "AlertRequest", *, steady: bool
    ) -> None:
        """How bad it was when last measured. A sensor that scatters as it comes off changes nothing."""
        nothing = not request.far and (assessment.score is None or not assessment.score.score_min)
        if nothing and steady:  # as below
            self.score, self.red = 0, assessment.score is None and bool(request.reds)
            self.extreme = bool(request.extremes)
            return
        points = dict(assessment.points())
        doubted = {name for name in points if assessment.doubtful([name])}
        score = sum(least for name, least in points.items() if name not in doubted)
        # a criterion counts where NEWS2 is silent
        red = bool(request.reds) if assessment.score is None else RED in {points[n] for n in points.keys() - doubted}
        scatters = bool(doubted) or not steady
        self.score, self.red = (max(score, self.score), red or self.red) if scatters else (score, red)
        far = any(streamed[name].steady for name in request.far if name in streamed)  # one may not have lasted yet
        held = self.extreme and (scatters or any(name not in streamed for name in request.far))
        self.extreme = bool(request.extremes) or far or held

    def wait_anew(self, at: int) -> None:
        """Nothing was expected until now: what stays silent from here on is lost from here on."""
        self.expected_at = at
        if self.pulse_at > _FOREVER:
            self.pulse_at = max(self.pulse_at, at)
        self.unsteady_since = self.unknown_since = self.unknown_left = NEVER

    def _note_pulse(self, streamed: Mapping[str, Decided], at: int) -> None:
        if "pulse_rate" in streamed:
            self.pulse_at, self.ecg = at, 0
        elif "heart_rate" in streamed:
            self.ecg += 1

    def note_unknown(self, assessment: "Assessment", rules: Rules) -> None:
        """Whether the certain points ask for little while items are unknown, and since when; a full set is asked for
        once an interval of observations, however often the points come and go.
        """
        watch, score, at = rules.watch, assessment.score, assessment.at
        assert watch is not None
        if (
            score is not None
            and score.missing
            and watch.loss.unknown_from <= score.score_min < URGENT_FROM
            and not score.red
        ):
            again = at - self.unknown_left >= _LET_GO_MS
            self.unknown_since, self.unknown_left = at if again else min(self.unknown_since, at), NEVER
        elif self.unknown_since < NEVER:
            self.unknown_left = min(self.unknown_left, at)
            if at - self.unknown_left >= _LET_GO_MS:
                self.unknown_since = self.unknown_left = NEVER
        if self.ask_due(assessment.stay, rules) <= at:
            self.asked_at, self.asked = at, self.asked + 1

    def ask_due(self, stay: Stay, rules: Rules) -> int:
        """When a full set is asked for next; NEVER where nothing is unknown."""
        watch = rules.watch
        if watch is None or self.unknown_since == NEVER:
            return NEVER
        return max(self.unknown_since + int(watch.loss.unknown_minutes * MINUTE_MS), self.asked_at + _asked_every(stay))


def expect_again(vigil: "Vigil", before: Stay, at: int) -> None:
    """After a discharge that was taken back, or a pause that is over, waits as if the last value had come now."""
    stay = vigil.stay
    if (before.discharged and not stay.discharged) or (before.paused_until and not stay.paused_until):
        vigil.watched.wait_anew(at)


def lost_at(vigil: "Vigil") -> int:
    """When it is told that no stream tells anything usable any more; NEVER where none is expected."""
    watch, seen, stay = vigil.rules.watch, vigil.watched, vigil.stay
    if watch is None or seen.usable_at == _FOREVER or stay.discharged or not _expected(vigil.tracks):
        return NEVER
    loss = watch.loss
    if seen.score >= EMERGENCY_FROM or seen.extreme:
        wait = loss.high_minutes
    elif seen.score >= URGENT_FROM or seen.red:
        wait = loss.medium_minutes
    else:
        wait = loss.low_wearable_minutes if seen.wearable else loss.low_monitor_minutes
    gap = max(seen.gap, _habit(vigil)) or _ONE_VALUE_MS  # how often it comes is not known yet
    return max(seen.usable_at, seen.expected_at) + max(int(wait * MINUTE_MS), int(gap * _GAPS))


def seen_lately(vigil: "Vigil", at: int) -> bool:
    """Whether a stream has told something usable just now, as often as it does."""
    seen = vigil.watched
    return at - seen.usable_at <= max(_PRESENT_MS, int(max(seen.gap, _habit(vigil)) * _GAPS))


def _habit(vigil: "Vigil") -> int:
    """How long every device that still supplies something keeps it before it hands it over: batches that take a while
    to come are no shorter gaps.
    """
    intake = vigil.intake
    if not isinstance(intake, IntakeByAge):
        return 0
    kept = {device.number: device.delay for device in intake.devices.values() if device.delay}
    if not kept:
        return 0
    tracks = [track for track in vigil.tracks.values() if track.detached is None]
    supplied = {track.known.device for track in tracks if track.known is not None and track.known.source != SPOT}
    return min((kept.get(device, 0) for device in supplied), default=0)


def all_silent(vigil: "Vigil", at: int) -> bool:
    """Whether no stream tells anything usable just now: that is one loss, and is told as one."""
    if not seen_lately(vigil, at):
        return True
    for track in vigil.tracks.values():
        known = track.known
        if known is not None and known.source != SPOT and track.detached is None and not track.stale:
            return False
    return True


def _expected(tracks: Mapping[str, Track]) -> bool:
    for track in tracks.values():
        known = track.known
        if known is not None and known.source != SPOT and track.detached is None:
            return True
    return False


def _pulse_at(vigil: "Vigil") -> int:
    """When it is told that the pulse is lost while the ECG still counts."""
    watch, seen, tracks = vigil.rules.watch, vigil.watched, vigil.tracks
    pulse, ecg = tracks.get("pulse_rate"), tracks.get("heart_rate")
    if watch is None or pulse is None or ecg is None or seen.pulse_at == _FOREVER or seen.ecg < 2:
        return NEVER
    if pulse.known is None or pulse.known.source == SPOT or pulse.detached is not None or ecg.stale:
        return NEVER
    off = pulse.signs.off > 0 and not pulse.signs.zero
    wait = watch.loss.pulse_off_minutes if off else watch.loss.pulse_minutes
    return seen.pulse_at + max(int(wait * MINUTE_MS), int(seen.gap * _GAPS))


NOT_DUE: Final = (NEVER, 0, -1)


def overdue_for(assessment: "Assessment") -> int:
    """What decides how often observations are due: the score and whether an item is red; -1 without a score."""
    score = assessment.score
    return -1 if score is None else 2 * score.score_min + bool(score.red)


def overdue_at(vigil: "Vigil", assessment: "Assessment") -> tuple[int, int, int]:
    """When the observations that chart 4 (or an order) asks for are overdue, how urgent that is, and for what score."""
    watch, score, stay = vigil.rules.watch, assessment.score, vigil.stay
    charted = [
        t.known.at for name, t in vigil.tracks.items() if name in _OBSERVED and t.known and t.known.source == SPOT
    ]
    if watch is None or score is None or not charted or stay.discharged:
        return NEVER, 0, overdue_for(assessment)
    row = response(score.score_min, score.red)
    minutes = stay.observe_every or row.frequency_minutes
    late = max(watch.loss.overdue_least_minutes, minutes * watch.loss.overdue_part)
    priority = (
        HIGH if score.score_min >= EMERGENCY_FROM else MEDIUM if score.score_min >= URGENT_FROM or score.red else LOW
    )
    if vigil.watched.usable_at > _FOREVER and _expected(vigil.tracks):
        priority = LOW  # a stream watches; what only people can tell is shown as overdue
    return max(charted) + int((minutes + late) * MINUTE_MS), priority, overdue_for(assessment)


def loss_due(vigil: "Vigil", now: int) -> int:
    """The next moment at which silence alone brings one of these."""
    watch, seen = vigil.rules.watch, vigil.watched
    if watch is None:
        return NEVER
    moments = [lost_at(vigil), _pulse_at(vigil), vigil.overdue[0]]
    if seen.unsteady_since < NEVER:
        moments.append(seen.unsteady_since + int(watch.loss.unsteady_minutes * MINUTE_MS))
    if seen.unknown_since < NEVER:
        moments += [seen.ask_due(vigil.stay, vigil.rules), seen.unknown_left + _LET_GO_MS]
    soonest = NEVER
    for moment in moments:
        if now < moment < soonest:
            soonest = moment
    return soonest


def losses(vigil: "Vigil", assessment: "Assessment") -> list[Condition]:
    """The conditions that hold now."""
    watch, seen, at, stay = vigil.rules.watch, vigil.watched, assessment.at, vigil.stay
    if watch is None:
        return []
    found: list[Condition] = []
    paused, lost = stay.paused(at), seen.usable_at < at and lost_at(vigil) <= at
    if lost and not paused:
        high = seen.score >= EMERGENCY_FROM or seen.extreme
        names = tuple(n for n, t in vigil.tracks.items() if t.known is not None and t.known.source != SPOT)
        found.append(
            Condition(
                "monitoring lost",
                HIGH if high else MEDIUM,
                names,
                "Nothing can be measured any more: " + vitals_words(names),
                "Look at the patient; then check the devices.",
            )
        )
    elif _pulse_at(vigil) <= at and seen_lately(vigil, at) and not paused:
        found.append(_pulse_lost(vigil, assessment))
    unsteady = seen.unsteady_since + int(watch.loss.unsteady_minutes * MINUTE_MS) <= at and not lost
    if unsteady and not paused and (seen_lately(vigil, at) or CANNOT_BE_MEASURED.subject in vigil.register.open):
        found.append(CANNOT_BE_MEASURED)
    found += _unknown(vigil, assessment)
    moment, priority, _ = vigil.overdue
    if moment <= at and priority and not paused:
        said = "Observations are overdue" + (f": {assessment.headline(None)}" if priority > LOW else "")
        found.append(Condition(OVERDUE, priority, (), said, "Take a full set of observations now."))
    return found


CANNOT_BE_MEASURED: Final = Condition(
    "cannot be measured",
    MEDIUM,
    (),
    "Cannot be measured: every value scatters",
    "Look at the patient; then check the sensors.",
)


def _pulse_lost(vigil: "Vigil", assessment: "Assessment") -> Condition:
    breathing, pressure = vigil.tracks.get("resp_rate"), vigil.tracks.get("systolic_bp")
    gone = any(track is not None and track.known is not None and track.stale for track in (breathing, pressure))
    gone = gone or (breathing is not None and breathing.signs.off > 0)
    points = dict(assessment.points())
    abnormal = max(points.get("resp_rate", 0), points.get("systolic_bp", 0)) >= _ABNORMAL
    high = gone or abnormal or vigil.watched.score >= URGENT_FROM
    return Condition(
        "pulse lost",
        HIGH if high else MEDIUM,
        ("pulse_rate",),
        "No pulse is measured, while the ECG still counts",
        "Look at the patient and feel the pulse; then check the sensor.",
    )


def _asked_every(stay: Stay) -> int:
    """How far apart a full set is asked for, in milliseconds: as ordered, or as chart 4 says of 1 to 4 points."""
    minutes = stay.observe_every or response(URGENT_FROM - 1, ()).frequency_minutes
    return int(max(_LEAST_EVERY, minutes) * MINUTE_MS)


def _unknown(vigil: "Vigil", assessment: "Assessment") -> list[Condition]:
    watch, score, seen = vigil.rules.watch, assessment.score, vigil.watched
    assert watch is not None
    wait = int(watch.loss.unknown_minutes * MINUTE_MS)
    if score is None or seen.unknown_since == NEVER or seen.asked_at < seen.unknown_since + wait:
        return []
    words = f"NEWS2 at least {score.score_min}; not measured: {listed(part.value for part in score.missing)}"
    subject = "observations incomplete" + (f" {seen.asked}" if seen.asked > 1 else "")
    priority = LOW if vigil.stay.paused(assessment.at) else MEDIUM
    return [Condition(subject, priority, (), words, "Take a full set of observations.")]


def one_cause(lost: list[Condition], found: list[Condition]) -> list[Condition]:
    """All conditions, a lost probe being one cause: no pulse is told apart where its sensor is told as urgently."""
    if not lost:
        return found
    told = max((one.priority for one in found if "pulse_rate" in one.vitals or "spo2" in one.vitals), default=0)
    return [one for one in lost if one.subject != "pulse lost" or one.priority > told] + found
