"""Is anybody watching? Whether the broker answers, and what the heartbeats say of each partition.

The owner of a partition sends a heartbeat each second (`schemas.heartbeat`). What they mean is judged in one place for
board, `doctor` and readiness (`streams.liveness`). The log's end is asked for beside them: an owner that lives and
takes nothing may not know it.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from confluent_kafka import OFFSET_END, Consumer, KafkaError, KafkaException, TopicPartition
from msgspec import DecodeError

from schemas.heartbeat import decode_heartbeat
from streams.board.sending import _quiet
from streams.config.packaged_rules import newer_wait
from streams.liveness import NO_LOG, Finding, Owned, Trouble, judge_owned

LOOK_S: Final = 0.5
POLL_S: Final = 0.1
ANSWER_S: Final = 1.5
BATCH: Final = 1_000
GONE_S: Final = 2.0
"""A broker that has only just started may not know its topics yet."""
UNKNOWN: Final = frozenset({KafkaError._UNKNOWN_PARTITION, KafkaError._UNKNOWN_TOPIC, KafkaError.UNKNOWN_TOPIC_OR_PART})
"""What a client answers of a partition whose leader was lost, and of a topic that is gone."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What was seen last. `findings`: what is wrong with the watch over each partition. `rules_waiting`: newer packaged
    rules wait for an approver.
    """

    broker: bool = False
    findings: tuple[Finding, ...] = ()
    partitions: int = 0
    looked_at: float = 0.0
    rules_waiting: bool = False

    @property
    def silent(self) -> frozenset[int]:
        """Partitions of the log that nobody watches."""
        return frozenset(one.partition for one in self.findings if one.trouble is Trouble.SILENT)

    def same_words(self, other: "Watch") -> bool:
        """Whether both say the same of the same partitions, whatever the seconds."""
        mine, its = ([(one.trouble, one.partition, one.reasons) for one in watch.findings] for watch in (self, other))
        return self.broker == other.broker and mine == its

    def told(self) -> list[dict[str, Any]]:
        """For the page: each trouble once, the worst first, with its partitions, its most seconds and its reasons."""
        told: dict[Trouble, dict[str, Any]] = {}
        for one in sorted(self.findings, key=lambda one: (list(Trouble).index(one.trouble), one.partition)):
            said = told.setdefault(one.trouble, {"kind": one.trouble, "partitions": [], "seconds": 0, "reasons": []})
            said["partitions"].append(one.partition)
            said["seconds"] = max(said["seconds"], coarse(abs(one.seconds)))
            said["reasons"] = sorted({*said["reasons"], *one.reasons})
        return list(told.values())


def coarse(seconds: float) -> int:
    """Seconds as a banner says them: what changes with every look would be painted, and read out, every time.

    >>> coarse(4.2), coarse(33.9), coarse(61.0), coarse(3_661.0)
    (4, 30, 60, 3660)
    """
    step = 1 if seconds < 5 else 5 if seconds < 60 else 30 if seconds < 600 else 60
    return int(seconds) // step * step


class LagMonitor:
    """Listens to heartbeats and looks at the log's ends, in a thread of its own, and tells what it sees."""

    def __init__(
        self,
        client: Mapping[str, Any],
        *,
        log_topic: str,
        heartbeats: str,
        after_s: float,
        by_arrival: bool,
        mode: str,
        tell: Callable[[Watch], None],
    ) -> None:
        self._client, self._log, self._heartbeats = dict(client), log_topic, heartbeats
        self._after_s, self._by_arrival, self._mode, self._tell = after_s, by_arrival, mode, tell
        self._owned: dict[int, Owned] = {}
        self._there_at = 0.0  # when the log was there last, or nothing could be known of it
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="board-watcher", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        consumer = Consumer(
            {
                "group.id": "vigilward-board-without-a-group",
                "enable.auto.commit": False,
                "auto.offset.reset": "latest",
                "fetch.wait.max.ms": 100,
                "fetch.error.backoff.ms": 200,
                "reconnect.backoff.ms": 100,
                "reconnect.backoff.max.ms": 500,
                "socket.timeout.ms": 3_000,
                "log_level": 0,
                **self._client,
            },
            logger=_quiet,
        )
        looked, self._there_at = -LOOK_S, time.monotonic()
        findings: tuple[Finding, ...] = ()
        try:
            while not self._stop.is_set():
                self._hear(consumer)
                if time.monotonic() - looked < LOOK_S:
                    continue
                looked = time.monotonic()
                try:
                    if not self._owned:
                        self._assign(consumer)
                    if self._look(consumer):
                        self._there_at = time.monotonic()
                    self._hear(consumer)  # what came while the broker was asked
                    findings = self._judge(time.monotonic())
                    self._tell(Watch(True, findings, len(self._owned), time.time(), self._rules_wait()))
                except KafkaException:
                    # While the broker is away nothing is known of the workers; their time counts anew afterwards.
                    now = self._there_at = time.monotonic()
                    for owned in self._owned.values():
                        owned.away(now)
                    self._tell(Watch(False, findings, len(self._owned), time.time(), self._rules_wait()))
        finally:
            consumer.close()

    def _assign(self, consumer: Consumer) -> None:
        topics = consumer.list_topics(timeout=ANSWER_S).topics
        log, beats = topics.get(self._log), topics.get(self._heartbeats)
        if log is None or not log.partitions:
            return
        now = time.monotonic()
        self._owned = {number: Owned(now) for number in log.partitions}
        heard = sorted(beats.partitions) if beats is not None else []
        consumer.assign([TopicPartition(self._heartbeats, number, OFFSET_END) for number in heard])

    def _hear(self, consumer: Consumer) -> None:
        if not self._owned:
            self._stop.wait(POLL_S)
            return
        for message in consumer.consume(BATCH, POLL_S):
            if message.error() is not None:
                continue
            try:
                beat = decode_heartbeat(message.value() or b"")
            except DecodeError:  # it costs itself alone: the next comes within a second, or silence is told
                continue
            owned = self._owned.get(beat.partition)
            if owned is not None and beat.partition == message.partition():
                owned.hear(beat, cast(int, message.offset()), time.monotonic())

    def _look(self, consumer: Consumer) -> bool:
        """Sees the log's ends; says whether there is a log. Raises KafkaException where the broker does not answer."""
        for number, owned in self._owned.items():
            try:
                _, end = consumer.get_watermark_offsets(TopicPartition(self._log, number), timeout=ANSWER_S)
            except KafkaException as unknown:
                if unknown.args[0].code() not in UNKNOWN:
                    raise
                # A client forgets partitions whose leader was lost: for minutes, unless the topic is asked for by name.
                found = consumer.list_topics(self._log, timeout=ANSWER_S).topics.get(self._log)
                if found is None or not found.partitions:
                    return False
                continue  # the next look sees its end
            owned.see(end, time.monotonic())
        return bool(self._owned)

    def _rules_wait(self) -> bool:
        return any(owned.beat is not None and newer_wait(owned.beat.rules) for owned in self._owned.values())

    def _judge(self, now: float) -> tuple[Finding, ...]:
        if now - self._there_at > GONE_S:  # whoever watches it has nothing to watch, and need not know it yet
            return tuple(Finding(Trouble.NOT_READY, number, reasons=(NO_LOG,)) for number in sorted(self._owned) or [0])
        return tuple(
            found
            for number, owned in sorted(self._owned.items())
            for found in judge_owned(
                owned, number, now, by_arrival=self._by_arrival, after_s=self._after_s, mode=self._mode
            )
        )
