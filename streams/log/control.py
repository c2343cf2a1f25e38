"""What a control record does to a partition of the log: verified, taken once, and in the order of its source."""

from collections.abc import Iterable, Mapping
from heapq import heappush
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from detectors.rules import Rules, RulesError, read_rules
from detectors.vigil import Said, Vigil
from detectors.vigil.silence import idle_since
from schemas.action import Action, ActionType
from schemas.control_record import KIND_HEADER, SIGNATURE_HEADER, ControlRecord, ControlRecordKeys, ControlRecordKind
from schemas.patient import Event, PatientRecord
from schemas.reading import Mode
from schemas.reasons import Refusal
from schemas.times import NEVER
from streams.config.packaged_rules import PACKAGED_SOURCE
from streams.log.beyond import Beyond
from streams.log.canary import SICK, CanaryWatch, canary_of, is_reserved, observation
from streams.log.control_records import verify
from streams.log.places import taken_of
from streams.log.placing import partition_of
from streams.log.record import Checkpoint, Output, Record
from streams.log.tally import Tally
from streams.log.watch import Watch

if TYPE_CHECKING:
    from streams.log.newcomers import Newcomers

CONTRACTS: Final[Mapping[ControlRecordKind, type[PatientRecord] | type[Action]]] = {
    ControlRecordKind.PATIENT: PatientRecord,
    ControlRecordKind.ACTION: Action,
}

ABOUT_ALL: Final = frozenset({ControlRecordKind.RULES, ControlRecordKind.LOSS, ControlRecordKind.HISTORY})


class ControlRecords:
    """The half of a partition that lets control records act; `streams.log.partition` is the other, and the whole."""

    partition: int
    partitions: int
    topic: str
    event_clock: bool
    mode: Mode
    keys: ControlRecordKeys
    rules: Rules
    rules_bytes: bytes | None
    time: int
    first_time: int | None
    sources: dict[str, int]
    watches: dict[str, Watch]
    canary: CanaryWatch | None
    vigil: type[Vigil]
    dirty: set[str]
    beyond: Beyond
    tally: Tally
    _heap: list[tuple[int, str]]
    _waiting: list[tuple[ControlRecordKind, ControlRecord, int]]
    _before_waiting: Checkpoint | None
    newcomers: "Newcomers | None" = None

    @property
    def checkpoint_offset(self) -> int:
        """The checkpoint's next offset."""
        raise NotImplementedError

    def _checkpoint(self) -> Checkpoint:
        raise NotImplementedError

    def _watch(self, patient: str) -> Watch:
        raise NotImplementedError

    def has_due(self, by: int) -> bool:
        """Whether somebody's next moment is at `by` (ms) or before."""
        return bool(self._heap) and self._heap[0][0] <= by

    def queue(self, watch: Watch, patient: str) -> None:
        """Puts the watch's next moment among those to come."""
        if watch.vigil.due < NEVER:
            heappush(self._heap, (watch.vigil.due, patient))
        watch.queued = watch.vigil.due

    def _emit(self, watch: Watch, said: list[Said], offset: int, out: list[Output]) -> None:
        raise NotImplementedError

    def _refuse(self, record: Record, code: Refusal, field: str | None, vitals: int, out: list[Output]) -> None:
        raise NotImplementedError

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
        raise NotImplementedError

    def _restore(self, states: Iterable[tuple[str, int, bytes]]) -> None:
        """Each state under the rules that it stands under, which may be newer than the checkpoint's."""
        under = {None: self.rules} | {body: read_rules(body) for body in self.beyond.rules.values()}
        for patient, upto, snapshot in states:
            rules = under[self.beyond.rules_of(upto)]
            self.watches[patient] = watch = Watch(self.vigil.restore(snapshot, rules), upto)
            self.queue(watch, patient)
            if upto > self.checkpoint_offset:
                self.beyond.states[patient] = upto, snapshot

    def _settle(self) -> None:
        self.beyond.settle(self.checkpoint_offset)

    def _take_forwarded(self, name: bytes, record: Record, out: list[Output]) -> None:
        kind = next((kind for kind in ControlRecordKind if kind.value.encode() == name), None)
        if kind is ControlRecordKind.TICK:
            self.tally.forwarded += 1
            return
        forwarded = None
        if kind is None:
            code = Refusal.UNKNOWN_RECORD
        else:
            code, forwarded = verify(kind, record, self.keys, self.topic, self.partition)
        if forwarded is None or kind is None:
            self.tally.unreadable += 1
            self._refuse(record, code, KIND_HEADER if kind is None else SIGNATURE_HEADER, 0, out)
            return
        self.tally.forwarded += 1
        if self.event_clock and self.first_time is None:
            if self._before_waiting is None:
                self._before_waiting = self._checkpoint()._replace(next_offset=record[0])
            self._waiting.append((kind, forwarded, record[0]))
            return
        newcomers = self.newcomers
        if newcomers is None:
            self._let_act(kind, forwarded, record[0], out)
        elif kind is not ControlRecordKind.FORGET or not newcomers.keeps_control(forwarded.key, record):
            fresh = forwarded.source_offset > taken_of(self.sources, forwarded)
            self._let_act(kind, forwarded, record[0], out)
            if fresh and kind in ABOUT_ALL and not forwarded.key:
                newcomers.hear(record)

    def _seen(self, patient: str, out: list[Output]) -> Watch | None:
        """Her watch; one who waits comes at once."""
        watch = self.watches.get(patient)
        return self.newcomers.come(patient, out) if watch is None and self.newcomers is not None else watch

    def _let_act(self, kind: ControlRecordKind, forwarded: ControlRecord, offset: int, out: list[Output]) -> None:
        if kind is ControlRecordKind.FORGET:
            self._forget(forwarded, offset, out)
            return
        if kind is ControlRecordKind.CANARY:
            if not self._take_canary(forwarded):
                self._reject(Refusal.BAD_RECORD, "body", (self.topic, self.partition, offset), 0, None, None, out)
            return
        if forwarded.source_offset <= taken_of(self.sources, forwarded):  # forwarded again
            return
        self.sources[forwarded.source] = forwarded.source_offset
        refused = self._apply(kind, forwarded, offset, out)
        if refused is not None:
            place = forwarded.source_topic, forwarded.source_partition, forwarded.source_offset
            self._reject(*refused, place, 0, forwarded.key.encode() or None, forwarded.body, out)

    def _apply(
        self, kind: ControlRecordKind, forwarded: ControlRecord, offset: int, out: list[Output]
    ) -> tuple[Refusal, str | None] | None:
        """Lets a control record take effect; gives code and field where it cannot."""
        if kind is ControlRecordKind.RULES:
            if forwarded.source_topic == PACKAGED_SOURCE and self.rules_bytes is not None:
                return None  # they enter a log that names none
            return self._adopt(forwarded.body, offset)
        if kind is ControlRecordKind.LOSS:
            for one in sorted(self.watches):
                if offset >= self.watches[one].upto:
                    self._tell(one, self.watches[one].vigil.lose(self.time), offset, out)
            return None
        if kind is ControlRecordKind.HISTORY:
            self._lose_history(forwarded.key, offset, out)
            return None
        contract = CONTRACTS.get(kind)
        if contract is None:
            return Refusal.UNKNOWN_RECORD, None
        try:
            record = contract.model_validate_json(forwarded.body)
        except ValidationError as error:
            return Refusal.BAD_RECORD, ".".join(str(part) for part in error.errors()[0]["loc"]) or None
        patient = record.patient_id
        if is_reserved(patient):
            return Refusal.RESERVED_ID, "patient_id"
        if isinstance(record, PatientRecord) and is_reserved(record.merged_into):
            return Refusal.RESERVED_ID, "merged_into"
        if isinstance(record, PatientRecord) and record.event is Event.MERGED and forwarded.source_topic != self.topic:
            return Refusal.BAD_RECORD, "event"  # only a worker hands on what was merged
        if record.mode is not self.mode:
            return Refusal.WRONG_MODE, "mode"
        if partition_of(patient, self.partitions) != self.partition:
            return Refusal.WRONG_PARTITION, "patient_id"
        watch = self._seen(patient, out)
        if watch is None and self.beyond.is_over(patient, offset):
            return None
        if isinstance(record, PatientRecord) and record.event is Event.ERASE:
            self._erase(patient, offset, out)
            return None
        if watch is None:
            if isinstance(record, Action) and record.action_type is not ActionType.CONCERN:
                return Refusal.UNKNOWN_ALERT, "patient_id"  # nobody is watched for an action's sake
            watch = self._watch(patient)
        if offset < watch.upto:
            return None
        if isinstance(record, Action):
            acted = watch.vigil.act(record, self.time)
            self._tell(patient, acted.said, offset, out)
            return acted.refused
        refused = watch.vigil.refuses(record, self.time)
        self._tell(patient, watch.vigil.know(record, self.time), offset, out)
        return refused

    def _take_canary(self, forwarded: ControlRecord) -> bool:
        """Lets the canary's observation be judged; False where it is none. In event clock she would move the time."""
        reading = observation(forwarded, self.partition, self.mode)
        if reading is None or self.event_clock:
            return False
        if forwarded.source_topic == SICK:
            self.canary = CanaryWatch(self.vigil(forwarded.key, self.rules, mode=self.mode.value))
        if self.canary is not None:  # well after a restart: nothing is known of the sick one
            self.canary.begin(forwarded, self.time)
            self.canary.vigil.take(reading, self.time)
            self.queue(self.canary, canary_of(self.partition))
        return True

    def _forget(self, forwarded: ControlRecord, offset: int, out: list[Output]) -> None:
        """Ends the watch over somebody whom nobody admitted, unless something came since the owner chose her."""
        patient = forwarded.key
        watch = self._seen(patient, out)
        if watch is None or offset < watch.upto:
            return
        since = idle_since(watch.vigil)
        if since is None or since > forwarded.source_offset:
            return
        heard = watch.upto
        self._end(watch, patient, offset, out)
        self.beyond.over[patient] = heard  # the checkpoint has to name few of thousands
        self.tally.forgotten += 1

    def _erase(self, patient: str, offset: int, out: list[Output]) -> None:
        """Ends her watch with all that is known; of somebody unknown too, so that nothing older of her stays stored."""
        watch = self.watches.get(patient) or self._watch(patient)
        if offset >= watch.upto:
            self._end(watch, patient, offset, out)

    def _end(self, watch: Watch, patient: str, offset: int, out: list[Output]) -> None:
        self._emit(watch, watch.vigil.forget(self.time), offset, out)
        del self.watches[patient]
        self.beyond.over[patient] = offset + 1
        self.dirty.add(patient)

    def _lose_history(self, patient: str, offset: int, out: list[Output]) -> None:
        """What was known of one patient, or without a name of all, was worked out anew."""
        for one in [patient] if patient else sorted(self.watches):
            watch = self._seen(one, out)
            if watch is None and self.beyond.is_over(one, offset):
                continue
            watch = watch or self._watch(one)
            if offset >= watch.upto:
                self._tell(one, watch.vigil.lose(self.time, history=True), offset, out)

    def _go_on_under(self, patient: str, watch: Watch, offset: int) -> None:
        """A state newer than the checkpoint stands under rules that came between: it is read again, as it was kept."""
        upto, snapshot = self.beyond.states.get(patient, (0, b""))
        if offset < upto:
            watch.vigil = self.vigil.restore(snapshot, self.rules)
            self.queue(watch, patient)

    def _tell(self, patient: str, said: list[Said], offset: int, out: list[Output]) -> None:
        watch = self.watches[patient]
        watch.upto = max(watch.upto, offset + 1)
        self._emit(watch, said, offset, out)
        self.dirty.add(patient)
        if watch.vigil.due < watch.queued:
            self.queue(watch, patient)

    def _adopt(self, body: bytes, offset: int) -> tuple[Refusal, str | None] | None:
        try:
            self.rules = read_rules(body)
        except RulesError:
            return Refusal.BAD_RECORD, "rules"
        self.rules_bytes = body
        self.beyond.rules[offset] = body
        for patient, watch in self.watches.items():
            if offset < watch.upto:  # her state has gone on under them already
                self._go_on_under(patient, watch, offset)
                continue
            watch.upto = offset + 1
            watch.vigil.adopt(self.rules, self.time)
            self.dirty.add(patient)
            if watch.vigil.due < watch.queued:
                self.queue(watch, patient)
        return None
