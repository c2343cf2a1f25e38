"""Who is seen for the first time in a crowd waits beside the log, and so does what nobody can read: the known go first.

What is said of a patient depends on her own records, stream time and the rules alone, so hers may be taken after those
of others without a changed byte. Here records wait, in their order and packed; a partition of their own takes them, by
its own time, when its owner has time to spare. The checkpoint stays before the first that waits; nothing is dropped.
"""

from collections.abc import Mapping, Sequence, Set
from itertools import islice
from types import MappingProxyType
from typing import Final

from schemas.control_record import ControlRecord, ControlRecordKind
from schemas.decode import FastReading, whose
from streams.log.packets import Packet, Waits
from streams.log.partition import Partition
from streams.log.placing import partition_of
from streams.log.record import Checkpoint, Output, Record
from streams.log.stream_time import Stretch
from streams.log.watch import Watch

ROOM: Final = 200
"""So many of a partition may be seen for the first time, and so many records be unreadable, before the next wait."""

MOST_BYTES: Final = 16 * 1_048_576
"""What may wait of one partition: some 60,000 records; beyond it the log is held back."""
FULL_UNTIL_BYTES: Final = 15 * 1_048_576
"""Until no more than so much waits: a log that goes on after each record that is taken stands nearly still."""

FETCHED_TOGETHER: Final = 250
"""So many who are watched already are taken out together from among those who have to go on waiting: about 0.1 s."""


NOBODY: Final[Mapping[str, Watch]] = MappingProxyType({})


class _Beside(Partition):
    """Takes what the log has counted: its time is its own, its tally and the patients to be saved are the log's."""

    def __init__(self, log: Partition, like: Partition) -> None:
        """`like`: where it goes on from, by its rules, time and offset."""
        super().__init__(
            log.partition, log.partitions, clock="arrival", mode=log.mode.value, rules=like.rules, keys=log.keys,
            topic=log.topic, checkpoint=Checkpoint(like.next_offset, like.time, log_number=log.log_number),
        )  # fmt: skip
        self.vigil, self.rules_bytes = log.vigil, like.rules_bytes
        self.tally, self.dirty, self.beyond = log.tally, log.dirty, log.beyond

    def _settle(self) -> None:
        """The checkpoint is the log's."""

    def _take_forwarded(self, name: bytes, record: Record, out: list[Output]) -> None:
        super()._take_forwarded(name, record, out)
        self.tally.records -= 1
        self.tally.forwarded -= 1

    def _let_act(self, kind: ControlRecordKind, forwarded: ControlRecord, offset: int, out: list[Output]) -> None:
        if kind is ControlRecordKind.FORGET:
            self._forget(forwarded, offset, out)
        else:
            self._apply(kind, forwarded, offset, out)  # once: what is forwarded again, or refused, the log has told


class Newcomers:
    """Those of one partition of the log. `room` and `poison_room`: how many may still be taken at once."""

    def __init__(self, log: Partition, room: int = ROOM) -> None:
        self._log = log
        self.most = self.room = self.poison_room = room
        self._beside: _Beside | None = None
        self._packets: dict[int, Packet] = {}
        self._serial = 0
        self._of: dict[str, tuple[int, ...]] = {}
        self._of_all: list[int] = []
        self._before: Checkpoint | None = None
        self.waiting = self.bytes = self.came = 0
        self._full = False
        self.most_watched: int | None = None  # beyond it those who wait go on waiting, until others are forgotten

    # ---- what the log asks

    def begin(self, before: Checkpoint) -> None:
        """A stretch of the log begins here."""
        self._before = before

    @property
    def before(self) -> Checkpoint | None:
        """The checkpoint before the first record that waits; None where none does."""
        return next(iter(self._packets.values())).before if self._packets else None

    def has(self, patient: str) -> bool:
        """Whether she is watched here, or waits to be."""
        return patient in self._of or (self._beside is not None and patient in self._beside.watches)

    def awaits(self, patient: str) -> bool:
        """Whether records of her wait."""
        serials = self._of.get(patient)
        if serials is None or len(serials) > 1:
            return serials is not None
        first, packet = next(iter(self._packets.items()))
        return serials[0] != first or any(one.patient == patient for one in packet.look())

    def keeps(self, reading: FastReading, record: Record) -> bool:
        """Whether a reading of somebody whom the log does not watch waits; if not, the log takes it."""
        patient = reading.patient_id
        if not self.has(patient):
            if reading.mode is not self._log.mode or partition_of(patient, self._log.partitions) != self._log.partition:
                return False
            if self.room > 0:
                self.room -= 1
                return False
            self.came += 1
        self._put(patient, _bare(record))
        return True

    def keeps_unread(self, record: Record) -> bool:
        """The same of a record that has to be looked at closely. To refuse at sight costs no more than to wait."""
        if self._beside is not None or not self.poison_room:
            patient = whose(record[3])
            if patient is None or patient in self._log.watches:
                return False
            if not self.poison_room or (patient and self.has(patient)):
                self._put(patient or None, _bare(record))
                return True
        self.poison_room -= 1
        return False

    def keeps_control(self, patient: str, record: Record) -> bool:
        """A control record that can wait: whether it has to, behind others of the same patient."""
        if not self.awaits(patient):
            return False
        self._put(patient, _signed(record))
        return True

    def hear(self, record: Record) -> None:
        """A control record about everybody took effect in the log."""
        if self._beside is not None:
            self._put("", _signed(record))

    def step_back(self, by: int, record: Record) -> None:
        """The log's stamps stepped back before this record."""
        if self._beside is not None:
            offset, time, key, *_ = record
            self._put("", (offset, time, key, b"", ()), by)

    def come(self, patient: str, out: list[Output]) -> Watch | None:
        """Takes all that waits of a patient at once: she is the log's from here on. None if she is not here."""
        if self._beside is None or not self.has(patient):
            return None
        self._fetch(self._beside, {patient}, out)
        return self._log.watches.get(patient)

    # ---- what the owner does

    @property
    def works(self) -> bool:
        """Whether there is anything to do here."""
        if self._packets:
            return not self.held or bool(self.watches)
        beside = self._beside
        return beside is not None and beside.has_due(self._log.time)

    @property
    def held(self) -> bool:
        """Whether those nobody watches yet have to wait, for too many are watched. Never where the log itself would."""
        if self.most_watched is None or self.full:
            return False
        return len(self._log.watches) + len(self.watches) >= self.most_watched

    @property
    def behind_ms(self) -> int:
        """How long the first record that waits has been in the log, by stream time."""
        for packet in self._packets.values():
            return max(0, self._log.time - packet.since)
        return 0

    @property
    def full(self) -> bool:
        """Whether no more may wait: from `MOST_BYTES` until there is room for some again."""
        self._full = self.bytes >= (FULL_UNTIL_BYTES if self._full else MOST_BYTES)
        return self._full

    @property
    def watches(self) -> Mapping[str, Watch]:
        """Those watched here."""
        return NOBODY if self._beside is None else self._beside.watches

    def go_on(self, most: int) -> list[Output]:
        """Takes at most so many of the records that wait, or fires as many moments that are due. Those who are watched
        do not wait with those who have to: they become the log's, some together.
        """
        out: list[Output] = []
        beside = self._beside
        if beside is None:
            return out
        if not self._packets:
            out, _ = beside.advance(self._log.time, most)
            return out
        if self.held:
            self._fetch(beside, frozenset(islice(beside.watches, FETCHED_TOGETHER)), out)
            return out
        serial, packet = next(iter(self._packets.items()))
        self.bytes -= packet.size
        taken = packet.take(most)
        self.bytes += packet.size
        self.waiting -= len(taken)
        if not packet.count:
            self._drop(serial)
        _run(beside, taken, out)
        return out

    def join(self) -> bool:
        """Those who waited are known from now on, if nothing waits any more; whether it is so."""
        if self._packets or self.works:
            return False
        if self._beside is not None:
            self._join(self._beside)
            self._beside = None
        return True

    def refill(self, patients: int, unreadable: int) -> None:
        """So many more may be taken at once."""
        self.room = min(self.most, self.room + patients)
        self.poison_room = min(self.most, self.poison_room + unreadable)

    def _fetch(self, beside: _Beside, patients: Set[str], out: list[Output]) -> None:
        """Takes all that waits of these at once: they are the log's from here on."""
        alone = _Beside(self._log, beside)
        for patient in patients:
            watch = beside.watches.pop(patient, None)
            if watch is not None:
                alone.watches[patient] = watch
                alone.queue(watch, patient)
        _run(alone, self._taken_out(patients), out)
        said, _ = alone.advance(self._log.time, 1_000_000)
        out += said
        self._join(alone)

    def _join(self, machine: _Beside) -> None:
        log = self._log
        for patient, watch in machine.watches.items():
            log.watches[patient] = watch
            log.queue(watch, patient)

    # ---- what waits

    def _put(self, patient: str | None, record: Record, back_ms: int = 0) -> None:
        if self._beside is None:
            self._beside = _Beside(self._log, self._log)
        newest = self._packets.get(self._serial)
        if newest is None or newest.is_full:
            if newest is not None and len(self._packets) > 1:
                self.bytes -= newest.size
                newest.close()
                self.bytes += newest.size
            self._serial += 1
            assert self._before is not None
            newest = self._packets[self._serial] = Packet(self._before)
        self.bytes -= newest.size
        newest.add(Waits(patient, record, back_ms))
        self.bytes += newest.size
        self.waiting += 1
        if patient:
            serials = self._of.get(patient, ())
            if not serials or serials[-1] != self._serial:
                self._of[patient] = (*serials, self._serial)
                newest.patients.append(patient)
        elif patient == "" and (not self._of_all or self._of_all[-1] != self._serial):
            self._of_all.append(self._serial)

    def _drop(self, serial: int) -> None:
        packet = self._packets.pop(serial)
        self.bytes -= packet.size
        if self._of_all and self._of_all[0] == serial:
            del self._of_all[0]
        for patient in packet.patients:
            serials = self._of.pop(patient, ())
            if rest := tuple(one for one in serials if one > serial):
                self._of[patient] = rest

    def _taken_out(self, patients: Set[str]) -> list[Waits]:
        """What waits of these, and in its place what waits for everybody."""
        found: list[Waits] = []
        hers = {serial for patient in patients for serial in self._of.pop(patient, ())}
        for serial in sorted(hers | set(self._of_all)):
            packet, rest = self._packets[serial], list[Waits]()
            for one in packet.look():
                theirs = one.patient in patients
                if theirs or one.patient == "":
                    found.append(one)
                if not theirs:
                    rest.append(one)
            if serial not in hers:
                continue
            self.waiting -= packet.count - len(rest)
            self.bytes -= packet.size
            packet.leave(rest)
            self.bytes += packet.size
            if not rest:
                self._drop(serial)
        return found


def _bare(record: Record) -> Record:
    """A reading: its headers say nothing, and one may have no value."""
    offset, time, key, value, _ = record
    return offset, time, key, value, ()


def _signed(record: Record) -> Record:
    offset, time, key, value, headers = record
    return offset, time, key, value, [header for header in headers if header[1] is not None]


def _run(machine: _Beside, waits: Sequence[Waits], out: list[Output]) -> None:
    together: list[Record] = []
    for one in waits:
        if one.back_ms:
            out += machine.take(Stretch(together, None))
            together = []
            machine.lower_leads(one.back_ms, one.record)
        else:
            together.append(one.record)
    out += machine.take(Stretch(together, None))
