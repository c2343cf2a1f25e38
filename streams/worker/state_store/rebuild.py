"""What a patient's state would be, worked out again from the log itself as far back as that is affordable.

For states that cannot be read (damaged, written by a newer version, too large), and for a partition whose checkpoint is
gone. The log's tail is taken once more in silence: what it causes was said long ago.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.log import Checkpoint, Partition
from streams.worker.batch_view import next_fetched
from streams.worker.damage import Checksums

log = logging.getLogger(__name__)

RECORDS = 500_000
"""So far back in one partition, in offsets: about ten seconds of work, within which its other patients wait."""
RECORDS_TOGETHER = 1_500_000
"""So far back in all partitions of one assignment: about half of what an assignment may take. Beyond that the worker
would be started anew, to begin the same work again."""
POLL_S = 0.2
AT_ONCE = 1_000


class Rebuilt(NamedTuple):
    """The partition as it was before offset `upto`; `whole` if its log was there from its first record on."""

    log: Partition
    whole: bool

    def states(self, patients: Sequence[str]) -> list[tuple[str, int, bytes]]:
        """The states of these patients, of whom the log may know nothing."""
        return [self.log.state(patient) for patient in patients if patient in self.log.watches]


def reach(partitions: int) -> int:
    """How many offsets each may go back where so many partitions of one assignment may need it.

    >>> reach(1), reach(8)
    (500000, 187500)
    """
    return min(RECORDS, RECORDS_TOGETHER // max(1, partitions))


async def rebuild(settings: Settings, log_of: Partition, upto: int, back: int) -> Rebuilt:
    """Takes `back` offsets of the log before `upto` with `log_of`, a partition that knows nothing. Raises KafkaError.

    Read uncommitted, as the worker reads; record batches that cannot be read are passed over, as it does.
    """
    place = TopicPartition(settings.topic(Topic.READINGS), log_of.partition)
    consumer = AIOKafkaConsumer(
        **settings.aiokafka(),
        client_id="vigilward-ledger",
        enable_auto_commit=False,
        max_partition_fetch_bytes=max(1_048_576, settings.max_inbound_bytes),
    )
    checksums = Checksums()
    await consumer.start()
    try:
        consumer.assign([place])
        begin = (await consumer.beginning_offsets([place]))[place]
        start = max(begin, upto - back)
        consumer.seek(place, start)
        log.warning("partition %d: working out states from offsets %d to %d", place.partition, start, upto)
        while start < upto and await consumer.position(place) < upto:
            with consumer._fetcher._subscriptions.fetch_context():
                fetched = await next_fetched(consumer._fetcher, {place}, POLL_S, AT_ONCE, checksums)
            for one in fetched.values():
                for first in range(0, len(one.records), AT_ONCE):
                    log_of.run([record for record in one.records[first : first + AT_ONCE] if record[0] < upto])
                    await asyncio.sleep(0)
    finally:
        await consumer.stop()
    log_of.release()
    log_of.next_offset = max(log_of.next_offset, upto)
    return Rebuilt(log_of, whole=start == 0)


def nothing_known(settings: Settings, partition: int, rules: object, checkpoint: Checkpoint | None = None) -> Partition:
    """A partition that knows no patient, under the rules of its checkpoint where there is one."""
    begun = Checkpoint(rules=checkpoint.rules, first_time=checkpoint.first_time) if checkpoint else None
    return Partition(
        partition,
        settings.partitions,
        clock=settings.clock.value,
        mode=settings.mode.value,
        rules=rules,  # type: ignore[arg-type]
        keys=settings.keys,
        topic=settings.topic(Topic.READINGS),
        checkpoint=begun,
    )
