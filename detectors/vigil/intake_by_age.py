"""What becomes of each vital where its age decides: in time, delayed and still scored, or too old and only told of.

`intake` leaves aside whatever comes after its window was decided, and stays for logs whose rules say nothing of age.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import structs

from detectors.intake_rules import IntakeRules
from detectors.vigil.device_clock import BAND_MS, CHART_AHEAD_MS, NO_SEQUENCE, NOWHERE, STEADY_MS, DeviceClock
from detectors.vigil.intake import MOST_DEVICES, NO_ROW, Intake, Taken
from detectors.vigil.lane import open_lane
from detectors.vigil.marks import mark_decided
from detectors.vigil.unseen import Extremes
from detectors.vigil.window import NUMBER_OF, SPOT, WINDOW_MS, Decided, Window, names_sent, not_in
from schemas.decode import FastMeasure, FastReading, Refused
from schemas.judge import Judged, judge, means_something_else
from schemas.reading import Quality
from schemas.reasons import Refusal
from schemas.times import HOUR_MS, MINUTE_MS, NEVER, to_ms
from schemas.vitals import SCALES, SPOT_LATENESS, STREAM_LATENESS, Source, Vital

PRESSURES: Final = (Vital.DIASTOLIC_BP.value, Vital.SYSTOLIC_BP.value, Vital.MEAN_BP.value)
CROSSED_FOR_MS: Final = HOUR_MS
CHART_DELAYED_MS: Final = 15 * MINUTE_MS  # a round that is older says so
GAINS: Final = 10  # a log whose broker's clock stepped back goes a tenth slower until that has caught up
GAINED_IN_MS: Final = 10 * MINUTE_MS


class IntakeByAge(Intake):
    """Puts samples into windows by their age; a window of the past is decided with the one that is open now."""

    __slots__ = ("crossed_at", "rules", "scored")

    by_age = True

    devices: dict[str, DeviceClock]

    def __init__(self, event_clock: bool, shift: int, rules: IntakeRules) -> None:
        super().__init__(event_clock, shift)
        self.crossed_at = NOWHERE  # when pressures last contradicted each other, until they no longer do
        self.adopt(rules)

    def adopt(self, rules: IntakeRules) -> None:
        """Goes on under other rules."""
        self.rules = rules
        self.scored = rules.all_scored_ms()
        self._leave_lanes()

    def attach(self, devices: frozenset[str] | None) -> None:
        """As `Intake.attach`."""
        self.attached = devices
        self._leave_lanes()

    def _leave_lanes(self) -> None:
        """What is to become of the next readings has changed."""
        for device in self.devices.values():
            device.lane = None

    def window(self, key: int, end: int, source: Source) -> Window:
        """The open window of that key, new if need be."""
        found = self.windows.get(key)
        return self._open(key, Window(end, end + STREAM_LATENESS, NUMBER_OF[source])) if found is None else found

    def take(self, reading: FastReading, at: int) -> Taken:
        """Places one reading, `at` being the log's time; never speaks by itself."""
        if self.rules.sentinels:
            reading = self._without_sentinels(reading)
        vitals, name = reading.vitals, reading.device_id
        taken = to_ms(reading.taken_at)
        sequence = NO_SEQUENCE if reading.sequence is None else reading.sequence
        source = NUMBER_OF[reading.source]
        device = self.devices.get(name)
        if device is None:
            device = self._meet(name, taken)
        if source == SPOT:
            device.charts, device.lane = True, None
            return self._take_round(device, reading, taken, sequence, at)
        fresh = taken > device.newest  # newer than all from this device: nothing of it has come
        if not fresh or taken <= device.before_newest:
            joined = self._join(device, reading, taken, sequence, at)
            if joined is not None:
                return joined
        device.lane = None
        if NO_SEQUENCE < sequence <= device.before_sequence and taken <= device.before_newest:
            return Taken(0, late=len(vitals))  # a repeat from before its clock was set back
        if self.event_clock:
            lag, counts = at - taken, fresh
        else:
            if at // WINDOW_MS != device.window:
                growth = self.rules.lengthens_an_hour
                device.turn(at, longest=self.scored[source], growth=growth, calm=self.calm)
            behind = at - taken
            lag = behind + device.lead
            counts = taken > device.seen_before or sequence > device.sequence_before  # as `may_repeat`
            # within the band no reading tells its clock
            if not -BAND_MS <= lag <= BAND_MS and counts and self._is_plain(device, lag, behind, taken):
                device.lead = 0 if abs(behind) <= BAND_MS else -behind
                lag = behind + device.lead
                device.least, device.run_count = NEVER, 0
            if device.count and taken == device.seen and sequence == device.sequence:
                pass  # of a moment that tells its clock already
            elif lag < device.least or lag > STEADY_MS or device.ahead:
                device.note(at, taken, sequence)
            else:
                device.count += 1
                if taken > device.seen:
                    device.seen, device.sequence = taken, sequence
            if counts:
                device.heard = at
            if lag < -BAND_MS:
                device.was_late(at, lag, counts=True)
                refused = tuple(Refused(one, Refusal.CLOCK_AHEAD, "taken_at") for one in vitals)
                return Taken(0, refused=refused or (Refused("", Refusal.CLOCK_AHEAD, "taken_at"),))
        when = taken - device.lead
        index = (when - self.shift) // WINDOW_MS
        key = index * 4 + source
        window = self.windows.get(key)
        late = 0
        end = (index + 1) * WINDOW_MS + self.shift if window is None else window.end
        if window is None and end + STREAM_LATENESS > at:
            window = self._open(key, Window(end, end + STREAM_LATENESS, source))
        elif window is None or window.closes > end + STREAM_LATENESS:
            vitals = self._delayed(device, vitals, source, when, lag, at)
            late = len(reading.vitals) - len(vitals)
            if not vitals:
                device.was_late(at, lag, counts=counts)
                return Taken(0, late=late)
            if window is None:
                now = (at - self.shift) // WINDOW_MS
                window = self._open(key, Window(end, (now + 1) * WINDOW_MS + self.shift + STREAM_LATENESS, source))
        if fresh:
            device.newest = taken
        device.late_since = NOWHERE
        strange = self.attached is not None and name not in self.attached
        if strange:
            window.unattached = True
        done = self._add(window, vitals, strange, [when, device.number, sequence, taken])
        if not (strange or late or self.rules.sentinels):
            open_lane(device, window, reading.source, tuple(vitals), taken)
        if not late:
            return done
        window.set_aside(window.count - 1, [one for one in reading.vitals if one not in vitals])
        return done._replace(late=late)

    def _join(self, device: DeviceClock, reading: FastReading, taken: int, sequence: int, at: int) -> Taken | None:
        """What becomes of a reading of which something came before and is not decided yet: what came is a repeat, the
        rest joins it, and says nothing new of the device's clock. None: nothing of it lies here.
        """
        source, windows = NUMBER_OF[reading.source], self.windows
        likely = (taken - device.lead - self.shift) // WINDOW_MS * 4 + source
        window = windows.get(likely)
        row = NO_ROW if window is None else window.row_of(device.number, sequence, taken)
        if row == NO_ROW:
            for key, window in windows.items():
                if key & 3 == source and key != likely:
                    row = window.row_of(device.number, sequence, taken)
                    if row != NO_ROW:
                        break
            else:
                return None
        assert window is not None
        sent = reading.vitals
        new = window.unsent(row, sent)
        if not new:
            return Taken(0, duplicate=len(sent))
        vitals = {name: sent[name] for name in new}
        when = taken - device.lead
        on_time = window.closes == window.end + STREAM_LATENESS
        counting = self._delayed(device, vitals, source, when, 0 if on_time else at - when, at)
        strange = self.attached is not None and reading.device_id not in self.attached
        done = self._add(window, counting, strange, [], row)
        if len(counting) < len(new):
            window.set_aside(row, [one for one in new if one not in counting])
        return done._replace(duplicate=len(sent) - len(new), late=len(new) - len(counting))

    def _without_sentinels(self, reading: FastReading) -> FastReading:
        """The reading with what its device says in place of a value as what it is: not available."""
        signs = [sign for sign in self.rules.sentinels if sign.of(reading.device_id)]
        found = {
            name: structs.replace(sent, value=None, quality=Quality.NOT_AVAILABLE)
            for name, sent in reading.vitals.items()
            if any(name in sign.vitals and sent.value == sign.value for sign in signs)
        }
        return structs.replace(reading, vitals={**reading.vitals, **found}) if found else reading

    @staticmethod
    def _judge(name: str, measure: FastMeasure) -> Judged | Refused:
        return means_something_else(name, measure) or judge(name, measure)

    @staticmethod
    def _note(window: Window, name: str, refused: Refused, quality: Quality) -> None:
        """Whatever is refused of a vital, it is not measured as long as nothing else comes."""
        if name in SCALES:
            window.unusable[name] = window.unusable.get(name, 0) + 1
        if quality is Quality.UNDERFLOW:
            window.under[name] = window.under.get(name, 0) + 1

    @staticmethod
    def _is_plain(device: DeviceClock, lag: int, behind: int, taken: int) -> bool:
        """Whether one reading tells the clock by itself: it agrees with the log's own time although the lead does not,
        or nothing is known yet of a device that names the future, or it gained no more than a log loses that goes
        slower.
        """
        if abs(behind) <= BAND_MS:
            return abs(lag) > BAND_MS
        if lag >= -BAND_MS:
            return False
        return not device.sure or lag >= -BAND_MS - STEADY_MS - min(taken - device.newest, GAINED_IN_MS) // GAINS

    def lower_leads(self, by: int) -> None:
        """As `Intake.lower_leads`: the next reading raises a lead again that had followed the log already. Rounds are
        never moved by so much that they name the future once the log is right again.
        """
        for device in self.devices.values():
            follows = device.charts and device.lead >= -CHART_AHEAD_MS
            device.lead = max(device.lead - by, -CHART_AHEAD_MS) if follows else device.lead - by
            device.least, device.count, device.ahead, device.again = NEVER, 0, True, True
            device.run_count, device.sure, device.lane = 0, False, None

    def _delayed(
        self, device: DeviceClock, vitals: Mapping[str, FastMeasure], source: int, when: int, lag: int, at: int
    ) -> dict[str, FastMeasure]:
        """Those of a reading's vitals that still count although their window was decided: young enough, and newer than
        what was decided of each. What is too old is remembered for its extremes.
        """
        floor, marks, taken = device.floor, device.marks, when + device.lead
        newer = {name: sent for name, sent in vitals.items() if taken > max(floor, marks.get(name, floor))}
        if lag <= self.scored[source]:
            return newer
        self._remember_old(device, newer, when, taken, at)
        return {}

    @staticmethod
    def _remember_old(device: DeviceClock, vitals: Mapping[str, FastMeasure], when: int, taken: int, at: int) -> None:
        for name, measure in vitals.items():
            judged = means_something_else(name, measure) or judge(name, measure)
            if not isinstance(judged, Refused):
                device.remember(name, judged.value, when, taken, at)

    # ---- rounds

    def _take_round(self, device: DeviceClock, reading: FastReading, taken: int, sequence: int, at: int) -> Taken:
        """A person's observations, each a window of its own; one that is named of the future is refused alone."""
        vitals, number = reading.vitals, device.number
        repeats, spot = 0, None
        if taken <= device.newest or taken <= self.forgotten_spot:
            spot = self._spot(number, sequence, taken)
            if spot is not None:
                new = [] if spot.sent is None else not_in(vitals, spot.sent)
                if not new:
                    return Taken(0, duplicate=len(vitals))
                vitals, repeats = {name: vitals[name] for name in new}, len(vitals) - len(new)
            elif taken <= self.forgotten_spot:
                return Taken(0, late=len(vitals))  # it may be a repeat of one that is forgotten
        if spot is None and not self.event_clock:
            device.learn_round(taken, at)
        lag = at - taken + device.lead
        if lag < -CHART_AHEAD_MS and not self.event_clock:
            device.was_late(at, lag, counts=True)
            refused = tuple(Refused(one, Refusal.CLOCK_AHEAD, "taken_at") for one in vitals)
            return Taken(0, duplicate=repeats, refused=refused)
        if lag >= SPOT_LATENESS:
            device.was_late(at, lag, counts=True)
            self._remember_old(device, vitals, taken - device.lead, taken, at)
            return Taken(0, duplicate=repeats, late=len(vitals))
        when = min(taken - device.lead, at)
        key = when * 4 + SPOT
        window = self.windows.get(key) or self._open(key, Window(when, max(when, at) + 1, SPOT))
        if taken > device.newest:
            device.newest = taken
        device.late_since = NOWHERE
        if spot is None:
            self._remember(number, sequence, taken, names_sent(vitals))
        else:
            assert spot.sent is not None
            spot.sent = names_sent((*spot.sent, *vitals))
        done = self._add(window, vitals, False, [when, number, sequence, taken])
        return done._replace(duplicate=repeats) if repeats else done

    # ---- what is told

    def clock_doubt_at(self, now: int, late_minutes: float) -> int:
        """When something about the devices' clocks, or what they sent too late, is next to be told after `now`."""
        soonest, wait = NEVER, int(late_minutes * MINUTE_MS)
        for device in self.devices.values():
            if device.late_since == NOWHERE and not device.unseen:
                continue  # nothing to tell
            for moment in (device.told_at(wait), device.unseen_due):
                if now < moment < soonest:
                    soonest = moment
        return soonest

    @property
    def crossed_until(self) -> int:
        """Until when it is told that pressures contradict each other."""
        return self.crossed_at + CROSSED_FOR_MS

    def in_doubt(self, at: int, late_minutes: float) -> bool:
        """Never: `timing` says more of it."""
        return False

    def unseen(self, due: int) -> list[dict[str, Extremes]]:
        """What is told now of values that were too old to be scored; it is not told again."""
        found = []
        waiting = [name for name, device in self.devices.items() if device.unseen]
        for name in sorted(waiting):
            device = self.devices[name]
            if device.unseen_due <= due:
                found.append(device.unseen)
                for vital, extremes in device.unseen.items():
                    device.marks[vital] = max(extremes.newest, device.marks.get(vital, device.floor))
                device.forget_unseen()
        return found

    def of_age(self, decided: dict[str, Decided], due: int) -> dict[str, Decided]:
        """Decided values with their delay, without those that nobody may count any more; these are remembered."""
        oldest = due - WINDOW_MS - STREAM_LATENESS
        for one in decided.values():
            if one.at < oldest:
                break
        else:
            return decided
        counting = {}
        for name, one in decided.items():
            age = due - one.at
            if age > WINDOW_MS + STREAM_LATENESS:
                if one.source == SPOT and age >= SCALES[Vital(name)].validity[Source.SPOT]:
                    device = next((other for other in self.devices.values() if other.number == one.device), None)
                    if device is not None:
                        device.remember(name, one.value, one.at, one.at + device.lead, due)
                    continue
                if one.source != SPOT or age > CHART_DELAYED_MS:
                    one = structs.replace(one, delayed=age if one.source != SPOT else 1)
            counting[name] = one
        return counting

    def contradicted(self, decided: dict[str, Decided], due: int) -> dict[str, Decided]:
        """Decided values without pressures that contradict each other: a diastolic above its systolic, a mean outside
        the two. Which one is wrong nobody can say.
        """
        low = decided.get(PRESSURES[0])
        if low is None:
            return decided
        high, mean = decided.get(PRESSURES[1]), decided.get(PRESSURES[2])
        if high is None:
            return decided
        if low.value > high.value:
            self.crossed_at = max(self.crossed_at, due)
            return {name: one for name, one in decided.items() if name not in PRESSURES}
        self.crossed_at = NOWHERE
        if mean is not None and not low.value <= mean.value <= high.value:
            return {name: one for name, one in decided.items() if name != PRESSURES[2]}
        return decided

    def delay_of(self, number: int) -> int:
        """How long the device of that number keeps its readings before it hands them over, by habit."""
        for device in self.devices.values():
            if device.number == number:
                return device.delay
        return 0

    # ---- what is decided

    def closing(self, due: int) -> list[list[Window]]:
        """As `Intake.closing`; what is decided of each device cannot come again."""
        groups = super().closing(due)
        for group in groups:
            for window in group:
                if window.source != SPOT:
                    mark_decided(self.devices, window)
        return groups

    # ---- state

    def _meet(self, name: str, taken: int) -> DeviceClock:  # type: ignore[override]
        known = self.devices
        number = 1 + max((device.number for device in known.values()), default=-1)
        if len(known) >= MOST_DEVICES:
            del known[min(known, key=lambda other: (known[other].newest, known[other].number))]
        device = known[name] = DeviceClock(number, taken)
        return device

    def state(self) -> list[object]:
        """Plain numbers and strings."""
        return [*super().state(), self.crossed_at]

    def restore(self, state: Sequence) -> None:
        """Goes back to what `state` was taken from; from a state without clocks, with what that knew of them."""
        super().restore([[], *state[1:5]])
        if len(state) > 5:
            self.devices = {name: DeviceClock.restore(device) for name, device in state[0]}
            self.crossed_at = state[5]
            return
        for name, (number, newest, lead, sequence, *_) in state[0]:
            device = self.devices[name] = DeviceClock(number, newest)
            device.newest = device.seen = device.floor = newest
            device.lead, device.sequence = 0 if lead == NOWHERE else lead, sequence
