"""Who watches now: the heartbeats of every partition, listened to for as long as tells silence from a pause."""

import math
import time
from collections.abc import Iterator
from typing import Final, NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition
from msgspec import DecodeError

from schemas.heartbeat import decode_heartbeat
from streams.config.packaged_rules import newer_wait
from streams.config.settings import Clock, Settings
from streams.config.topics import Topic
from streams.installation.findings import Code, Finding
from streams.liveness import AFTER_S, EVERY_S, Owned, Trouble, judge

LISTEN_S: Final = 3.0
ANSWER_S: Final = 5.0
BEFORE: Final = math.ceil(2 * AFTER_S / EVERY_S)
"""Heartbeats of before that are read too: they tell a clock that is off from a partition that has just caught up."""


class Watched(NamedTuple):
    """The newest heartbeat of each partition, and how old it is in seconds; `owners`: how many workers are alive.

    Empty where no worker has ever run.
    """

    newest: dict[int, tuple[Owned, float]]
    partitions: int

    @property
    def owners(self) -> int:
        """Workers that are alive."""
        return len({one.beat.owner for one, age_s in self.newest.values() if one.beat and age_s <= AFTER_S})


def listen(settings: Settings) -> Watched | None:
    """What the heartbeats say now; None where they cannot be read, or their topic is not there."""
    name = settings.topic(Topic.HEARTBEATS)
    consumer = Consumer(
        {
            **settings.librdkafka(),
            "group.id": "vigilward-doctor-without-a-group",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 100,
            "log_level": 0,
        }
    )
    try:
        found = consumer.list_topics(name, timeout=ANSWER_S).topics[name]
        ends: dict[int, int] = {}
        places = [TopicPartition(name, number) for number in sorted(found.partitions)]
        for place in places:
            start, ends[place.partition] = consumer.get_watermark_offsets(place, timeout=ANSWER_S)
            place.offset = max(start, ends[place.partition] - BEFORE)
        consumer.assign(places)
        return Watched(_hear(consumer, ends), settings.partitions)
    except (KafkaException, KeyError):
        return None
    finally:
        consumer.close()


def _hear(consumer: Consumer, ends: dict[int, int]) -> dict[int, tuple[Owned, float]]:
    newest: dict[int, tuple[Owned, float]] = {}
    alive: set[int] = set()
    until = time.monotonic() + LISTEN_S
    while time.monotonic() < until and len(alive) < len(ends):
        for message in consumer.consume(1_000, 0.1):
            if message.error() is not None:
                continue
            number, offset = message.partition() or 0, message.offset() or 0
            try:
                beat = decode_heartbeat(message.value() or b"")
            except DecodeError:
                continue
            said_at = beat.wall_time / 1_000
            owned = newest[number][0] if number in newest else Owned(said_at)
            if not owned.hear(beat, offset, said_at):
                continue
            # One that came while we listened is alive whatever its clock says; the last of before is as old as it says.
            if offset >= ends[number]:
                alive.add(number)
            newest[number] = owned, (0.0 if number in alive else max(0.0, time.time() - said_at))
    return {
        number: (owned, age_s if number in alive else max(age_s, AFTER_S + 0.1))
        for number, (owned, age_s) in newest.items()
    }


SAYS: Final = {
    Trouble.SILENT: "no worker has watched it for {s:.0f} s",
    Trouble.CANNOT_SEND: "what its worker says has not gone out for {s:.0f} s",
    Trouble.BEHIND: "its worker is {s:.0f} s behind the log",
    Trouble.CLOCK: "its stream time is {s:.0f} s from the worker's clock",
    Trouble.NOT_READY: "its worker is not ready: {why}",
}
REMEDIES: Final = {
    Trouble.SILENT: "start a worker (`vigilward worker`), or look at the log of the one that should watch it",
    Trouble.CANNOT_SEND: "look at the broker: disk, replicas in sync, and the rights on the topics that it writes",
    Trouble.BEHIND: "wait while it catches up; if the lag grows, start more workers, or look for a flood of refusals",
    Trouble.CLOCK: "set the clocks of brokers and workers by the network (NTP)",
    Trouble.NOT_READY: "see `/readyz` and the log of that worker",
}


def other_modes(watched: Watched | None, mode: str) -> set[str]:
    """Modes of living workers that would refuse patients of this mode."""
    beats = [one.beat for one, age_s in watched.newest.values() if age_s <= AFTER_S] if watched is not None else []
    return {beat.mode for beat in beats if beat is not None} - {mode}


def watch_findings(watched: Watched | None, settings: Settings) -> Iterator[Finding]:
    """What is wrong with the watch; nothing where no worker has ever run, for then nothing was promised."""
    if watched is None or not watched.newest:
        return
    in_force = {owned.beat.rules for owned, _ in watched.newest.values() if owned.beat is not None}
    if any(newer_wait(one) for one in in_force):
        yield Finding(
            Code.RULES_WAITING,
            "rules",
            "newer packaged rules wait for approval; the log goes on under those it began with",
            "`vigilward rules diff first packaged` tells what they would change; an approver signs them, then "
            "`vigilward rules enact packaged --signature FILE`",
        )
    for number in range(watched.partitions):
        subject = f"{settings.topic(Topic.READINGS)}/{number}"
        if number not in watched.newest:
            yield Finding(Code.WATCH_SILENT, subject, "no worker has ever watched it", REMEDIES[Trouble.SILENT])
            continue
        owned, age_s = watched.newest[number]
        if owned.beat is None:
            continue
        slow_s = owned.slow.seconds(owned.heard_at)
        by_arrival = settings.clock is Clock.ARRIVAL
        found = judge(owned.beat, silent_s=age_s, slow_s=slow_s, by_arrival=by_arrival, mode=settings.mode.value)
        for one in found:
            says = SAYS[one.trouble].format(s=abs(one.seconds), why=", ".join(one.reasons))
            yield Finding(Code(f"watch_{one.trouble}"), subject, says, REMEDIES[one.trouble])
