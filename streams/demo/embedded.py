"""A small Kafka inside this process, so that a ward can be shown without installing anything.

librdkafka, which comes inside the confluent-kafka wheel, carries an in-process cluster: real TCP on loopback, the real
protocol, usable by every client and from other processes. It needs neither Java nor Docker. What it is not:

* not a store: memory only, no compaction, no CreateTopics, no LogAppendTime, no usable transactions;
* small: a partition keeps its newest `PARTITION_BYTES` or `PARTITION_BATCHES`, whichever is reached first, and drops
  whole batches from its beginning. A consumer that falls further behind than that has lost records;
* plain: a fetch gives one batch a partition, and a fetch that finds nothing waits its whole `fetch.max.wait.ms`, even
  if a record arrives meanwhile. So producers should linger and consumers should wait briefly.

The README of this folder says what that means for a demo of hours.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from types import TracebackType

import confluent_kafka

PARTITION_BYTES = 5 * 1024 * 1024
"""What one partition keeps, in bytes of batches as they came (compressed batches count compressed).

librdkafka 2.x, `rd_kafka_mock_partition_init`; measured in tests/streams/demo/test_embedded.py."""

PARTITION_BATCHES = 100_000
"""How many batches one partition keeps at most (same source)."""

_PRODUCER = 0
_NO_SUCH_BROKER = -1
_ERROR_TEXT_BYTES = 512

_HANDLE, _INT32, _INT16 = ctypes.c_void_p, ctypes.c_int32, ctypes.c_int16
_SIGNATURES: dict[str, tuple[type | None, list[type]]] = {
    "rd_kafka_conf_new": (_HANDLE, []),
    "rd_kafka_conf_set": (
        ctypes.c_int,
        [_HANDLE, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t],
    ),
    "rd_kafka_new": (_HANDLE, [ctypes.c_int, _HANDLE, ctypes.c_char_p, ctypes.c_size_t]),
    "rd_kafka_destroy": (None, [_HANDLE]),
    "rd_kafka_err2str": (ctypes.c_char_p, [ctypes.c_int]),
    "rd_kafka_mock_cluster_new": (_HANDLE, [_HANDLE, ctypes.c_int]),
    "rd_kafka_mock_cluster_destroy": (None, [_HANDLE]),
    "rd_kafka_mock_cluster_bootstraps": (ctypes.c_char_p, [_HANDLE]),
    "rd_kafka_mock_topic_create": (ctypes.c_int, [_HANDLE, ctypes.c_char_p, ctypes.c_int, ctypes.c_int]),
    "rd_kafka_mock_group_initial_rebalance_delay_ms": (None, [_HANDLE, _INT32]),
    "rd_kafka_mock_broker_set_down": (ctypes.c_int, [_HANDLE, _INT32]),
    "rd_kafka_mock_broker_set_up": (ctypes.c_int, [_HANDLE, _INT32]),
    "rd_kafka_mock_broker_set_rtt": (ctypes.c_int, [_HANDLE, _INT32, ctypes.c_int]),
    "rd_kafka_mock_push_request_errors_array": (
        None,
        [_HANDLE, _INT16, ctypes.c_size_t, ctypes.POINTER(ctypes.c_int)],
    ),
    "rd_kafka_mock_clear_request_errors": (None, [_HANDLE, _INT16]),
}


class EmbeddedBrokerUnavailable(RuntimeError):
    """There is no embedded broker on this machine; the message says what to do."""

    exit_code = 3


class Request(IntEnum):
    """Kafka requests into which a fault can be injected (their keys in the Kafka protocol)."""

    PRODUCE = 0
    FETCH = 1
    LIST_OFFSETS = 2
    METADATA = 3
    OFFSET_COMMIT = 8
    OFFSET_FETCH = 9
    FIND_COORDINATOR = 10
    JOIN_GROUP = 11
    HEARTBEAT = 12
    SYNC_GROUP = 14
    INIT_PRODUCER_ID = 22


def library_path() -> str:
    """Where librdkafka lies: in the wheel's own folder on Linux or macOS, otherwise the system's."""
    package = Path(confluent_kafka.__file__).parent
    for folder, pattern in (
        (package.parent / "confluent_kafka.libs", "librdkafka*.so*"),
        (package / ".dylibs", "librdkafka*.dylib"),
    ):
        found = sorted(folder.glob(pattern))
        if found:
            return str(found[0])
    if system := ctypes.util.find_library("rdkafka"):
        return system
    raise EmbeddedBrokerUnavailable(
        f"librdkafka was not found beside {package} nor on the system: install the wheel "
        "(pip install --only-binary :all: confluent-kafka), or point VIGILWARD_BOOTSTRAP_SERVERS at a Kafka broker"
    )


def load_library() -> ctypes.CDLL:
    """The library with the signatures that we call; refuses one without an in-process cluster."""
    path = library_path()
    try:
        library = ctypes.CDLL(path)
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as problem:
        raise EmbeddedBrokerUnavailable(
            f"{path} cannot serve as an embedded broker ({problem}): install the confluent-kafka wheel that "
            "pyproject.toml names, or point VIGILWARD_BOOTSTRAP_SERVERS at a Kafka broker"
        ) from problem
    return library


class EmbeddedBroker:
    """A Kafka cluster in this process for as long as the `with` block lasts.

    >>> with EmbeddedBroker({"vitals.readings": 8}) as broker:
    ...     broker.bootstrap_servers.startswith("127.0.0.1:")
    True
    """

    def __init__(self, topics: Mapping[str, int], *, brokers: int = 1, rebalance_delay_ms: int = 300) -> None:
        """`topics`: partition count by name. Topics that are not named get 4 partitions on first use.

        `rebalance_delay_ms`: how long a new group waits for more members before its first assignment
        (librdkafka's own default of 3,000 makes every start slow).
        """
        for topic, partitions in topics.items():
            if partitions < 1:
                raise ValueError(f"topic {topic!r} needs at least one partition, not {partitions}")
        if brokers < 1:
            raise ValueError(f"a cluster needs at least one broker, not {brokers}")
        self.topics = dict(topics)
        self.brokers = brokers
        self.rebalance_delay_ms = rebalance_delay_ms
        self._library: ctypes.CDLL | None = None
        self._client: int | None = None
        self._cluster: int | None = None
        self._address = ""

    def start(self) -> EmbeddedBroker:
        """Open the cluster and create its topics; the address is known afterwards."""
        if self._cluster is not None:
            raise RuntimeError("this embedded broker is already running")
        self._library = load_library()
        self._client = self._new_client(self._library)
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._client, self.brokers)
        if not self._cluster:
            self.stop()
            raise EmbeddedBrokerUnavailable("librdkafka opened no cluster on loopback: are sockets allowed here?")
        self._address = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()
        self._library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, self.rebalance_delay_ms)
        for topic, partitions in self.topics.items():
            self._checked(
                self._library.rd_kafka_mock_topic_create(self._cluster, topic.encode(), partitions, 1),
                f"create topic {topic!r}",
            )
        return self

    def stop(self) -> None:
        """Close it; everything in it is gone. Doing so twice does no harm."""
        if self._library is None:
            return
        if self._cluster:
            self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        if self._client:
            self._library.rd_kafka_destroy(self._client)
        self._library = self._client = self._cluster = None
        self._address = ""

    def __enter__(self) -> EmbeddedBroker:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def bootstrap_servers(self) -> str:
        """`host:port` of every broker, comma separated, as clients want it."""
        self._running()
        return self._address

    def fail_next(self, request: Request, *errors: int) -> None:
        """The next requests of this kind are refused, one after the other, with these Kafka error codes.

        A negative code of librdkafka, such as `KafkaError._TRANSPORT`, cuts the connection instead.
        """
        library, cluster = self._running()
        library.rd_kafka_mock_push_request_errors_array(
            cluster, request, len(errors), (ctypes.c_int * len(errors))(*errors)
        )

    def fail_no_more(self, request: Request) -> None:
        """Forget the injected errors of this kind that have not been used."""
        library, cluster = self._running()
        library.rd_kafka_mock_clear_request_errors(cluster, request)

    def down(self, broker: int = _NO_SUCH_BROKER) -> None:
        """Cut a broker (they count from 1), or all, off the net; its records stay. Leaders do not move."""
        library, cluster = self._running()
        self._checked(library.rd_kafka_mock_broker_set_down(cluster, broker), f"take broker {broker} down")

    def up(self, broker: int = _NO_SUCH_BROKER) -> None:
        """Let a broker, or all, answer again."""
        library, cluster = self._running()
        self._checked(library.rd_kafka_mock_broker_set_up(cluster, broker), f"bring broker {broker} up")

    def round_trip(self, milliseconds: int, broker: int = _NO_SUCH_BROKER) -> None:
        """Every answer of a broker, or of all, takes this long."""
        library, cluster = self._running()
        self._checked(library.rd_kafka_mock_broker_set_rtt(cluster, broker, milliseconds), "set the round-trip time")

    def _running(self) -> tuple[ctypes.CDLL, int]:
        if self._library is None or self._cluster is None:
            raise RuntimeError("this embedded broker is not running: use it in a `with` block, or call start()")
        return self._library, self._cluster

    def _checked(self, code: int, what: str) -> None:
        if code:
            library, _ = self._running()
            raise RuntimeError(f"the embedded broker could not {what}: {library.rd_kafka_err2str(code).decode()}")

    @staticmethod
    def _new_client(library: ctypes.CDLL) -> int:
        text = ctypes.create_string_buffer(_ERROR_TEXT_BYTES)
        settings = library.rd_kafka_conf_new()
        # The handle only carries the cluster; its own log would tell of every client that hangs up (level 0: nothing).
        library.rd_kafka_conf_set(settings, b"log_level", b"0", text, _ERROR_TEXT_BYTES)
        client = library.rd_kafka_new(_PRODUCER, settings, text, _ERROR_TEXT_BYTES)
        if not client:
            raise EmbeddedBrokerUnavailable(f"librdkafka did not start: {text.value.decode()}")
        return int(client)
