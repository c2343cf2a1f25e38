import asyncio
import ctypes.util

import confluent_kafka
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from streams.demo import embedded
from streams.demo.embedded import PARTITION_BYTES, EmbeddedBroker, EmbeddedBrokerUnavailable, Request

TIMEOUT_S = 20


def producer(broker, **more):
    quiet = {"log_level": 0, "bootstrap.servers": broker.bootstrap_servers, "linger.ms": 0}
    return Producer({**quiet, **{name.replace("_", "."): value for name, value in more.items()}})


def consumer(broker, group="reader"):
    return Consumer(
        {
            "bootstrap.servers": broker.bootstrap_servers,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 20,
            "log_level": 0,
        }
    )


def read(broker, topic, count):
    """The first `count` values of a topic, by a consumer group."""
    reader = consumer(broker)
    reader.subscribe([topic])
    values = []
    while len(values) < count:
        record = reader.poll(TIMEOUT_S)
        assert record is not None, f"only {len(values)} of {count} came"
        assert record.error() is None
        values.append(record.value())
    reader.close()
    return values


def test_topics_have_the_partitions_that_were_asked_for():
    with EmbeddedBroker({"vitals.readings": 7, "vitals.alerts": 2}) as broker:
        topics = producer(broker).list_topics(timeout=TIMEOUT_S).topics

    assert {name: len(topic.partitions) for name, topic in topics.items()} == {"vitals.readings": 7, "vitals.alerts": 2}


def test_a_confluent_client_reads_back_what_it_wrote():
    with EmbeddedBroker({"t": 3}) as broker:
        writer = producer(broker, enable_idempotence=True)
        for number in range(50):
            writer.produce("t", str(number).encode(), b"one patient")
        assert writer.flush(TIMEOUT_S) == 0

        assert read(broker, "t", 50) == [str(number).encode() for number in range(50)]


def test_an_aiokafka_group_reads_back_what_aiokafka_wrote():
    async def there_and_back(servers):
        writer = AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True)
        await writer.start()
        for number in range(20):
            await writer.send_and_wait("t", str(number).encode(), b"one patient")
        await writer.stop()
        reader = AIOKafkaConsumer(
            "t", bootstrap_servers=servers, group_id="g", auto_offset_reset="earliest", fetch_max_wait_ms=20
        )
        await reader.start()
        values = [(await asyncio.wait_for(reader.getone(), TIMEOUT_S)).value for _ in range(20)]
        await reader.commit()
        await reader.stop()
        return values

    with EmbeddedBroker({"t": 4}) as broker:
        assert asyncio.run(there_and_back(broker.bootstrap_servers)) == [str(number).encode() for number in range(20)]


def test_the_cap_of_a_partition_is_what_the_readme_says():
    """The newest five mebibytes are kept, the rest is gone from the beginning: a late reader has lost it."""
    record = bytes(100_000)
    sent = PARTITION_BYTES // len(record) + 30
    with EmbeddedBroker({"t": 1}) as broker:
        writer = producer(broker)
        for _ in range(sent):
            writer.produce("t", record, partition=0)
            writer.flush(TIMEOUT_S)
        reader = consumer(broker)
        first, after_last = reader.get_watermark_offsets(TopicPartition("t", 0), TIMEOUT_S)
        reader.close()

    assert after_last == sent
    kept = after_last - first
    assert PARTITION_BYTES - 2 * len(record) < kept * len(record) <= PARTITION_BYTES


def test_an_injected_refusal_is_overcome_by_a_retry():
    with EmbeddedBroker({"t": 1}) as broker:
        broker.fail_next(Request.PRODUCE, KafkaError.REQUEST_TIMED_OUT, KafkaError.NOT_ENOUGH_REPLICAS)
        writer = producer(broker, enable_idempotence=True, retry_backoff_ms=1)
        writer.produce("t", b"x", partition=0)

        assert writer.flush(TIMEOUT_S) == 0
        assert read(broker, "t", 1) == [b"x"]


def test_an_injected_refusal_for_good_reaches_the_sender():
    refused = []
    with EmbeddedBroker({"t": 1}) as broker:
        broker.fail_next(Request.PRODUCE, KafkaError.TOPIC_AUTHORIZATION_FAILED)
        writer = producer(broker)
        writer.produce("t", b"x", partition=0, on_delivery=lambda error, _: refused.append(error.code()))
        writer.flush(TIMEOUT_S)

    assert refused == [KafkaError.TOPIC_AUTHORIZATION_FAILED]


def test_injected_errors_that_were_not_used_can_be_forgotten():
    failed = []
    with EmbeddedBroker({"t": 1}) as broker:
        broker.fail_next(Request.PRODUCE, KafkaError.TOPIC_AUTHORIZATION_FAILED)
        broker.fail_no_more(Request.PRODUCE)
        writer = producer(broker)
        writer.produce("t", b"x", partition=0, on_delivery=lambda error, _: failed.append(error))
        writer.flush(TIMEOUT_S)

    assert failed == [None]


def test_records_survive_a_broker_that_goes_down_and_comes_up():
    with EmbeddedBroker({"t": 1}) as broker:
        writer = producer(broker, enable_idempotence=True, reconnect_backoff_max_ms=100)
        writer.produce("t", b"before", partition=0)
        writer.flush(TIMEOUT_S)
        broker.down()
        writer.produce("t", b"while down", partition=0)
        assert writer.flush(0.2) == 1
        broker.up()

        assert writer.flush(TIMEOUT_S) == 0
        assert read(broker, "t", 2) == [b"before", b"while down"]


def test_a_round_trip_time_can_be_set():
    with EmbeddedBroker({"t": 1}) as broker:
        writer = producer(broker)
        writer.produce("t", b"x", partition=0)
        writer.flush(TIMEOUT_S)
        broker.round_trip(400)
        writer.produce("t", b"y", partition=0)

        assert writer.flush(0.05) == 1
        assert writer.flush(TIMEOUT_S) == 0


def test_two_brokers_do_not_know_of_each_other():
    with EmbeddedBroker({"t": 1}) as one, EmbeddedBroker({"u": 1}, brokers=2) as other:
        assert one.bootstrap_servers != other.bootstrap_servers
        assert len(other.bootstrap_servers.split(",")) == 2
        assert set(producer(one).list_topics(timeout=TIMEOUT_S).topics) == {"t"}


def test_a_broker_that_does_not_run_says_so():
    broker = EmbeddedBroker({"t": 1})
    with pytest.raises(RuntimeError, match="not running"):
        _ = broker.bootstrap_servers
    with broker, pytest.raises(RuntimeError, match="already running"):
        broker.start()
    broker.stop()
    with pytest.raises(RuntimeError, match="not running"):
        broker.down()


@pytest.mark.parametrize(("topics", "brokers", "says"), [({"t": 0}, 1, "'t'"), ({"t": 1}, 0, "at least one broker")])
def test_what_cannot_be_opened_is_refused_by_name(topics, brokers, says):
    with pytest.raises(ValueError, match=says):
        EmbeddedBroker(topics, brokers=brokers)


@pytest.mark.parametrize(
    "place",
    [
        "site-packages/confluent_kafka.libs/librdkafka-0cb94173.so.1",
        "site-packages/confluent_kafka/.dylibs/librdkafka.dylib",
    ],
)
def test_the_library_is_found_where_wheels_for_linux_and_macos_put_it(place, tmp_path, monkeypatch):
    (tmp_path / "site-packages/confluent_kafka").mkdir(parents=True)
    library = tmp_path / place
    library.parent.mkdir(exist_ok=True)
    library.touch()
    monkeypatch.setattr(confluent_kafka, "__file__", str(tmp_path / "site-packages/confluent_kafka/__init__.py"))

    assert embedded.library_path() == str(library)


def test_without_the_library_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(confluent_kafka, "__file__", str(tmp_path / "confluent_kafka/__init__.py"))
    monkeypatch.setattr(ctypes.util, "find_library", lambda _: None)

    with pytest.raises(EmbeddedBrokerUnavailable, match="VIGILWARD_BOOTSTRAP_SERVERS") as refused:
        EmbeddedBroker({"t": 1}).start()
    assert refused.value.exit_code == 3


def test_a_library_without_a_cluster_inside_is_refused_with_the_remedy(monkeypatch):
    monkeypatch.setattr(embedded, "library_path", lambda: ctypes.util.find_library("c"))

    with pytest.raises(EmbeddedBrokerUnavailable, match="install the confluent-kafka wheel"):
        EmbeddedBroker({"t": 1}).start()
