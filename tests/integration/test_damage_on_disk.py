"""What nobody can read on a real broker's disk: a batch that unpacks to more than any ward sends, a damaged marker."""

import asyncio
import json
import struct

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.util import calc_crc32c
from confluent_kafka import Producer

from deploy.kafka.broker import Cluster
from schemas.reasons import Refusal
from schemas.rejection import Rejection
from streams.config.topics import Topic
from streams.log.placing import partition_of
from streams.simulator.publisher import REQUIRED
from streams.worker.unpacking import MOST_BYTES
from tests.integration.rounds import small_ward, taken
from tests.integration.staging import Stage, until
from tests.integration.test_codecs import readings, rejections
from tests.integration.test_source_transactions import beds, moved

MEGABYTE = 1_000_000
CONTROL = 0x20
PATIENT = "p-1"


@pytest.fixture
def stage(kafka, topic_prefix):
    return small_ward(kafka, topic_prefix)


def send_packed(stage, partition, megabytes):
    """One batch of zeros: a few kilobytes on the wire."""

    async def send():
        size = {"max_batch_size": (megabytes + 1) * MEGABYTE, "compression_type": "zstd"}
        async with AIOKafkaProducer(**stage.settings.aiokafka(), **size) as producer:
            batch = producer.create_batch()
            for _ in range(megabytes):
                assert batch.append(timestamp=None, key=None, value=bytes(MEGABYTE)) is not None
            batch.close()
            sent = await producer.send_batch(batch, stage.settings.topic(Topic.READINGS), partition=partition)
            return (await sent).offset

    return asyncio.run(send())


def test_a_batch_that_unpacks_to_more_than_any_ward_sends_costs_itself_alone(stage, tmp_path):
    patient, megabytes = "p-beside-it", MOST_BYTES // MEGABYTE + 1
    where = partition_of(patient, 2)
    with stage.worker(tmp_path) as worker:
        worker.ready(partitions=2)
        stage.publish(Topic.READINGS, readings(patient, 10))
        first = send_packed(stage, where, megabytes)
        stage.publish(Topic.READINGS, readings(patient, 5))
        until(lambda: len(rejections(stage)) == 1, worker.fate)
        taken(stage, worker)

        name = stage.settings.topic(Topic.READINGS)
        assert rejections(stage) == [(name, first, first + megabytes - 1)]
        assert worker.metric("vigilward_records_total", 'kind="readable"') == 15
        assert worker.metric("vigilward_batches_unreadable_total") == 1
        until(lambda: worker.get("/readyz")[0] == 200, worker.fate)  # what is refused is judged once a second
        assert worker.stop() == 0, worker.fate()


def damage_markers(log):
    """Every marker of a transaction says neither commit nor abort any more; the checksums are right. How many."""
    data, at, damaged = bytearray(log.read_bytes()), 0, 0
    while at < len(data):
        length = struct.unpack_from(">i", data, at + 8)[0]
        if not length:
            break  # what a broker set aside for more
        end = at + 12 + length
        if struct.unpack_from(">h", data, at + 21)[0] & CONTROL:
            key = data.index(b"\x00\x00\x00\x01", at + 61, end)  # version 0, type 1: commit
            data[key : key + 4] = b"\x7f\xff\x00\x09"
            data[at + 17 : at + 21] = calc_crc32c(bytes(data[at + 21 : end])).to_bytes(4, "big")
            damaged += 1
        at = end
    log.write_bytes(bytes(data))
    return damaged


def test_a_damaged_marker_on_a_brokers_disk_is_told_and_holds_nobody(tmp_path):
    with Cluster(tmp_path / "kafka", heap_mb=256) as cluster:
        stage = Stage(cluster.bootstrap, "disk.", partitions=2, mode="demo").make_topics()
        name = stage.settings.topic(Topic.PATIENTS)
        sender = Producer({**stage.settings.librdkafka(), **REQUIRED, "transactional.id": "his"})
        sender.init_transactions(30)
        sender.begin_transaction()
        sender.produce(name, key=PATIENT.encode(), value=json.dumps(moved("2")).encode())
        sender.commit_transaction(30)
        stage.publish(Topic.PATIENTS, [(PATIENT.encode(), json.dumps(moved("3")).encode())])
        cluster.stop()
        logs = sorted((tmp_path / "kafka").rglob(f"{name}-*/*.log"))
        assert sum(map(damage_markers, logs)) == 1
        cluster.start()

        with stage.worker(tmp_path / "worker") as worker:
            worker.ready(partitions=2)
            until(lambda: "3" in beds(stage), worker.fate)
            assert beds(stage) == ["2", "3"]
            found = [Rejection.from_headers(one.headers()) for one in stage.read(Topic.REJECTIONS)]
            assert [(one.topic, one.code) for one in found] == [(name, Refusal.UNREADABLE_BATCH)]
            assert worker.get("/readyz")[0] == 200
            assert worker.stop() == 0, worker.fate()
