"""Three brokers of which one is lost, first a leader, then the coordinator: nothing is lost, and the watch goes on."""

import time
from collections.abc import Iterator

from confluent_kafka.admin import ConsumerGroupDescription

from streams.config.topics import Topic
from tests.field.claims import Claim
from tests.field.installation import Field
from tests.field.judged import Ward


def run(field: Field) -> Iterator[Claim]:
    """First the leader of a partition of the log is killed, then whoever coordinates the group; each comes back."""
    cluster = field.broker(3)
    with Ward.of(field) as ward:
        time.sleep(10)
        admin = cluster.admin()
        log = ward.stage.settings.topic(Topic.READINGS)
        leader = admin.list_topics(log, timeout=10).topics[log].partitions[0].leader
        for name, number in (("leader", leader), ("coordinator", None)):
            lost = number if number is not None else coordinator(cluster.admin(), ward.stage.settings.group)
            broker = next(one for one in cluster.brokers if one.node.id == lost)
            broker.kill()
            yield ward.quiet(f"the {name} is lost")
            time.sleep(5)
            broker.start()
            yield ward.quiet(f"the {name} is back")
            time.sleep(5)
        yield from ward.verdict()


def coordinator(admin, group: str) -> int:  # type: ignore[no-untyped-def]
    """The broker that coordinates the group."""
    described: ConsumerGroupDescription = admin.describe_consumer_groups([group])[group].result(30)
    return int(described.coordinator.id)
