"""A leader is lost while no worker runs, and comes back while none runs: nothing is lost, and nothing differs."""

import time
from collections.abc import Iterator

from streams.config.topics import Topic
from tests.field.claims import Claim
from tests.field.installation import Field
from tests.field.judged import Ward

WITHOUT_S = 15.0


def run(field: Field) -> Iterator[Claim]:
    """All workers are killed at once; devices go on. First others lead when they come again, then all is as before."""
    cluster = field.broker(3)
    with Ward.of(field) as ward:
        time.sleep(20)  # a snapshot of each partition at least
        admin = cluster.admin()
        log = ward.stage.settings.topic(Topic.READINGS)
        leader = admin.list_topics(log, timeout=10).topics[log].partitions[0].leader
        broker = next(one for one in cluster.brokers if one.node.id == leader)
        ward.kill_all()
        yield ward.told("no worker runs", "silent")
        broker.kill()
        time.sleep(WITHOUT_S)
        yield ward.quiet("workers come while another leads", within_s=90)
        time.sleep(20)
        ward.kill_all()
        broker.start()
        time.sleep(WITHOUT_S)
        yield ward.quiet("workers come, and the leader is back", within_s=90)
        time.sleep(5)
        yield from ward.verdict()
