"""Leader epochs: whether what was taken of a partition still stands in its log (KIP-320).

An unclean election cuts a log's tail off; regrown, the log is as long as before and other than what was taken. Each
record batch says under which leader it was written, and a leader says up to where its log holds what earlier leaders
wrote. aiokafka 0.14 reads neither: it asks no such question, and its record batches keep that field to themselves.
"""

import asyncio
import contextlib
import logging
from struct import Struct as Layout
from typing import Any, Final

from aiokafka.consumer import fetcher
from aiokafka.errors import (
    IncompatibleBrokerVersion,
    KafkaError,
    LeaderNotAvailableError,
    RequestTimedOutError,
    TopicAuthorizationFailedError,
    UnknownError,
    for_code,
)
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Int16, Int32, Int64, Schema, String
from aiokafka.record.memory_records import MemoryRecords
from faust.types import TP

from streams.worker.hung_brokers import WITHIN_S

log = logging.getLogger(__name__)

UNKNOWN: Final = -1
HEAD: Final = Layout(">qiib")
"""Of a record batch: its first offset, the bytes after this number, the leader's epoch, the format."""
BEFORE_LENGTH: Final = 12
FORMAT: Final = 2
ASK_FOR_S: Final = 10.0
ASKED_S: Final = 2 * ASK_FOR_S
"""So long in all, with the last try."""
AGAIN_S: Final = 0.2


class EpochRecords:
    """Fetched record batches as aiokafka reads them; `epoch` is that of the leader who wrote the last one given."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at, self._records = data, 0, MemoryRecords(data)
        self.epoch = UNKNOWN

    def size_in_bytes(self) -> int:
        """How many bytes there are."""
        return self._records.size_in_bytes()

    def has_next(self) -> bool:
        """Whether another whole batch is there."""
        return self._records.has_next()

    def next_batch(self) -> Any:
        """The next one."""
        batch = self._records.next_batch()
        _, length, epoch, written = HEAD.unpack_from(self._data, self._at)
        self._at += BEFORE_LENGTH + length
        self.epoch = epoch if written >= FORMAT else UNKNOWN
        return batch


fetcher.MemoryRecords = EpochRecords  # type: ignore[misc, assignment]  # where it begins to read what was fetched


class EpochEnd(Response):
    """Up to where the leader's log holds what was written under an epoch."""

    API_KEY = 23
    API_VERSION = 2
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "topics",
            Array(
                ("topic", String("utf-8")),
                (
                    "partitions",
                    Array(("error_code", Int16), ("partition", Int32), ("leader_epoch", Int32), ("end_offset", Int64)),
                ),
            ),
        ),
    )


class AskEpochEndV2(RequestStruct):
    """As Kafka has taken it from 2.1 on."""

    API_KEY = 23
    API_VERSION = 2
    RESPONSE_TYPE = EpochEnd
    SCHEMA = Schema(
        (
            "topics",
            Array(
                ("topic", String("utf-8")),
                (
                    "partitions",
                    Array(("partition", Int32), ("current_leader_epoch", Int32), ("leader_epoch", Int32)),
                ),
            ),
        ),
    )


class AskEpochEnd(Request[AskEpochEndV2]):
    """Asks a leader about one partition (OffsetForLeaderEpoch)."""

    API_KEY = 23

    def __init__(self, tp: TP, epoch: int) -> None:
        self._topics = [(tp.topic, [(tp.partition, UNKNOWN, epoch)])]

    def build(self, request_struct_class: type[AskEpochEndV2]) -> AskEpochEndV2:
        """The request as it is sent."""
        return request_struct_class(self._topics)


async def end_of_epoch(client: Any, tp: TP, epoch: int) -> int | None:
    """The offset after the last record that was written under this epoch or an earlier one, in the log as it is now;
    None where the leader cannot tell, or cannot even be asked. `client`: an AIOKafkaClient.

    Asks for as long as a leader may still be found. Raises KafkaError.
    """
    until = asyncio.get_running_loop().time() + ASK_FOR_S
    while True:
        try:
            async with asyncio.timeout(WITHIN_S):
                return await _asked(client, tp, epoch)
        except (IncompatibleBrokerVersion, NotImplementedError):  # a broker older than 2.1, or a proxy
            log.warning("%s/%d: its leader cannot tell whether an election cut the log", tp.topic, tp.partition)
            return None
        except (KafkaError, TimeoutError) as refused:
            late = asyncio.get_running_loop().time() > until
            if late or isinstance(refused, TopicAuthorizationFailedError):
                raise refused if isinstance(refused, KafkaError) else RequestTimedOutError(str(tp)) from None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WITHIN_S):
                    await client.force_metadata_update()
            await asyncio.sleep(AGAIN_S)


async def _asked(client: Any, tp: TP, epoch: int) -> int | None:
    leader = client.cluster.leader_for_partition(tp)
    if leader in (None, UNKNOWN):
        raise LeaderNotAvailableError(str(tp))
    answer = await client.send(leader, AskEpochEnd(tp, epoch))
    found = [one for topic, partitions in answer.topics if topic == tp.topic for one in partitions]
    code, end = next(((one[0], one[3]) for one in found if one[1] == tp.partition), (UnknownError.errno, UNKNOWN))
    if code:
        raise for_code(code)(str(tp))
    return None if end == UNKNOWN else int(end)
