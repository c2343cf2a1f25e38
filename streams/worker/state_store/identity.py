"""Whose log this is: a state belongs to one topic of one cluster, and to no other of the same name."""

from typing import NamedTuple

from confluent_kafka import KafkaException, TopicCollection

from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.installation.broker import TIMEOUT_S, BrokerUnreachable, admin_of
from streams.worker.faults import CannotTake
from streams.worker.state_store.state_encoding import CheckpointBody


class Identity(NamedTuple):
    """The cluster's id and the log topic's."""

    cluster_id: str
    topic_id: str


def identity(settings: Settings) -> Identity:
    """Asks the broker; blocks. Raises BrokerUnreachable."""
    admin = admin_of(settings)
    name = settings.topic(Topic.READINGS)
    try:
        cluster = admin.list_topics(topic=name, timeout=TIMEOUT_S).cluster_id
        described = admin.describe_topics(TopicCollection([name]), request_timeout=TIMEOUT_S)[name].result(TIMEOUT_S)
    except KafkaException as silent:
        raise BrokerUnreachable(f"the id of {name} cannot be had: {silent.args[0].str()}") from None
    return Identity(str(cluster), str(described.topic_id))


def refuse_anothers(checkpoint: CheckpointBody, now: Identity, topic: str, partition: int, end: int) -> None:
    """Raises CannotTake where the state is another log's, or the log is shorter than what was already taken of it."""
    remedy = (
        "`vigilward state export` keeps these states, `vigilward state import --from start` takes them over to this "
        "log, `vigilward state reset` begins without them"
    )
    if checkpoint.topic_id != now.topic_id:
        moved = (
            ""
            if checkpoint.cluster_id == now.cluster_id
            else f" (cluster {checkpoint.cluster_id}, now {now.cluster_id})"
        )
        raise CannotTake(
            f"the stored states belong to another {topic}{moved}: topic id {checkpoint.topic_id}, now {now.topic_id}; "
            f"{remedy}"
        )
    if checkpoint.next_offset > end:
        raise CannotTake(
            f"{topic}/{partition} ends at offset {end}, and was already taken up to {checkpoint.next_offset}: the "
            f"broker has lost records; {remedy}"
        )
