"""Compressed record batches of plain producers on a real broker, and one that nobody can unpack."""

import asyncio
import subprocess
import time
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.util import calc_crc32c
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from deploy.kafka.java import command
from schemas.reasons import Refusal
from schemas.rejection import Rejection
from schemas.times import to_text
from streams.config.topics import Topic
from streams.installation.broker import admin_of
from streams.log.placing import partition_of
from tests.integration.rounds import small_ward, taken
from tests.integration.staging import until

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
ROUNDS = 30
READABLE = 'kind="readable"'
SENDER = Path(__file__).parent / "producers" / "Publish.java"


@pytest.fixture
def stage(kafka, topic_prefix):
    return small_ward(kafka, topic_prefix)


def readings(patient, count=ROUNDS):
    for number in range(count):
        body = {
            "patient_id": patient, "device_id": f"m-{patient}", "mode": "demo", "sequence": number,
            "taken_at": to_text(int(time.time() * 1_000) + number),
            "vitals": {"heart_rate": {"value": 75 + number % 3, "unit": "/min"}},
        }  # fmt: skip
        yield patient.encode(), msgspec.json.encode(body)


def by_librdkafka(stage, codec):
    stage.publish(Topic.READINGS, readings(f"librdkafka-{codec}"), **{"compression.type": codec, "linger.ms": 50})


def by_aiokafka(stage, codec):
    async def send():
        compression = None if codec == "none" else codec
        options = {"linger_ms": 50, "compression_type": compression, "enable_idempotence": True}
        async with AIOKafkaProducer(**stage.settings.aiokafka(), **options) as producer:
            patient = f"aiokafka-{codec}"
            sent = [
                await producer.send(
                    stage.settings.topic(Topic.READINGS), value, key=key, partition=partition_of(patient, 2)
                )
                for key, value in readings(patient)
            ]
            await asyncio.gather(*sent)

    asyncio.run(send())


def by_java(stage, codecs):
    lines = [b"\t".join(one) for codec in codecs for one in readings(f"java-{codec}")]
    words = *command(128, False), SENDER, stage.settings.bootstrap_servers
    topic = stage.settings.topic(Topic.READINGS)
    subprocess.run(
        [*words, topic, ",".join(codecs), str(ROUNDS)], input=b"\n".join(lines) + b"\n", check=True,
        capture_output=True, timeout=60,
    )  # fmt: skip


def test_every_codec_of_plain_producers_is_taken(stage, tmp_path):
    with stage.worker(tmp_path) as worker:
        worker.ready(partitions=2)
        for codec in CODECS:
            by_librdkafka(stage, codec)
            by_aiokafka(stage, codec)
        by_java(stage, CODECS)
        taken(stage, worker)

        assert worker.metric("vigilward_records_total", READABLE) == 3 * len(CODECS) * ROUNDS, worker.fate()
        assert worker.metric("vigilward_rejections_total") == 0
        assert worker.get("/readyz")[0] == 200
        assert worker.metric("vigilward_batches_unreadable_total") == 0


def test_what_the_broker_compresses_by_the_topics_own_setting_is_taken(stage, tmp_path):
    """Plain producers that know nothing of it."""
    with stage.worker(tmp_path) as worker:
        worker.ready(partitions=2)
        for codec in CODECS[1:]:
            set_codec(stage, codec)
            stage.publish(Topic.READINGS, readings(f"topics-{codec}"))
            taken(stage, worker)

        assert worker.metric("vigilward_records_total", READABLE) == 4 * ROUNDS, worker.fate()
        assert worker.get("/readyz")[0] == 200


def set_codec(stage, codec):
    entry = ConfigEntry("compression.type", codec, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, stage.settings.topic(Topic.READINGS), incremental_configs=[entry])
    admin = admin_of(stage.settings)
    for answer in admin.incremental_alter_configs([resource]).values():
        answer.result()
    time.sleep(1)  # until the leader goes by it


def damaged_batch(producer, records, change):
    """A batch whose checksum is right, so that the broker takes it, and whose inside nobody can unpack."""
    batch = producer.create_batch()
    for key, value in records:
        batch.append(timestamp=None, key=key, value=value, headers=[("name", b"fact")])
    build = batch._build

    def built():
        data = bytearray(build())
        data[:] = change(bytes(data))
        data[17:21] = calc_crc32c(bytes(data[21:])).to_bytes(4, "big")
        batch._buffer = bytes(data)
        return batch._buffer

    batch._build = built
    batch.close()
    return batch


def send_damaged(stage, topic, partition, records, change):
    async def send():
        async with AIOKafkaProducer(**stage.settings.aiokafka()) as producer:
            batch = damaged_batch(producer, records, change)
            sent = await producer.send_batch(batch, stage.settings.topic(topic), partition=partition)
            return (await sent).offset

    return asyncio.run(send())


def not_utf8(data):
    return data.replace(b"name", b"\xff\xfe\xfd\xfc")


def rejections(stage):
    found = [Rejection.from_headers(one.headers()) for one in stage.read(Topic.REJECTIONS)]
    return [(one.topic, one.offset, one.last_offset) for one in found if one.code is Refusal.UNREADABLE_BATCH]


def test_a_batch_that_cannot_be_read_costs_itself_alone_and_its_offsets_are_told(stage, tmp_path):
    patient = "p-in-its-neighbourhood"
    where = partition_of(patient, 2)
    with stage.worker(tmp_path / "1") as worker:
        worker.ready(partitions=2)
        stage.publish(Topic.READINGS, readings(patient, 10))
        first = send_damaged(stage, Topic.READINGS, where, readings("p-lost", 7), not_utf8)
        stage.publish(Topic.READINGS, readings("p-behind" if where == partition_of("p-behind", 2) else patient, 10))
        in_actions = send_damaged(stage, Topic.ACTIONS, where, [(b"p", b"{}")] * 3, not_utf8)
        until(lambda: len(rejections(stage)) == 2, worker.fate)
        taken(stage, worker)

        name = stage.settings.topic
        assert sorted(rejections(stage)) == sorted(
            [(name(Topic.READINGS), first, first + 6), (name(Topic.ACTIONS), in_actions, in_actions + 2)]
        )
        assert worker.metric("vigilward_batches_unreadable_total") == 2
        assert worker.get("/readyz")[0] == 200
        assert f"offsets {first} to {first + 6}" in worker.log.read_text()
        last = send_damaged(stage, Topic.READINGS, where, readings("p-lost", 3), not_utf8)
        until(lambda: len(rejections(stage)) == 3, worker.fate)
        taken(stage, worker)
        assert worker.stop() == 0, worker.fate()

    with stage.worker(tmp_path / "2") as worker:
        worker.ready(partitions=2)
        stage.publish(Topic.READINGS, readings(patient, 5))
        taken(stage, worker)
        assert worker.metric("vigilward_batches_unreadable_total") == 0, "told once"
        assert (name(Topic.READINGS), last, last + 2) in rejections(stage) and len(rejections(stage)) == 3
