"""One partition's log, its time, and who is due: turns a log into alerts by an order that the log alone decides.

Before a record of time t, the stream time moves to max(T, t); then every vigil due at or before T gets
`tick(due)`, in (due, patient) order, until none is; only then is the record handed over. So a log that ends at time T
has fired exactly the dues up to T, and cutting it into batches anywhere changes nothing. What a record's time is in
arrival clock, `streams.log.stream_time` says; records whose time is not known yet wait there.
"""

from collections.abc import Iterable, Sequence
from heapq import heappop, heapreplace
from itertools import chain
from typing import Final

from detectors.rules import Rules, read_rules
from detectors.vigil import Said, Taken, Vigil
from detectors.vigil.merging import HANDED_ON
from schemas.control_record import KIND_HEADER, ControlRecord, ControlRecordKeys, ControlRecordKind, Tick
from schemas.decode import Decoded, FastReading, decode_fast, decode_slowly
from schemas.plain_reading import decode_plain
from schemas.reading import Mode
from schemas.reasons import Refusal, Unreadable
from schemas.rejection import Header, Rejection
from schemas.times import NEVER, to_ms
from streams.log.beyond import Beyond
from streams.log.canary import LEFT_AFTER_MS, CanaryWatch, canary_of, is_reserved
from streams.log.control import ControlRecords
from streams.log.control_records import forward, tick_in
from streams.log.placing import partition_of
from streams.log.record import Checkpoint, Output, Record
from streams.log.stream_time import AT_ONCE, StreamClock, Stretch, just_after
from streams.log.tally import Tally
from streams.log.watch import Watch

AHEAD_MS: Final = 366 * 86_400_000


class Partition(ControlRecords):
    """A deterministic state machine over one partition of the readings log.

    `run(records)` gives what they caused. `checkpoint` and `states` continue from a snapshot: a record below the
    checkpoint's offset, or below a patient's own, changes nothing. `vigil` is what watches one patient: a subclass that
    tells why it decided as it did says the very same.
    """

    vigil: type[Vigil] = Vigil

    def __init__(
        self,
        partition: int,
        partitions: int,
        *,
        clock: str,
        mode: str,
        rules: Rules,
        keys: ControlRecordKeys | None = None,
        topic: str = "vitals.readings",
        checkpoint: Checkpoint | None = None,
        states: Iterable[tuple[str, int, bytes]] = (),
    ) -> None:
        self.partition, self.partitions, self.topic = partition, partitions, topic
        self.event_clock, self.mode = clock == "event", Mode(mode)
        self.rules, self.keys = rules, keys or ControlRecordKeys({})
        self.tally, self.dirty = Tally(), set[str]()
        self.watches: dict[str, Watch] = {}
        self.rules_bytes: bytes | None = None
        checkpoint = checkpoint or Checkpoint()
        self.next_offset, self.time, self.first_time = checkpoint.next_offset, checkpoint.time, checkpoint.first_time
        self.expected = self.next_offset  # the offset that comes next: beyond the one handed over next where some wait
        self.clock = StreamClock(self.time, checkpoint.clock, self._tick_in)
        self._clock_after = checkpoint.clock
        self.sources, self.log_number = dict(checkpoint.sources), checkpoint.log_number
        if checkpoint.rules is not None:
            self.rules_bytes, self.rules = checkpoint.rules, read_rules(checkpoint.rules)
        self.beyond = Beyond(checkpoint.ahead)
        self._heap: list[tuple[int, str]] = []
        self.canary: CanaryWatch | None = None
        # In event clock nothing has a time before the first reading: what is forwarded earlier waits for it.
        self._waiting: list[tuple[ControlRecordKind, ControlRecord, int]] = []
        self._before_waiting: Checkpoint | None = None
        self._restore(states)

    @property
    def watched(self) -> Iterable[tuple[str, Watch]]:
        """Everybody, those who were seen for the first time in a crowd among them."""
        more = () if self.newcomers is None else self.newcomers.watches.items()
        return chain(self.watches.items(), more)

    def find(self, patient: str) -> Watch | None:
        """Her watch, wherever it is."""
        watch = self.watches.get(patient)
        return self.newcomers.watches.get(patient) if watch is None and self.newcomers is not None else watch

    @property
    def checkpoint(self) -> Checkpoint:
        """Up to where the log has been taken; not beyond what still waits for its time, or for the first moment."""
        before = self._held_before() or self._checkpoint()
        return before._replace(ahead=self.beyond.after(before.next_offset))

    @property
    def checkpoint_offset(self) -> int:
        """The checkpoint's next offset."""
        before = self._held_before()
        return self.next_offset if before is None else before.next_offset

    def _held_before(self) -> Checkpoint | None:
        newcomers = None if self.newcomers is None else self.newcomers.before
        return self._before_waiting or newcomers

    def _checkpoint(self) -> Checkpoint:
        where = self.next_offset, self.time, self.first_time, dict(self.sources), self.rules_bytes
        return Checkpoint(*where, self._clock_after, self.log_number)

    def state(self, patient: str) -> tuple[str, int, bytes]:
        """One patient's snapshot, with the offset up to which it holds."""
        watch = self.find(patient)
        assert watch is not None
        return patient, watch.upto, watch.vigil.snapshot()

    # ---- the log

    def run(self, records: Iterable[Record]) -> list[Output]:
        """Takes records in the log's order and gives what they caused."""
        stretches = self.place(records if isinstance(records, Sequence) else list(records))
        if len(stretches) == 1:
            return self.take(stretches[0])
        return [output for stretch in stretches for output in self.take(stretch)]

    def place(self, records: Sequence[Record]) -> list[Stretch]:
        """The records as `take` wants them: each at its time, in stretches between which there is room to yield.

        Those whose time cannot be known yet come out of a later call.
        """
        if records and records[0][0] < self.expected:  # replayed: the state holds it
            records = [record for record in records if record[0] >= self.expected]
        if not records:
            return []
        self.expected = records[-1][0] + 1
        if self.event_clock:
            return [Stretch(records[start : start + AT_ONCE], None) for start in range(0, len(records), AT_ONCE)]
        stretches = self.clock.place(records)
        self.tally.time_went_back, self.tally.steps_absorbed = self.clock.went_back, self.clock.absorbed
        return stretches

    def take(self, stretch: Stretch) -> list[Output]:
        """Takes a stretch that `place` gave, and gives what it caused."""
        out: list[Output] = []
        event_clock, tally, watches, heap, mode = self.event_clock, self.tally, self.watches, self._heap, self.mode
        touch, next_offset, log_time = self.dirty.add, self.next_offset, self.time
        taken_records = readable = accepted = 0
        ahead, newcomers = just_after(log_time), self.newcomers
        # what is not plain is read twice: where a quarter is not, no more are tried
        tries = 0 if event_clock or self.rules.intake is None else 1 + len(stretch.records) // 4
        if newcomers is not None:
            newcomers.begin(self._checkpoint())
        self._settle()
        if stretch.back_ms:
            self.lower_leads(stretch.back_ms, stretch.records[0])
        for record in stretch.records:
            offset, time, _, value, headers = record
            self.next_offset = next_offset = offset + 1
            taken_records += 1
            if not event_clock and time > log_time:
                self.time = log_time = time
                while heap and heap[0][0] <= time:
                    self._fire_one(offset, out)
            if headers:
                kind = next((h for name, h in headers if name == KIND_HEADER), None)
                if kind is not None:
                    self._take_forwarded(kind, record, out)
                    continue
            if tries and (plain := decode_plain(value)) is not None:
                watch = watches.get(plain.patient_id)
                if watch is not None and plain.mode is mode and offset >= watch.upto:
                    count = watch.vigil.take_plain(plain, log_time)
                    if count:
                        watch.upto = next_offset
                        readable, accepted = readable + 1, accepted + count
                        touch(plain.patient_id)
                        if watch.vigil.due < watch.queued:
                            self.queue(watch, plain.patient_id)
                        continue
            tries -= tries > 0
            decoded, reading = None, decode_fast(value)
            if reading is None:
                if newcomers is not None and newcomers.keeps_unread(record):
                    taken_records -= 1
                    continue
                try:
                    decoded = decode_slowly(value)
                except Unreadable as refusal:
                    tally.unreadable += 1
                    self._refuse(record, refusal.code, refusal.field, 0, out)
                    continue
                reading = decoded.reading
            patient = reading.patient_id
            watch = watches.get(patient)
            if watch is None and (
                self.beyond.is_over(patient, offset) or (newcomers is not None and newcomers.keeps(reading, record))
            ):
                taken_records -= 1
                continue
            readable += 1
            if decoded is not None:
                self._explain(decoded, record, out)
            # In event clock a reading may move the time; one of a moment that has been reached does not.
            reached = not event_clock or reading.taken_at < ahead
            if watch is None or reading.mode is not mode or not reached:
                watch = self._admit(reading, record, out)
                if self.time != log_time:
                    log_time = self.time
                    ahead = just_after(log_time)
                if watch is None:
                    continue
            if offset < watch.upto:  # this patient's state is newer than the checkpoint
                taken_records -= 1
                readable -= 1
                continue
            watch.upto, vigil = next_offset, watch.vigil
            taken = vigil.take(reading, log_time)
            accepted += (count := taken[0])
            if count != len(reading.vitals) or not count:  # a withdrawal names no vitals
                self._count_rest(taken, record, out)
            if vigil.due < watch.queued:
                self.queue(watch, patient)
            touch(patient)
        tally.records += taken_records
        tally.readable += readable
        tally.accepted += accepted
        tally.received += accepted
        self._clock_after = stretch.after
        return out

    def release(self) -> list[Output]:
        """Takes what still waits for its time, for no more of the log will come."""
        return [output for stretch in self.clock.release() for output in self.take(stretch)]

    def advance(self, time: int, limit: int) -> tuple[list[Output], bool]:
        """Moves the time and fires at most `limit` dues; says whether none is left. A place to yield after a long
        silence.
        """
        out: list[Output] = []
        self.time = max(self.time, time)
        for _ in range(limit):
            if not self.has_due(self.time):
                return out, True
            self._fire_one(self.next_offset, out)
        return out, not self.has_due(self.time)

    def _tick_in(self, record: Record) -> Tick | None:
        return tick_in(record, self.keys, self.topic, self.partition)

    def lower_leads(self, by: int, record: Record) -> None:
        """Stamps stepped back below the log's time: devices seem that much earlier, until their next readings."""
        offset, _, key, *_ = record
        if self.newcomers is not None:
            self.newcomers.step_back(by, record)
        for patient, watch in self.watches.items():
            if offset >= watch.upto:
                watch.vigil.step_back(by)
                watch.upto = offset + (watch.key != key)  # the patient's own reading comes yet
                self.dirty.add(patient)

    def _fire_one(self, offset: int, out: list[Output]) -> None:
        heap = self._heap
        due, patient = heap[0]
        watch = self.watches.get(patient)
        if watch is None or due != watch.queued:  # forgotten, or an earlier entry took its place
            heappop(heap)
            if watch is None and self.canary is not None and patient == canary_of(self.partition):
                self._fire_canary(self.canary, due, out)
            return
        vigil = watch.vigil
        if due == vigil.due:  # otherwise it has since named a later moment
            self._emit(watch, vigil.tick(due), offset, out)
            self.dirty.add(patient)
            if vigil.over:
                del self.watches[patient]
                self.beyond.over[patient] = offset
                heappop(heap)
                return
            if vigil.due <= due:
                raise RuntimeError("a vigil that stays due would stop the partition")
        watch.queued = vigil.due
        if vigil.due < NEVER:
            heapreplace(heap, (vigil.due, patient))
        else:
            heappop(heap)

    def _fire_canary(self, canary: CanaryWatch, due: int, out: list[Output]) -> None:
        if due != canary.queued:
            return
        if due - canary.fed_at > LEFT_AFTER_MS:
            self.canary = None
            return
        if due == canary.vigil.due:
            out += canary.outputs(canary.vigil.tick(due))
            if canary.vigil.due <= due:
                raise RuntimeError("a vigil that stays due would stop the partition")
        self.queue(canary, canary_of(self.partition))

    def _emit(self, watch: Watch, said: list[Said], offset: int, out: list[Output]) -> None:
        for topic, value, at in said:
            self.tally.said[topic] += 1
            headers: tuple[Header, ...] = ()
            if topic == "status":
                headers = ("partition", b"%d" % self.partition), ("offset", b"%d" % offset)
                if self.log_number:
                    headers += (("log", b"%d" % self.log_number),)
            if topic == HANDED_ON:
                out.append(self._hand_on(watch.vigil.stay.merged_into or "", value or b"", offset, at))
                continue
            out.append(Output(topic, watch.key, value, headers, at))

    def _hand_on(self, patient: str, body: bytes, offset: int, at: int) -> Output:
        """What a merged patient's watch hands on: a signed record for the partition of the id that stays."""
        to = partition_of(patient, self.partitions)
        place = self.topic, self.partition, offset, patient, body, self.keys, self.topic, to
        which = f"#{self.log_number}" if self.log_number else ""  # in a log made anew offsets begin again
        key, value, headers = forward(ControlRecordKind.PATIENT, *place, which)
        return Output("readings", key, value, headers, at)

    # ---- readings

    def _admit(self, reading: FastReading, record: Record, out: list[Output]) -> Watch | None:
        """The patient's watch, new if need be; None if the whole reading is refused. Moves the time in event clock."""
        patient, count = reading.patient_id, len(reading.vitals)
        refused: tuple[Refusal, str] | None = None
        watch = self.watches.get(patient)
        if is_reserved(patient):
            refused = Refusal.RESERVED_ID, "patient_id"
        elif watch is None and partition_of(patient, self.partitions) != self.partition:
            refused = Refusal.WRONG_PARTITION, "patient_id"
        elif reading.mode is not self.mode:
            refused = Refusal.WRONG_MODE, "mode"
        elif self.event_clock:
            taken = to_ms(reading.taken_at)
            first = self._begin(taken, out) if self.first_time is None else self.first_time
            if taken > first + AHEAD_MS:
                refused = Refusal.CLOCK_AHEAD, "taken_at"
            else:
                self._advance_event(taken, record[0], out)
                watch = self.watches.get(patient)  # it may have been forgotten meanwhile
        if refused is not None:
            self.tally.received += count
            self.tally.rejected += count
            self._refuse(record, *refused, count, out)
            return None
        return watch or self._watch(patient)

    def _advance_event(self, taken: int, offset: int, out: list[Output]) -> None:
        if taken > self.time:
            self.time = taken
            while self._heap and self._heap[0][0] <= taken:
                self._fire_one(offset, out)

    def _begin(self, taken: int, out: list[Output]) -> int:
        """Event clock: the first reading gives the log its first moment, and lets take effect what waited for one."""
        self.first_time = self.time = taken
        waiting, self._waiting, self._before_waiting = self._waiting, [], None
        for kind, forwarded, offset in waiting:
            self._let_act(kind, forwarded, offset, out)
        return taken

    def _watch(self, patient: str) -> Watch:
        vigil = self.vigil(patient, self.rules, mode=self.mode.value, event_clock=self.event_clock)
        watch = self.watches[patient] = Watch(vigil)
        return watch

    def _explain(self, decoded: Decoded, record: Record, out: list[Output]) -> None:
        watch = self.watches.get(decoded.reading.patient_id)
        if watch is not None and record[0] < watch.upto:  # counted and sent back before that state was kept
            return
        self.tally.unknown_fields += len(decoded.unknown)
        for refused in decoded.refused:
            self.tally.received += 1
            self.tally.rejected += 1
            self._refuse(record, refused.code, refused.field, 1, out)

    def _count_rest(self, taken: Taken, record: Record, out: list[Output]) -> None:
        self.tally.add(taken)
        for refused in taken.refused:
            self._refuse(record, refused.code, refused.field, 1 if refused.vital else 0, out)

    def _refuse(self, record: Record, code: Refusal, field: str | None, vitals: int, out: list[Output]) -> None:
        self._reject(code, field, (self.topic, self.partition, record[0]), vitals, record[2], record[3], out)

    def _reject(
        self,
        code: Refusal,
        field: str | None,
        place: tuple[str, int, int],
        vitals: int,
        key: bytes | None,
        value: bytes | None,
        out: list[Output],
    ) -> None:
        self.tally.refusals[code.value] += 1
        self.tally.said["rejections"] += 1
        headers = Rejection.headers_of(code, field, *place, vitals)
        out.append(Output("rejections", key, value, headers, self.time))
