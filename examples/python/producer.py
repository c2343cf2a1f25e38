"""Publishes readings from standard input with confluent-kafka."""

import json
import os
import sys

from confluent_kafka import Producer

failed = []


def answered(error, message):
    """Kafka has it, or says why not."""
    if error is not None:
        failed.append(error)
        print(f"not stored: {error}", file=sys.stderr)


producer = Producer(
    {
        "bootstrap.servers": os.environ.get("BOOTSTRAP", "localhost:9092"),
        "partitioner": "murmur2_random",  # as every other client places: librdkafka's own default does not
        "enable.idempotence": True,
        "compression.type": os.environ.get("CODEC", "none"),
    }
)
for line in sys.stdin:
    if line.strip():
        patient = json.loads(line)["patient_id"]
        producer.produce(os.environ.get("TOPIC", "vitals.readings"), line.strip(), patient, on_delivery=answered)
        producer.poll(0)
sys.exit(1 if producer.flush(30) or failed else 0)
