"""The Faust app of a worker: agents that take record batches, and a word at each change of assignment.

Of Faust we keep the group, the assignment, the agents and the life cycle. Off are its web views (they list keys, which
are patients, without a login), its leader topic, its tables and its own producer: state and sending are ours.
"""

import logging
from typing import Protocol

import faust
from faust.app.base import BootStrategy
from faust.types import TP

from streams.config.settings import Settings
from streams.worker.batches import BatchSchema
from streams.worker.consumer import BatchTransport
from streams.worker.faults import WorkerFault, redact
from streams.worker.positions import Positions

log = logging.getLogger(__name__)

COMMIT_EVERY_S = 0.5


class Owner(Positions, Protocol):
    """Who is told which partitions are ours."""

    async def finish(self, within_s: float) -> bool:
        """The worker stops: send and commit what can be; False if not all of it."""

    async def take(self, tps: set[TP]) -> None:
        """These partitions are ours, and no others. Raises if one of them cannot be taken."""

    async def give_up(self, tps: set[TP]) -> None:
        """These partitions may be another's soon: finish and commit what can be."""


class WithoutProducer(BootStrategy):
    """Starts no producer of Faust's (ours is `streams.worker.buffered_producer`) and no web server."""

    enable_kafka_producer = False
    enable_web = False


class BatchApp(faust.App):
    """Faust with record batches; `owner` is set before it starts."""

    BootStrategy = WithoutProducer
    settings: Settings
    owner: Owner
    taken_generation = -1
    """The generation in which our partitions were taken; -1 before the first."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        super().__init__(
            settings.group,
            broker="kafka://" + settings.bootstrap_servers.replace(",", ";"),
            store="memory://",
            autodiscover=False,
            web_enabled=False,
            topic_allow_declare=False,
            topic_disable_leader=True,
            topic_partitions=settings.partitions,
            table_standby_replicas=0,
            stream_wait_empty=False,  # with commits of our own a stop would wait for ever
            stream_buffer_maxsize=16,
            stream_recovery_delay=0.0,
            broker_commit_interval=COMMIT_EVERY_S,
            broker_session_timeout=settings.session_timeout_s,
            broker_heartbeat_interval=settings.heartbeat_s,
            broker_request_timeout=max(20.0, settings.session_timeout_s),
            worker_redirect_stdouts=False,
        )

    @property
    def positions(self) -> Positions:
        """How far each partition was taken."""
        return self.owner

    def batches_of(self, topic: str, partitions: int) -> faust.TopicT:
        """A topic whose agent gets record batches."""
        return self.topic(topic, schema=BatchSchema(), partitions=partitions, acks=True)

    def _new_transport(self) -> BatchTransport:
        return BatchTransport(self.conf.broker_consumer, self)

    async def on_first_start(self) -> None:
        """Nothing: stock Faust makes a folder for tables here."""

    async def _on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        if generation_id != self.consumer_generation_id or generation_id < 0:
            return  # a late word of an earlier generation; the word of this one comes, or came
        if not self.should_stop:
            try:
                await self.owner.take(set(assigned))
                self.taken_generation = generation_id
            except Exception as refused:
                log.error("partitions cannot be taken: %s", redact(refused))
                await self.crash(WorkerFault(redact(refused)))
                return
        await super()._on_partitions_assigned(assigned, generation_id)

    async def _on_partitions_revoked(self, revoked: set[TP]) -> None:
        await super()._on_partitions_revoked(revoked)
        if not self.should_stop:
            await self.owner.give_up(set(revoked))

    async def on_stop(self) -> None:
        """Stops taking records, then sends and commits what these caused; the group is left afterwards."""
        await super().on_stop()
        if not self.crashed and not await self.owner.finish(self.settings.shutdown_timeout_s / 2):
            log.warning("not everything was acknowledged in time: the next owner takes these records again")
