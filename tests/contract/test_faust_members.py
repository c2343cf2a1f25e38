"""The private members of Faust and aiokafka that the worker touches, as they are in the versions it was written for.

Whoever upgrades one of them reads here what to look at. A failure is no fault of the worker yet: read the new source,
then change both.
"""

import inspect
from importlib.metadata import version

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.consumer.fetcher import Fetcher as KafkaFetcher
from aiokafka.consumer.fetcher import FetchResult, PartitionRecords
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.consumer.subscription_state import SubscriptionState, TopicPartitionState
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.producer.sender import Sender
from aiokafka.record.default_records import DefaultRecordBatch
from faust import App, Schema
from faust.app.base import BootStrategy
from faust.streams import Stream
from faust.transport.consumer import Consumer as AnyConsumer
from faust.transport.consumer import Fetcher, ThreadDelegateConsumer
from faust.transport.drivers import aiokafka as driver
from faust.types import ConsumerMessage

READ = "read its new source, then change streams/worker and this test"

SIGNATURES = [
    (App, "_on_partitions_assigned", ["self", "assigned", "generation_id"], "ownership begins before it"),
    (App, "_on_partitions_revoked", ["self", "revoked"], "ownership ends after it"),
    (App, "_new_transport", ["self"], "gives our transport"),
    (App, "create_event", ["self", "key", "value", "headers", "message"], "makes an event of a batch"),
    (App, "on_first_start", ["self"], "makes a folder in stock Faust"),
    (Schema, "compile", None, "makes the decode function of a topic"),
    (Stream, "noack", ["self"], "no commits by Faust"),
    (Fetcher, "_fetcher", None, "calls _drain_messages"),
    (AnyConsumer, "_drain_messages", ["self", "fetcher"], "the loop that we replace"),
    (AnyConsumer, "_wait_next_records", ["self", "timeout"], "fetches, and waits while flow is stopped"),
    (AnyConsumer, "stop_flow", ["self"], "tells that partitions may change hands"),
    (AnyConsumer, "commit", ["self", "topics", "start_new_transaction"], "every commit goes through it"),
    (AnyConsumer, "on_partitions_revoked", ["self", "revoked"], "a generation ends"),
    (ThreadDelegateConsumer, "_new_consumer_thread", ["self"], "gives our thread"),
    (ThreadDelegateConsumer, "_commit", ["self", "offsets"], "commits in the thread"),
    (ThreadDelegateConsumer, "seek_wait", ["self", "partitions"], "seeks in the thread"),
    (ThreadDelegateConsumer, "earliest_offsets", ["self", "partitions"], "where a log begins"),
    (driver.AIOKafkaConsumerThread, "seek_to_committed", ["self"], "every seek that is not ours goes through it"),
    (driver.Consumer, "verify_event_path", ["self", "now", "tp"], "Faust's guess at slow agents, off"),
    (driver.AIOKafkaConsumerThread, "_create_worker_consumer", ["self", "transport"], "gives our consumer"),
    (driver.AIOKafkaConsumerThread, "_ensure_consumer", ["self"], "the consumer in the thread"),
    (driver.AIOKafkaConsumerThread, "call_thread", None, "runs something in the thread"),
    (
        driver.AIOKafkaConsumerThread,
        "_fetch_records",
        ["self", "consumer", "active_partitions", "timeout", "max_records"],
        "takes what was fetched",
    ),
    (KafkaFetcher, "fetched_records", ["self", "partitions", "timeout", "max_records"], "decides what is returned"),
    (KafkaFetcher, "_create_fetch_waiter", ["self"], "done when something was fetched"),
    (FetchResult, "getall", ["self", "max_records"], "takes what our portions give"),
    (Sender, "close", ["self"], "ends a producer that waits for a broker"),
    (AIOKafkaProducer, "create_batch", ["self"], "a batch of our own"),
    (AIOKafkaProducer, "send_batch", ["self", "batch", "topic", "partition"], "sends it"),
    (BatchBuilder, "append", ["self", "timestamp", "key", "value", "headers"], "fills it"),
    (AIOKafkaClient, "_get_conn", None, "for the versions of a broker"),
]


@pytest.mark.parametrize(
    ("owner", "name", "parameters", "why"), SIGNATURES, ids=lambda x: x if isinstance(x, str) else ""
)
def test_a_member_that_we_touch_is_as_we_know_it(owner, name, parameters, why):
    member = getattr(owner, name, None)

    assert member is not None, f"{owner.__name__}.{name} is gone ({why}): {READ}"
    if parameters is not None:
        now = list(inspect.signature(member).parameters)
        assert now == parameters, f"{owner.__name__}.{name} takes {now}, not {parameters} ({why}): {READ}"


SOURCES = [
    (Fetcher, "await consumer._drain_messages(self)", "the fetcher's only work is the loop that we replace"),
    (AnyConsumer, "await self.commit()", "the timer commits by the method that we replace"),
    (AnyConsumer, "await self.commit_and_end_transactions()", "the last commit when the consumer stops"),
    (AnyConsumer, "await self.commit(start_new_transaction=False)", "the same"),
    (AnyConsumer, "await self.wait(self.can_resume_flow)", "nothing is fetched while flow is stopped"),
    (AnyConsumer, "self._on_partitions_assigned", "calls the app"),
    (ThreadDelegateConsumer, "self._thread.seek_wait(partitions)", "a seek goes through the thread"),
    (driver.AIOKafkaConsumerThread, "consumer.seek(tp, offset)", "and happens there"),
    (AnyConsumer, "await self.seek_to_committed()", "the seek after an assignment goes where we say"),
    (driver.ConsumerRebalanceListener, "app.consumer_generation_id = generation", "the generation"),
    (driver.AIOKafkaConsumerThread, "self._fetch_records,", "a fetch goes through the method that we replace"),
    (KafkaFetcher, "self._records[tp] = FetchResult(", "what was fetched waits there"),
    (KafkaFetcher, "type(res_or_error) is FetchResult", "or an error"),
    (KafkaFetcher, "if drained or not timeout:", "without a timeout nothing is waited for"),
    (KafkaFetcher, "self._closed", "whether it has ended"),
    (FetchResult, "for msg in self._partition_records:", "our portions are gone through"),
    (FetchResult, "position != self._partition_records.next_fetch_offset", "nothing is returned for another position"),
    (
        FetchResult,
        "state.consumed_to(self._partition_records.next_fetch_offset)",
        "the position moves to where they end",
    ),
    (PartitionRecords, "self._records = records", "the record batches"),
    (KafkaFetcher, "records = MemoryRecords(part_data[-1])", "what was fetched is read by ours, with leaders' epochs"),
    (AIOKafkaClient, "async def send(self, node_id, request", "asks a leader"),
    (AIOKafkaClient, "def force_metadata_update(self", "who leads now"),
    (PartitionRecords, "self._tp = tp", "their partition"),
    (PartitionRecords, "if next_batch.is_control_batch:", "markers of transactions are passed over"),
    (SubscriptionState, "def fetch_context(self)", "a fetch is under way"),
    (SubscriptionState, "def wait_for_assignment(self)", "nothing is returned while partitions change hands"),
    (SubscriptionState, "def reassignment_in_progress(self)", "whether they do"),
    (App, "T(consumer.stop_flow)()", "revoking stops the flow first"),
    (App, "await self._stop_fetcher()", "stopping ends the loop before the consumer"),
]


@pytest.mark.parametrize(("owner", "line", "why"), SOURCES, ids=lambda fact: fact if isinstance(fact, str) else "")
def test_what_we_count_on_still_stands_in_the_source(owner, line, why):
    assert line in inspect.getsource(owner), f"{owner.__name__} no longer says {line!r} ({why}): {READ}"


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (BootStrategy, "enable_kafka_producer"),
        (BootStrategy, "enable_web"),
        (driver.Transport, "Consumer"),
        (driver.Consumer, "consumer_stopped_errors"),
        (GroupCoordinator, "_start_heartbeat_task"),
        (GroupCoordinator, "_coordination_task"),
        (GroupCoordinator, "_pending_exception"),
        (GroupCoordinator, "check_errors"),
        (GroupCoordinator, "request_rejoin"),
        (DefaultRecordBatch, "base_offset"),
        (GroupCoordinator, "coordinator_id"),
        (driver.AIOKafkaConsumerThread, "_consumer"),
        (driver.Transport, "Fetcher"),
        (driver.Transport.Fetcher, "_fetcher"),
        (driver.Transport.Fetcher, "set_shutdown"),
        (SubscriptionState, "subscription"),
        (TopicPartitionState, "highwater"),
        (TopicPartitionState, "has_valid_position"),
        (TopicPartitionState, "position"),
    ],
)
def test_an_attribute_that_we_touch_exists(owner, name):
    assert hasattr(owner, name) or name in inspect.getsource(owner), f"{owner.__name__}.{name} is gone: {READ}"


def test_instances_carry_what_we_read_of_them():
    assert "self._versions" in inspect.getsource(AIOKafkaConnection)
    assert "self._subscription =" in inspect.getsource(driver.aiokafka.AIOKafkaConsumer.__init__)
    assert "self.timestamp" in inspect.getsource(TopicPartitionState)
    assert "self._coordinator =" in inspect.getsource(driver.aiokafka.AIOKafkaConsumer.start)
    assert "self._sender" in inspect.getsource(AIOKafkaProducer.__init__)
    assert "self._message_accumulator" in inspect.getsource(AIOKafkaProducer.__init__)


def test_an_event_is_made_with_the_arguments_that_we_give():
    names = list(inspect.signature(ConsumerMessage.__init__).parameters)[1:13]

    assert names == [
        "topic", "partition", "offset", "timestamp", "timestamp_type", "headers", "key", "value", "checksum",
        "serialized_key_size", "serialized_value_size", "tp",
    ]  # fmt: skip


def test_these_are_the_versions_that_were_read():
    assert version("faust-streaming") == "0.15.3", READ
    assert version("aiokafka").startswith("0.14."), READ
