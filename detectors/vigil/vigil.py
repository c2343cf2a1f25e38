"""One patient's watch: intake, windows, detectors, alerts. Pure: the same records and moments give the same bytes.
No clock, no input or output, no chance. `take` only collects; what is due speaks.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

import msgspec
from mypy_extensions import mypyc_attr

from detectors.risk import Forecast
from detectors.rules import Rules
from detectors.vigil.action_dispatch import Acted, act
from detectors.vigil.admissions import Code
from detectors.vigil.alert_actions import Acts
from detectors.vigil.assessment import Assessment, learns
from detectors.vigil.concern import Concern
from detectors.vigil.intake import Taken
from detectors.vigil.intake_by_age import IntakeByAge
from detectors.vigil.intakes import new_intake, under
from detectors.vigil.knowing import do_planned, know, refuses
from detectors.vigil.lane import take_lane
from detectors.vigil.looks import conditions_of, demanded
from detectors.vigil.loss import NOT_DUE, Watched, expect_again, overdue_at, overdue_for
from detectors.vigil.pace import keep_pace
from detectors.vigil.persistence import AlertRequest, Persistence, Reason
from detectors.vigil.register import Register
from detectors.vigil.risk_forecast import RiskForecast
from detectors.vigil.silence import forget_at, go_stale, may_forget, quiet_until
from detectors.vigil.status import status_bytes
from detectors.vigil.stay import Stay
from detectors.vigil.technical import Condition, Signals, watch
from detectors.vigil.telling import Round, Said
from detectors.vigil.track import Track
from detectors.vigil.trends import trend_bytes
from detectors.vigil.unseen import grave
from detectors.vigil.window import SPOT, VITALS, WINDOW_MS, Decided, Window, decide
from schemas.action import Action
from schemas.decode import FastReading, Refused
from schemas.patient import PatientRecord
from schemas.plain_reading import PlainReading
from schemas.reasons import Refusal
from schemas.times import HOUR_MS, MINUTE_MS, NEVER

SNAPSHOT_VERSION: Final = 2
READABLE: Final = (1, SNAPSHOT_VERSION)  # before 2 there was no risk_forecast
STATUS_EVERY_MS: Final = 60_000
TOLD_FOR_MS: Final = HOUR_MS  # how long a loss of data stays on the board


class SnapshotError(ValueError):
    """A snapshot that this version cannot read."""


def window_shift(patient: str) -> int:
    """Milliseconds by which this patient's windows are offset, so that not all patients fall due at once.

    >>> 0 <= window_shift("p-7f3a") < 15_000
    True
    """
    return int.from_bytes(blake2b(patient.encode(), digest_size=8).digest(), "big") % WINDOW_MS


@mypyc_attr(allow_interpreted_subclasses=True)
class Vigil:
    """One patient's watch.

    `take(reading, at)`, `know(record, at)`, `act(action, at)`, `tick(due)`: `at` is the log's time in milliseconds.
    `due` is the next moment at which there is something to do without new data, always later than the moment last
    called with.

    Examples
    --------
    >>> from detectors.rules import read_rules
    >>> from importlib.resources import files
    >>> rules = read_rules(files("detectors").joinpath("data/rules.json").read_bytes())
    >>> vigil = Vigil("p-7f3a", rules, mode="test")
    >>> vigil.due == NEVER
    True
    """

    __slots__ = (
        "acts",
        "concern",
        "due",
        "event_clock",
        "first_at",
        "intake",
        "lifecycle_due",
        "mode",
        "never_seen",
        "now",
        "over",
        "overdue",
        "patient",
        "persistence",
        "quiet_until",
        "register",
        "risk_forecast",
        "rules",
        "signals",
        "status_at",
        "stay",
        "tracks",
        "trend_minute",
        "watched",
    )  # fmt: skip

    def __init__(self, patient: str, rules: Rules, *, mode: str, event_clock: bool = False) -> None:
        self.patient, self.rules, self.mode, self.event_clock = patient, rules, mode, event_clock
        self.intake = new_intake(event_clock, window_shift(patient), rules)
        self.stay = Stay()
        self.tracks: dict[str, Track] = {}
        self.persistence, self.signals = Persistence(), Signals()
        self.risk_forecast = RiskForecast(rules)
        self.register, self.acts = Register(patient, mode), Acts()
        self.concern: Concern | None = None
        self.due, self.quiet_until, self.status_at = NEVER, -NEVER, -NEVER
        self.now, self.lifecycle_due, self.trend_minute = -NEVER, NEVER, -1
        self.never_seen = self.over = False
        self.watched, self.overdue, self.first_at = Watched(), NOT_DUE, NEVER  # when the first value was decided

    # ---- what comes in

    def take(self, reading: FastReading, at: int) -> Taken:
        """Collects one reading; never speaks by itself."""
        intake = self.intake
        if self.stay.merged_into is not None:
            return Taken(0, refused=tuple(Refused(name, Refusal.MERGED, "patient_id") for name in reading.vitals))
        if reading.corrects is not None and not intake.repeats(reading) and not self._withdraw(reading, at):
            lost = tuple(Refused(name, Refusal.NOTHING_TO_CORRECT, "corrects") for name in reading.vitals)
            return Taken(0, refused=lost or (Refused("", Refusal.NOTHING_TO_CORRECT, "corrects"),))
        taken = intake.take(reading, at)
        if intake.next_close < self.due:
            self.due = intake.next_close
        if taken.late or (taken.refused and intake.by_age):
            self.due = min(self.due, intake.clock_doubt_at(at, self.rules.technical.late_minutes))
        return taken

    def take_plain(self, reading: PlainReading, at: int) -> int:
        """As `take`, of a reading in which nothing has to be judged: how many values. 0: not done, `take` decides."""
        intake = self.intake
        if not isinstance(intake, IntakeByAge) or self.stay.merged_into is not None:
            return 0
        count = take_lane(intake, reading, at)
        if intake.next_close < self.due:
            self.due = intake.next_close
        return count

    def know(self, record: PatientRecord, at: int) -> list[Said]:
        """Takes a patient record into account, at once or when the moment comes that it names."""
        out = know(self, record, at)
        self.due = self.next_due(at)
        return out

    def refuses(self, record: PatientRecord, at: int) -> Code | None:
        """Why a patient record may do nothing here: code and field, or None where it may."""
        return refuses(self, record, at)

    def act(self, action: Action, at: int) -> Acted:
        """Takes into account what a person did, at once; what it causes, and why it was refused if it was."""
        acted = act(self, action, at)
        self.due = self.next_due(at)
        return acted

    def tick(self, due: int) -> list[Said]:
        """Does what is due by now: decides windows, notices silence, escalates, ends acknowledgements and orders."""
        out: list[Said] = []
        if self.stay.planned:
            out += do_planned(self, due)
        ended = due >= self.quiet_until and self._end_orders(due)
        groups = self.intake.closing(due)
        for group in groups:
            self._decide(group, due, out)
        silent = due >= self.quiet_until and go_stale(self, due)
        if self.intake.by_age:
            silent = self._tell_unseen(due) or silent
        if silent or ended or not groups:
            self.decide(due, {}, out, status=silent or ended)
        if may_forget(self, due) and forget_at(self) <= due:
            out += self.forget(due)
        self.due = self.next_due(due)
        return out

    def forget(self, at: int) -> list[Said]:
        """Ends this watch, and what it has open."""
        out: list[Said] = []
        self.end_all(at, Reason.DISCHARGED if self.stay.discharged else Reason.FORGOTTEN, out)
        self.over = True
        return [*out, Said("status", None, at)]

    def lose(self, at: int, *, history: bool = False) -> list[Said]:
        """Is told that readings (or the patient's own history) were lost before they could be taken."""
        out: list[Said] = []
        until = at + TOLD_FOR_MS
        if history:
            self.signals.rebuilt_until = until
        else:
            self.signals.lost_until = until
        self.decide(at, {}, out, status=True)
        self.due = self.next_due(at)
        return out

    def step_back(self, by: int) -> None:
        """Is told that the log's time is ahead by so many milliseconds from here on: its readings seem that late."""
        self.intake.lower_leads(by)

    def adopt(self, rules: Rules, at: int) -> None:
        """Goes on under other rules; nothing learnt is lost."""
        self.rules = rules
        self.intake = under(rules, self.intake, self.event_clock)
        self.tracks = {name: track.under(rules) for name, track in self.tracks.items()}
        self.risk_forecast.adopt(rules)
        self.due = self.next_due(max(self.now, at))  # never back to a moment that it has seen

    # ---- what is thought of it

    def _decide(self, windows: list[Window], due: int, out: list[Said]) -> None:
        """One group of windows that ended together: what is in force, what stands out, what is said, and only then
        what is learnt.
        """
        fresh = decide(windows)
        if due < self.first_at:
            self.first_at = due
        tracks = self.tracks
        named = fresh.keys() | [name for window in windows for name in window.unusable]
        if not named <= tracks.keys():
            tracks |= {name: Track(name, self.rules) for name in named - tracks.keys()}
            self.tracks = tracks = {known: tracks[known] for known in VITALS if known in tracks}
        watch(tracks, fresh, windows, self.signals, self.rules)
        if isinstance(self.intake, IntakeByAge):
            fresh = self.intake.contradicted(self.intake.of_age(fresh, due), due)
        fresh = {name: decided for name, decided in fresh.items() if tracks[name].see(name, decided)}
        charted = False
        if isinstance(self.intake, IntakeByAge):
            assert self.rules.intake is not None
            keep_pace(tracks, fresh, self.intake, self.rules.intake, calm=self.register.deterioration is None)
            charted = windows[0].source == SPOT
        assessment = self.decide(due, fresh, out, status=charted or due - self.status_at >= STATUS_EVERY_MS)
        if due // MINUTE_MS != self.trend_minute:
            self.trend_minute = due // MINUTE_MS
            out.append(Said("trends", trend_bytes(self, assessment), due))
        calm = self.register.deterioration is None and learns(self.stay, due)
        for name in fresh:
            tracks[name].learn(calm=calm)

    def _tell_unseen(self, due: int) -> bool:
        """Tells what was red or extreme among values that came too late to be scored; says whether there was any."""
        intake = self.intake
        assert isinstance(intake, IntakeByAge)
        found = [one for extremes in intake.unseen(due) for one in grave(extremes, self.stay.scale, self.rules)]
        if found:
            self.signals.unseen = [(one.vital, one.value, one.at) for one in found]
            self.signals.unseen_until = due + TOLD_FOR_MS
        return bool(found)

    def assessment(self, at: int) -> Assessment:
        """What is in force now."""
        return Assessment(
            self.tracks, self.stay, at, self.concern, self.risk_forecast.contributors(at), self.rules.watch
        )

    @property
    def forecasts(self) -> dict[str, Forecast]:
        """What the learned heads think, by head; those that know too little are not there."""
        return self.risk_forecast.forecasts(self.now)

    def decide(self, at: int, fresh: dict[str, Decided], out: list[Said], *, status: bool) -> Assessment:
        """Looks at the patient as a whole and says what is new."""
        assessment, register = self.assessment(at), self.register
        said, now = len(out), Round(assessment, self.rules, out)
        if not self.stay.confirmed:
            # windows of people and of devices are never decided together: one value tells
            entered = bool(fresh) and next(iter(fresh.values())).source == SPOT
            if fresh and (entered or at >= self.risk_forecast.next_at) and learns(self.stay, at):
                self.risk_forecast.look(assessment, fresh, entered)
                assessment.contributors = self.risk_forecast.contributors(at)
            request = self.request(assessment, fresh, entered=entered)
            if self.rules.watch is not None:
                if fresh:
                    self.watched.note(assessment, fresh, request)
                self.watched.note_unknown(assessment, self.rules)
                if entered or not fresh or self.overdue[2] != overdue_for(assessment):
                    self.overdue = overdue_at(self, assessment)
            register.move(now, request, self.persistence, fresh=fresh, entered=entered)
            self.persistence.corrected = False
            register.hold(conditions_of(self, assessment), now)
        if self.lifecycle_due <= at:
            register.pass_time(now)
        if status or len(out) > said:
            self.status_at = at
            out.append(Said("status", status_bytes(self, assessment, at), at))
        return assessment

    def review(self, at: int, out: list[Said], fresh: dict[str, Decided] | None = None) -> None:
        """Looks at the patient anew, and says what is new."""
        self.decide(at, fresh or {}, out, status=True)

    def request(self, assessment: Assessment, fresh: dict[str, Decided], *, entered: bool) -> AlertRequest:
        """What is asked for now."""
        return demanded(self, assessment, fresh, entered=entered)

    def conditions(self, at: int) -> list[Condition]:
        """What is wrong with the measuring now."""
        return conditions_of(self, self.assessment(at))

    # ---- orders, ends

    def _end_orders(self, due: int) -> bool:
        """Ends the orders, and the concern, whose time is over; says whether there was one."""
        ended = self.stay.due <= due
        if self.concern is not None and self.concern.until <= due:
            self.concern, ended = None, True
        self.stay, before = self.stay.at(due), self.stay
        expect_again(self, before, due)
        return ended

    def next_due(self, now: int) -> int:
        """The next moment to act; `quiet_until` is what only silence or an order's end can bring."""
        self.now = now
        self.lifecycle_due = self.register.due(self.stay, self.rules)
        self.quiet_until = quiet_until(self, now)
        self.intake.calm = self.register.deterioration is None
        return min(self.quiet_until, self.intake.next_close)

    def end_all(self, at: int, reason: Reason, out: list[Said]) -> None:
        """Lays every alert to rest, and the concern with it."""
        self.register.end_all(Round(self.assessment(at), self.rules, out), reason)
        self.concern = None

    def _withdraw(self, reading: FastReading, at: int) -> bool:
        """Takes back an earlier reading of the same device; what it said in force is no longer known."""
        assert reading.corrects is not None
        device = self.intake.devices.get(reading.device_id)
        if device is None:
            return False
        found = self.intake.withdraw(device.number, reading.corrects)
        names = set()
        for name, track in self.tracks.items():
            known = track.known
            if known is not None and known.device == device.number and known.sequence == reading.corrects:
                track.known, track.opinions, track.stale = None, (), False
                names.add(name)
            entered = track.entered
            if entered is not None and entered.device == device.number and entered.sequence == reading.corrects:
                track.entered = None  # its rank ends at once
        if not found and not names:
            return False
        self.intake.take_back(device.number, reading.corrects)
        self.register.withdraw(names)
        self.risk_forecast.withdraw(names)
        self.persistence.corrected = self.persistence.corrected or bool(names)
        self.due = min(self.due, at + 1)
        return True

    # ---- state

    def snapshot(self) -> bytes:
        """The whole state as versioned bytes of plain numbers and strings."""
        tracks = [[name, track.state()] for name, track in self.tracks.items()]
        body = [self.intake.state(), self.stay, tracks, self.persistence, self.signals, self.register.state()]
        body += [self.acts, self.concern]
        flags = [self.due, self.quiet_until, self.status_at, self.never_seen, self.over, self.now, self.trend_minute]
        head = [SNAPSHOT_VERSION, self.patient, self.mode, self.event_clock]
        watched = [self.first_at, self.watched, self.overdue]
        return msgspec.msgpack.encode([*head, *body, *flags, self.risk_forecast.state(), watched])

    @classmethod
    def restore(cls, snapshot: bytes, rules: Rules) -> "Vigil":
        """The vigil that `snapshot` was taken from. Raises SnapshotError where that cannot be read."""
        try:
            state: Sequence = msgspec.msgpack.decode(snapshot)
            if state[0] not in READABLE:
                raise SnapshotError(f"snapshot version {state[0]!r} is not known; this version reads {READABLE}")
            return cls._from_state(state, rules)
        except (msgspec.MsgspecError, IndexError, KeyError, TypeError, ValueError) as error:
            if isinstance(error, SnapshotError):
                raise
            raise SnapshotError(f"snapshot cannot be read: {error}") from error

    @classmethod
    def _from_state(cls, state: Sequence, rules: Rules) -> "Vigil":
        one = cls(state[1], rules, mode=state[2], event_clock=state[3])
        one.intake.restore(state[4])
        one.stay = msgspec.convert(state[5], Stay)
        one.tracks = {name: Track.restore(name, track, rules) for name, track in state[6]}
        one.persistence, one.signals = msgspec.convert(state[7], Persistence), msgspec.convert(state[8], Signals)
        one.register.restore(state[9])
        one.acts, one.concern = msgspec.convert(state[10], Acts), msgspec.convert(state[11], Concern | None)
        one.due, one.quiet_until, one.status_at, one.never_seen, one.over, one.now, one.trend_minute = state[12:19]
        one.lifecycle_due = one.register.due(one.stay, rules)
        one.intake.calm = one.register.deterioration is None
        if state[0] > 1:
            one.risk_forecast = RiskForecast.restore(state[19], rules)
        if len(state) > 20:
            one.first_at, watched, overdue = state[20]
            one.overdue = tuple(overdue) if isinstance(overdue, list) else NOT_DUE
            one.watched = msgspec.convert(watched, Watched)
        return one
