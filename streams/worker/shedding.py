"""What a partition that is behind leaves unsent, so that its alerts are not late: trends, statuses in between, poison.

It happens when sending, after the Vigils: no state and no alert changes. Alerts are never shed. A patient's newest
status is always sent in the end, and until then what caused it is not safe. Of refused readings that come in floods a
few are sent whole; the rest are told by their offsets, for their bytes stand in the log. Each record shed is counted.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Final

from schemas.reasons import Refusal
from schemas.rejection import Rejection
from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.worker.outgoing import OutgoingRecord

log = logging.getLogger(__name__)

SHED: Final = (Topic.TRENDS, Topic.STATUS, Topic.REJECTIONS)
FROM_S: Final = 2.0
UNTIL_S: Final = 0.5
"""A partition sheds once it is so far behind, until it is hardly any more."""

STATUS_EVERY_S: Final = 5.0
"""So long the newest status of a patient waits at most, while others take its place."""

REFUSALS_A_SECOND: Final = 100
"""So many are sent whole by a partition that is behind."""
REFUSALS_IN_TIME: Final = 500
"""By one that keeps up: ten thousand a second would cost a good part of its worker's time, and of Kafka's disks."""


class Shedding:
    """One partition's. For what was said: `sift`, then count the rest under an ack, then `release`.

    `counts` holds by topic how many records were shed. All moments are in seconds of a monotonic clock.
    """

    def __init__(self, settings: Settings, partition: int, counts: Counter[str]) -> None:
        self._partition, self._counts = partition, counts
        self._log_topic = settings.topic(Topic.READINGS)
        self._status, self._trends = settings.topic(Topic.STATUS), settings.topic(Topic.TRENDS)
        self._rejections = settings.topic(Topic.REJECTIONS)
        self._waiting: dict[bytes | None, OutgoingRecord] = {}
        self._since = 0.0
        self._second, self._sent = -1, 0
        self.on = False

    def look(self, lag_s: float) -> None:
        """How far the partition is behind."""
        on = lag_s > (UNTIL_S if self.on else FROM_S)
        if on != self.on:
            says = (
                "sheds trends, statuses in between and floods of refused readings" if on else "sends everything again"
            )
            log.warning("partition %d is %.1f s behind and %s", self._partition, lag_s, says)
        self.on = on

    def sift(self, records: list[OutgoingRecord], now: float, waited_s: float = 0.0) -> list[OutgoingRecord]:
        """What may be sent at all, now or later. `waited_s`: how long that has waited which caused them."""
        if int(now) != self._second:
            self._second, self._sent = int(now), 0
        kept: list[OutgoingRecord] = []
        flood: list[OutgoingRecord] = []
        for record in records:
            if record.topic == self._trends and self.on:
                self._counts[Topic.TRENDS] += 1
            elif record.topic == self._rejections and self._is_too_much(self.on or waited_s >= FROM_S):
                flood.append(record)
            else:
                kept.append(record)
        return [*kept, *self._together(flood)]

    def release(self, records: Sequence[OutgoingRecord], now: float) -> Sequence[OutgoingRecord]:
        """What is sent now, each under its ack; statuses may wait for newer ones."""
        if not self.on and not self._waiting:
            return records
        out: list[OutgoingRecord] = []
        for record in records:
            if record.topic != self._status:
                out.append(record)
                continue
            if (older := self._waiting.pop(record.key, None)) is not None:
                self._counts[Topic.STATUS] += 1
                if older.ack is not None:
                    older.ack.arrived()
            if record.value is None:  # the patient is gone
                out.append(record)
                continue
            if not self._waiting:
                self._since = now
            self._waiting[record.key] = record
        if self.due(now):
            out += self.waiting
            self.sent()
        return out

    def due(self, now: float) -> bool:
        """Whether what waits is to be sent, whether more arrives or not."""
        return bool(self._waiting) and (not self.on or now - self._since >= STATUS_EVERY_S)

    @property
    def waiting(self) -> list[OutgoingRecord]:
        """What still waits."""
        return list(self._waiting.values())

    def sent(self) -> None:
        """What waited is on its way."""
        self._waiting.clear()

    def _is_too_much(self, late: bool) -> bool:
        self._sent += 1
        return self._sent > (REFUSALS_A_SECOND if late else REFUSALS_IN_TIME)

    def _together(self, flood: list[OutgoingRecord]) -> list[OutgoingRecord]:
        """One rejection that names the offsets of many; those of other topics than the log stay as they are."""
        whole: list[OutgoingRecord] = []
        offsets: list[int] = []
        vitals = 0
        for record in flood:
            facts = dict(record.headers)
            if facts["topic"] != self._log_topic.encode() or "last_offset" in facts:
                whole.append(record)
            else:
                offsets.append(int(facts["offset"]))
                vitals += int(facts["vitals"])
        if not offsets:
            return whole
        self._counts[Topic.REJECTIONS] += len(offsets)
        told = Rejection.of(
            Refusal.FLOOD, None, self._log_topic, self._partition, min(offsets), vitals,
            last_offset=max(offsets),
        )  # fmt: skip
        headers = (*told.headers(), ("records", str(len(offsets)).encode()))
        return [*whole, OutgoingRecord(self._rejections, self._partition, None, None, headers)]
