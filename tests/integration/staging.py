"""Real workers on a real broker: starting them, hurting them, reading what they wrote."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Message, Producer, TopicPartition

from streams.config.settings import Settings
from streams.config.topics import FORWARDED, Topic
from streams.installation.broker import look_at_topics
from streams.installation.findings import topic_findings
from streams.installation.mending import mend
from streams.simulator.publisher import REQUIRED
from tests.approving import Approver

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-c", "from streams.commands import main; main()", "worker")
CONTROL_RECORD_KEY = "a secret of the tests"
STARTS_WITHIN_S = 180.0
"""A process imports much before its first word: on a busy machine that takes a minute."""


APPROVER = Approver()
"""Who approves rules in all tests."""
APPROVERS = APPROVER.public_file(Path(tempfile.mkdtemp(prefix="vigilward-tests-")) / "approvers.pem")


class Stage:
    """Topics of a test's own on a broker, with settings to match."""

    def __init__(self, bootstrap: str, prefix: str, **settings: Any) -> None:
        self.environment = {
            "VIGILWARD_BOOTSTRAP_SERVERS": bootstrap,
            "VIGILWARD_TOPIC_PREFIX": prefix,
            "VIGILWARD_GROUP": f"{prefix}group",
            "VIGILWARD_CONTROL_RECORD_KEY": CONTROL_RECORD_KEY,
            "VIGILWARD_HTTP_PORT": "0",
            "VIGILWARD_RULES_APPROVERS": str(APPROVERS),
            "VIGILWARD_SESSION_TIMEOUT_S": "3",
            "VIGILWARD_HEARTBEAT_S": "0.5",
            **{f"VIGILWARD_{name.upper()}": str(value) for name, value in settings.items()},
        }
        names = {name.removeprefix("VIGILWARD_").lower(): value for name, value in self.environment.items()}
        self.settings = Settings(**names)

    def make_topics(self) -> Self:
        """Every topic as `doctor --fix` makes it."""
        failed = mend(topic_findings(look_at_topics(self.settings), self.settings), self.settings)
        assert set(failed.values()) <= {None}, failed
        return self

    def publish(self, topic: Topic, records: Iterable[tuple[bytes | None, bytes | None]], **client: Any) -> None:
        """Keys and values, as an integrator would send them."""
        producer = Producer({**self.settings.librdkafka(), **REQUIRED, "linger.ms": 5, **client})
        for key, value in records:
            producer.produce(self.settings.topic(topic), key=key, value=value)
            producer.poll(0)
        assert producer.flush(30) == 0

    def read(self, topic: Topic) -> list[Message]:
        """Everything on a topic, as it is now."""
        consumer = Consumer({**self.settings.librdkafka(), "group.id": "reader", "enable.auto.commit": False})
        try:
            name = self.settings.topic(topic)
            places = [TopicPartition(name, p) for p in consumer.list_topics(name, timeout=10).topics[name].partitions]
            ends = {p.partition: consumer.get_watermark_offsets(p, timeout=10) for p in places}
            wanted = {p for p, (start, end) in ends.items() if end > start}
            consumer.assign([TopicPartition(name, p, OFFSET_BEGINNING) for p in wanted])
            found: list[Message] = []
            while wanted:
                for message in consumer.consume(1_000, timeout=0.2):
                    if not message.error():
                        found.append(message)
                at = {p.partition: p.offset for p in consumer.position(list(consumer.assignment()))}
                wanted = {p for p in wanted if at.get(p, -1) < ends[p][1]}
            return found
        finally:
            consumer.close()

    def committed(self, topic: Topic) -> dict[int, int]:
        """The group's offsets, partition by partition; -1001 where there is none."""
        group = self.settings.group
        consumer = Consumer({**self.settings.librdkafka(), "group.id": group, "enable.auto.commit": False})
        try:
            name = self.settings.topic(topic)
            places = [TopicPartition(name, p) for p in consumer.list_topics(name, timeout=10).topics[name].partitions]
            return until(lambda: self._committed(consumer, places))
        finally:
            consumer.close()

    @staticmethod
    def _committed(consumer: Consumer, places: list[TopicPartition]) -> dict[int, int] | None:
        try:
            return {place.partition: place.offset for place in consumer.committed(places, timeout=10)}
        except KafkaException:  # a group that was just made has no coordinator yet
            return None

    def ends(self, topic: Topic) -> dict[int, int]:
        """Where each partition ends."""
        consumer = Consumer({**self.settings.librdkafka(), "group.id": "reader"})
        try:
            name = self.settings.topic(topic)
            partitions = consumer.list_topics(name, timeout=10).topics[name].partitions
            return {p: consumer.get_watermark_offsets(TopicPartition(name, p), timeout=10)[1] for p in partitions}
        finally:
            consumer.close()

    def all_taken(self, fate: Callable[[], str], within_s: float) -> None:
        """Waits until all that was sent is in the log, what workers forward included, and is taken."""
        for topic in (*FORWARDED, Topic.READINGS):  # what is forwarded comes to stand behind the log's end of before
            ends = self.ends(topic)
            until(partial(self._reached, topic, ends), fate, within_s)

    def _reached(self, topic: Topic, ends: dict[int, int]) -> bool:
        at = self.committed(topic)
        return all(max(at[number], 0) >= end for number, end in ends.items())

    def worker(self, folder: Path, *command: str, **settings: Any) -> "WorkerProcess":
        """A worker, started; its log goes into the folder."""
        more = {f"VIGILWARD_{name.upper()}": str(value) for name, value in settings.items()}
        return WorkerProcess(folder, {**self.environment, **more}, command or COMMAND)


class WorkerProcess:
    """A worker in a process of its own."""

    def __init__(self, folder: Path, environment: Mapping[str, str], command: Iterable[str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / f"worker-{len(list(folder.iterdir()))}.log"
        clean = {name: value for name, value in os.environ.items() if not name.startswith("VIGILWARD_")}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                list(command), cwd=ROOT, env={**clean, **environment}, stdout=log, stderr=subprocess.STDOUT
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def events(self) -> list[str]:
        """What it logged."""
        lines = self.log.read_text(errors="replace").splitlines()
        return [json.loads(line)["event"] for line in lines if line.startswith("{")]

    def port(self) -> int:
        """Where its health is served."""
        (said,) = until(
            lambda: [event for event in self.events() if event.startswith("metrics and health")],
            self.fate,
            STARTS_WITHIN_S,
        )
        return int(said.split("http://127.0.0.1:")[1].split("/")[0])

    def get(self, path: str) -> tuple[int, str]:
        """Status and text."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port()}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()
        except OSError:
            return 0, ""

    def metric(self, name: str, label: str = "") -> float:
        """The sum of a metric over its labels, or over those in which `label` stands as it is written."""
        lines = [line for line in self.get("/metrics")[1].splitlines() if label in line]
        values = [line.rsplit(" ", 1) for line in lines if line.split("{")[0].split(" ")[0] == name]
        return sum(float(value) for _, value in values)

    def ready(self, partitions: int | None = None) -> Self:
        """Waits until it is ready, with as many partitions if that is asked."""
        until(
            lambda: self.get("/readyz")[0] == 200 and partitions in (None, self.metric("vigilward_partitions")),
            self.fate,
            STARTS_WITHIN_S,
        )
        return self

    def stop(self, which: signal.Signals = signal.SIGTERM) -> int:
        """Sends a signal, and waits for the end; the exit code."""
        self.process.send_signal(which)
        return self.process.wait(30)

    def fate(self) -> str:
        """What to say when waiting for it was in vain."""
        return f"exit {self.process.poll()}; log:\n{self.log.read_text(errors='replace')[-4000:]}"


def until(look: Callable[[], Any], otherwise: Callable[[], object] = lambda: "", within_s: float = 60.0) -> Any:
    """What `look` gives as soon as that is something; fails with the words of `otherwise`."""
    end = time.monotonic() + within_s
    while not (seen := look()):
        assert time.monotonic() < end, f"not within {within_s} s: {otherwise()}"
        time.sleep(0.1)
    return seen
