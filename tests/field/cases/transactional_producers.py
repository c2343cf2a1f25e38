"""A producer whose transactions abort, and one that hangs in the middle of one, keep no reading of others waiting."""

import json
import time
from collections.abc import Iterator

from confluent_kafka import Producer

from schemas.times import to_text
from streams.config.topics import Topic
from streams.simulator.publisher import REQUIRED
from tests.field.claims import Claim, none
from tests.field.installation import Field
from tests.field.judged import Ward

HANGS_S = 30.0
COUNT = 50


def run(field: Field) -> Iterator[Claim]:
    """An integrator that writes in transactions, beside a ward that does not."""
    field.broker()
    with Ward.of(field) as ward:
        time.sleep(5)
        aborts = transactional(ward, "aborts")
        publish(ward, aborts, "of-the-aborted")
        aborts.abort_transaction(30)
        began = time.monotonic()
        hangs = transactional(ward, "hangs")
        publish(ward, hangs, "of-the-hanging")
        time.sleep(HANGS_S)
        yield none("while it hangs: words in the banner", [w.kinds for w in ward.page.said_since(began) if w.kinds])
        shown = [patient for patient in ("of-the-aborted", "of-the-hanging") if patient not in ward.page.beds]
        yield none("patients of theirs who are not watched", shown)
        hangs.abort_transaction(30)
        yield from ward.verdict()


def transactional(ward: Ward, name: str) -> Producer:
    """A producer in the middle of its first transaction."""
    options = {"transactional.id": name, "log_level": 0, "transaction.timeout.ms": 120_000}
    producer = Producer({**ward.stage.settings.librdkafka(), **REQUIRED, **options})
    producer.init_transactions(30)
    producer.begin_transaction()
    return producer


def publish(ward: Ward, producer: Producer, patient: str) -> None:
    """Readings of one patient, all of them acknowledged."""
    for number in range(COUNT):
        taken = {"taken_at": to_text(int(time.time() * 1_000) + number), "sequence": number, "mode": "demo"}
        vitals = {"spo2": {"value": 97, "unit": "%"}, "resp_rate": {"value": 16, "unit": "/min"}}
        said = {"patient_id": patient, "device_id": f"m-{patient}", **taken, "vitals": vitals}
        producer.produce(ward.stage.settings.topic(Topic.READINGS), json.dumps(said).encode(), patient.encode())
    assert producer.flush(30) == 0
    ward.more += COUNT
