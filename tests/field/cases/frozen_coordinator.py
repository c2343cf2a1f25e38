"""Of three brokers the one that coordinates snapshots hangs: the watch goes on without it, and nothing is lost."""

import time
from collections.abc import Iterator

from streams.worker.state_store.fenced_producer import transactional_id
from tests.field.claims import Claim, equal
from tests.field.installation import Field
from tests.field.judged import Ward

TRANSACTIONS = "__transaction_state"
LED_AGAIN_S = 60.0
"""Kafka takes a broker that hangs for lost after 9 s; a request to it is given up after 15 s."""


def run(field: Field) -> Iterator[Claim]:
    """It is frozen while the first snapshots are due, and goes on long after others have taken its place."""
    cluster = field.broker(3)
    with Ward.of(field) as ward:
        found = cluster.admin().list_topics(TRANSACTIONS, timeout=10).topics[TRANSACTIONS].partitions
        lead = found[number_of(transactional_id(ward.stage.settings, 0), len(found))].leader
        broker = next(one for one in cluster.brokers if one.node.id == lead)
        broker.pause()
        yield ward.quiet("the coordinator hangs", within_s=LED_AGAIN_S)
        time.sleep(LED_AGAIN_S / 2)
        yield equal("no worker ended", [one.process.poll() for one in ward.crew], [None] * len(ward.crew))
        broker.resume()
        yield ward.quiet("the coordinator goes on")
        time.sleep(5)
        yield from ward.verdict()


def number_of(name: str, of: int) -> int:
    """The partition of the transactions' log in which Kafka keeps this id: Java's hash of a string."""
    value = 0
    for letter in name:
        value = (31 * value + ord(letter)) & 0xFFFF_FFFF
    return (value & 0x7FFF_FFFF) % of
