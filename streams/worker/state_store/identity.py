"""Whose log this is: a state belongs to one topic of one cluster, and to no other of the same name."""

import logging
from typing import NamedTuple

from confluent_kafka import KafkaException, TopicCollection

from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.installation.broker import TIMEOUT_S, BrokerUnreachable, admin_of
from streams.worker.faults import CannotTake
from streams.worker.state_store.state_encoding import CheckpointBody

log = logging.getLogger(__name__)


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


class Anew(NamedTuple):
    """The log is not what it was: states stay, and go on at `next_offset`; what was taken of it before `end` is there
    still. `mark` names the occasion.
    """

    next_offset: int
    end: int
    mark: str


def anew_since(
    checkpoint: CheckpointBody, now: Identity, topic: str, partition: int, end: int, taken: int
) -> Anew | None:
    """Whether the log was made anew, or cut back (an unclean election), since the states were saved.

    `taken`: the offset up to which any of them holds; the checkpoint may stand before it.

    Raises CannotTake where they are of another cluster: whose patients these are, only somebody can say.
    """
    _refuse_another_clusters(checkpoint, now, topic)
    if checkpoint.topic_id != now.topic_id:
        log.error(
            "%s/%d was made anew (topic id %s, now %s): its patients are watched on, from its beginning",
            topic, partition, checkpoint.topic_id, now.topic_id,
        )  # fmt: skip
        return Anew(0, 0, f"{now.topic_id}#anew")
    if taken > end:
        log.error(
            "%s/%d ends at offset %d, and was already taken up to %d: the broker has lost records; its patients are "
            "watched on from there",
            topic, partition, end, taken,
        )  # fmt: skip
        mark = f"{now.topic_id}#cut-{checkpoint.log_number}-{taken}-{end}"
        return Anew(min(checkpoint.next_offset, end), end, mark)
    return None


def _refuse_another_clusters(checkpoint: CheckpointBody, now: Identity, topic: str) -> None:
    remedy = (
        "`vigilward state export` keeps these states, `vigilward state import --from start` takes them over to this "
        "log, `vigilward state reset` begins without them"
    )
    if checkpoint.topic_id != now.topic_id and checkpoint.cluster_id != now.cluster_id:
        moved = f" (cluster {checkpoint.cluster_id}, now {now.cluster_id})"
        raise CannotTake(
            f"the stored states belong to another {topic}{moved}: topic id {checkpoint.topic_id}, now {now.topic_id}; "
            f"{remedy}"
        )
