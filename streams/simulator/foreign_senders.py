"""Sends made-up messages to a gateway as a device would, and counts what it answers."""

import http.client
import json
import logging
import socket
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from paho.mqtt import client as paho

from streams.simulator import foreign

# librdkafka tells of every attempt to connect: for those who configured logging, not for a terminal.
_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())
TIMEOUT_S = 60.0
REACHED_WITHIN_S = 10.0


class CannotSend(RuntimeError):
    """The gateway cannot be reached; the message says where."""

    exit_code = 3


class Sender:
    """One way to a gateway; `answers` counts what came back."""

    def __init__(self, to: str, port: int) -> None:
        where = urlsplit(to if "//" in to else f"//{to}")
        self.host, self.port = where.hostname or "127.0.0.1", where.port or port
        self.answers: Counter[str] = Counter()
        self._number = 0

    def send(self, readings: Iterable[dict[str, Any]]) -> None:
        """Sends some readings of one second, and waits for the answers."""
        raise NotImplementedError

    def close(self) -> None:
        """Hangs up."""


class Hl7v2Sender(Sender):
    """MLLP."""

    def __init__(self, to: str) -> None:
        super().__init__(to, 2575)
        try:
            self._socket = socket.create_connection((self.host, self.port), TIMEOUT_S)
        except OSError as error:
            raise CannotSend(f"no gateway at {self.host}:{self.port}: {error}") from None

    def send(self, readings: Iterable[dict[str, Any]]) -> None:
        """All in one write; one acknowledgement each."""
        wire, wanted = b"", 0
        for one in readings:
            self._number += 1
            control = f"{one['patient_id']}-{one.get('sequence', self._number)}"
            wire += b"\x0b" + foreign.hl7v2(one, control) + b"\x1c\r"
            wanted += 1
        self._socket.sendall(wire)
        held = b""
        while wanted:
            if not (data := self._socket.recv(65_536)):
                raise CannotSend("the gateway hung up")
            *frames, held = (held + data).split(b"\x1c\r")
            for frame in frames:
                self.answers[frame.split(b"\rMSA|")[1][:2].decode()] += 1
                wanted -= 1

    def close(self) -> None:
        """Hangs up."""
        self._socket.close()


class HttpSender(Sender):
    """HTTP: NDJSON readings, or FHIR batches."""

    def __init__(self, to: str, door: str) -> None:
        super().__init__(to, 8090 if door == "fhir" else 8091)
        self._door = door
        self._connection = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_S)

    def send(self, readings: Iterable[dict[str, Any]]) -> None:
        """One request."""
        if self._door == "fhir":
            resources = [resource for one in readings for resource in foreign.fhir(one)]
            entries = [{"resource": one, "request": {"method": "POST", "url": "Observation"}} for one in resources]
            answer = json.loads(self._ask("/fhir", {"resourceType": "Bundle", "type": "batch", "entry": entries}))
            self.answers.update(one["response"]["status"][:3] for one in answer.get("entry", ()))
            return
        lines = "".join(json.dumps(one) + "\n" for one in readings)
        for line in self._ask("/readings", lines).splitlines():
            self.answers[json.loads(line)["verdict"]] += 1

    def _ask(self, path: str, body: Any) -> bytes:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        try:
            self._connection.request("POST", path, data, {"Content-Type": "application/json"})
            return self._connection.getresponse().read()
        except OSError as error:
            raise CannotSend(f"no gateway at {self.host}:{self.port}: {error}") from None

    def close(self) -> None:
        """Hangs up."""
        self._connection.close()


class MqttSender(Sender):
    """MQTT 5 at QoS 1: what is counted is the broker's acknowledgement."""

    def __init__(self, to: str) -> None:
        super().__init__(to, 1883)
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        try:
            self._client.connect(self.host, self.port)
        except OSError as error:
            raise CannotSend(f"no MQTT broker at {self.host}:{self.port}: {error}") from None
        self._client.loop_start()

    def send(self, readings: Iterable[dict[str, Any]]) -> None:
        """One message each."""
        for info in [self._client.publish(*foreign.mqtt(one), qos=1) for one in readings]:
            info.wait_for_publish(TIMEOUT_S)
            self.answers["published" if info.is_published() else "not published"] += 1

    def close(self) -> None:
        """Hangs up."""
        self._client.disconnect()
        self._client.loop_stop()


class KafkaSender(Sender):
    """Kafka itself, as a producer of our own readings: what is counted is the broker's acknowledgement.

    `client` as librdkafka names it; `misplaced`: by librdkafka's own partitioner, with which every integrator begins.
    """

    def __init__(self, client: Mapping[str, Any], topic: str, *, misplaced: bool = False) -> None:
        super().__init__(client["bootstrap.servers"].partition(",")[0], 9092)
        self._topic = topic
        partitioner = "consistent_random" if misplaced else "murmur2_random"
        self._producer = Producer({**client, "enable.idempotence": True, "partitioner": partitioner}, logger=_log)
        try:
            found = self._producer.list_topics(timeout=REACHED_WITHIN_S).topics
        except KafkaException as error:
            raise CannotSend(f"no Kafka at {self.host}:{self.port}: {error.args[0].str()}") from None
        if topic not in found:
            raise CannotSend(f"there is no topic {topic}: `vigilward doctor --fix` makes it")

    def send(self, readings: Iterable[dict[str, Any]]) -> None:
        """One record each, its patient the key."""
        for one in readings:
            self._producer.produce(self._topic, json.dumps(one).encode(), one["patient_id"], on_delivery=self._told)
        if left := self._producer.flush(TIMEOUT_S):
            raise CannotSend(f"{left} readings were not acknowledged within {TIMEOUT_S:.0f} s")

    def _told(self, error: KafkaError | None, _: Message) -> None:
        self.answers["delivered" if error is None else error.name()] += 1


def sender(door: str, to: str) -> Sender:
    """The way to a gateway. Raises CannotSend."""
    if door == "hl7v2":
        return Hl7v2Sender(to)
    return MqttSender(to) if door == "mqtt" else HttpSender(to, door)
