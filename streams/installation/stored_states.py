"""Whether this build could go on with what is stored: formats of states and checkpoints, whose they are, drained."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping

from aiokafka.errors import KafkaError

from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.installation.finding import Code, Finding
from streams.log.behaviour import BEHAVIOUR
from streams.worker.state_store.stored import Stored, read_states


def look_at_states(settings: Settings) -> Mapping[int, Stored]:
    """What is stored, partition by partition; empty where that cannot be read, which other findings tell."""
    if not settings.durable:
        return {}
    try:
        return asyncio.run(read_states(settings, range(settings.partitions)))
    except (KafkaError, OSError, TimeoutError):
        return {}


def state_findings(stored: Mapping[int, Stored], settings: Settings) -> Iterator[Finding]:
    """Records that cannot be used, by why; checkpoints of another group, or of a behaviour that has not drained."""
    name = settings.topic(Topic.STATES)
    for number, one in sorted(stored.items()):
        for why, count in sorted(Counter(lost.why for lost in one.lost).items()):
            yield Finding(
                Code.STATES_UNUSABLE,
                f"{name}/{number}",
                f"{count} stored record{'s' if count > 1 else ''}: {why.replace('_', ' ')}",
                "a newer build must go on with them, or `vigilward state import` puts an export back; these patients "
                "are watched, and what is usual for them is learnt anew",
            )
        body = one.checkpoint
        if body is None:
            continue
        if body.group and body.group != settings.group:
            yield Finding(
                Code.STATES_BLOCKED,
                f"{name}/{number}",
                f"the states are those of group {body.group!r}, not of {settings.group!r}",
                f"set VIGILWARD_GROUP={body.group}, or `vigilward state hand-over --group {settings.group}`",
            )
        if body.behaviour != BEHAVIOUR and not body.drained:
            yield Finding(
                Code.STATES_BLOCKED,
                f"{name}/{number}",
                f"written by behaviour {body.behaviour}, which has not drained; this build is of {BEHAVIOUR}",
                "start the former build again and stop it with SIGTERM; then start this one",
            )
