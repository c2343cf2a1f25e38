"""Who may own a partition's states: one group, and one behaviour at a time. Asked before anything is fenced."""

import logging
import time
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.log.behaviour import BEHAVIOUR, FIRST
from streams.worker.faults import CannotTake
from streams.worker.state_store.state_encoding import CheckpointBody

log = logging.getLogger(__name__)

POLL_MS = 200


def refuse_another_group(found: Mapping[int, CheckpointBody | None], settings: Settings) -> None:
    """Raises CannotTake where another group's workers own these states: nobody is fenced, nothing is set back."""
    for partition, body in sorted(found.items()):
        if body is not None and body.group not in ("", settings.group):
            raise CannotTake(
                f"partition {partition} of {settings.topic(Topic.READINGS)} belongs to group {body.group}, not "
                f"{settings.group}: one log has one group; set VIGILWARD_GROUP={body.group}, give this worker a log of "
                "its own (VIGILWARD_TOPIC_PREFIX), or stop that group and hand its states over: "
                f"`VIGILWARD_GROUP={body.group} vigilward state hand-over --group {settings.group}`"
            )


def refuse_another_mode(found: Mapping[int, CheckpointBody | None], settings: Settings) -> None:
    """Raises CannotTake where patients of another mode are watched: a worker of this one would refuse them all.

    While a partition has no patient its mode may still be changed.
    """
    for partition, body in sorted(found.items()):
        if body is not None and body.patients and body.mode not in ("", settings.mode.value):
            raise CannotTake(
                f"partition {partition} of {settings.topic(Topic.READINGS)} watches patients of mode {body.mode}, and "
                f"this worker is of mode {settings.mode.value}: it would refuse every one of them; set "
                f"VIGILWARD_MODE={body.mode}, or give this worker a log of its own (VIGILWARD_TOPIC_PREFIX)"
            )


async def refuse_another_behaviour(found: Mapping[int, CheckpointBody | None], settings: Settings) -> None:
    """Raises CannotTake where a build of another number has not drained, or is newer. Raises KafkaError."""
    before = {number: body for number, body in found.items() if body is not None and body.behaviour != BEHAVIOUR}
    for partition, body in sorted(before.items()):
        if body.behaviour > BEHAVIOUR:
            raise CannotTake(
                f"partition {partition} was watched by a newer vigilward (behaviour {body.behaviour}, this one has "
                f"{BEHAVIOUR}): there is no way back; start that build again"
            )
    undrained = {number for number, body in before.items() if body.behaviour != FIRST and not body.drained}
    ends = {number: body.next_offset for number, body in before.items() if body.behaviour == FIRST}
    undrained |= await said_beyond(settings, ends)
    if undrained:
        numbers = ", ".join(map(str, sorted(undrained)))
        raise CannotTake(
            f"partitions {numbers} were left by a vigilward of behaviour {before[min(undrained)].behaviour} (this one "
            f"has {BEHAVIOUR}) that was not stopped in good order: what it said beyond its checkpoint would be said "
            "again in other words; start that build, wait until it is ready, and stop it with SIGTERM"
        )


def tell_of_succession(found: Mapping[int, CheckpointBody | None]) -> dict[int, float]:
    """Says which partitions are taken over from another behaviour, and for how many seconds nobody watched them."""
    gaps = {}
    for partition, body in sorted(found.items()):
        if body is not None and body.behaviour != BEHAVIOUR:
            gaps[partition] = max(0.0, time.time() - body.time / 1_000)
            log.warning(
                "partition %d is taken over from behaviour %d by behaviour %d: not watched for %.1f s",
                partition, body.behaviour, BEHAVIOUR, gaps[partition],
            )  # fmt: skip
    return gaps


async def said_beyond(settings: Settings, ends: Mapping[int, int]) -> set[int]:
    """Of which of these partitions a status tells of a place in the log beyond the checkpoint's next offset."""
    if not ends:
        return set()
    places = {TopicPartition(settings.topic(Topic.STATUS), partition) for partition in ends}
    consumer = AIOKafkaConsumer(**settings.aiokafka(), client_id="vigilward-ledger", enable_auto_commit=False)
    beyond: set[int] = set()
    await consumer.start()
    try:
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        to = await consumer.end_offsets(places)
        while any([await consumer.position(place) < to[place] for place in places]):
            for place, records in (await consumer.getmany(timeout_ms=POLL_MS)).items():
                for record in records:
                    told = dict(record.headers)
                    if told.get("partition") == str(place.partition).encode():
                        at = int(told.get("offset") or b"-1")
                        if at >= ends[place.partition]:
                            beyond.add(place.partition)
    finally:
        await consumer.stop()
    return beyond
