"""The rejection desk: what gateways could not take, looked at, and tried again after a mapping was mended.

A kept message says what of it was published. Tried again, what is new is published; a reading that has grown replaces
the one that stands; what stands already is left: nothing is lost, nothing comes twice.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, cast

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.formats.converter import Converter
from streams.formats.findings import Converted
from streams.formats.format import Format
from streams.formats.statements import Site, sequence_of
from streams.gateways.sealed import CannotOpen, Seal
from streams.simulator.publisher import REQUIRED, CannotPublish

DONE: Final = "retried"
POLL_S: Final = 0.1
READ_S: Final = 30.0
SHAPE_ONLY: Final = "shape"


@dataclass(slots=True)
class Kept:
    """One message that was not wholly taken: its name here, what was kept of it, and the facts beside it."""

    name: str
    value: bytes
    facts: dict[str, str]
    times: int = 1
    done: bool = False
    findings: list[dict[str, Any]] = field(default_factory=list)

    def published(self) -> list[dict[str, Any]]:
        """What of it went to the readings topic."""
        return json.loads(self.facts.get("published") or "[]")

    def message(self, seal: Seal) -> bytes:
        """The message to be tried again. Raises CannotOpen where its key is missing, or only its shape was kept."""
        if self.facts.get("kept") == SHAPE_ONLY:
            raise CannotOpen("it could not be read, so only its shape was kept: its sender has to send it again")
        return seal.open(self.value, self.facts["sealed"]) if "sealed" in self.facts else self.value


BESIDE: Final = ("patient", "device", "sender")
"""What the door knew beside a message, by a topic, an address or a login: without it the message is another."""


def name_of(value: bytes, facts: Mapping[str, str] = MappingProxyType({})) -> str:
    """A message's name at the desk, from its bytes and what its door knew: the same sent again is the same."""
    digest, said = hashlib.sha256(value), [facts.get(name, "") for name in BESIDE]
    if any(said):
        digest.update("\x1f".join(["", *said]).encode())
    return digest.hexdigest()[:12]


def kept_messages(settings: Settings) -> dict[str, Kept]:
    """Everything that gateways kept, oldest first. Raises CannotPublish where Kafka cannot be read."""
    found: dict[str, Kept] = {}
    for value, facts in _records(settings):
        if DONE in facts:
            if facts[DONE] in found:
                found[facts[DONE]].done = True
            continue
        if "gateway" not in facts or value is None:
            continue  # a worker's rejection: its reading was never one
        # A record of a build before says nothing of a patient: it was noted as done by its bytes alone.
        name = name_of(value, facts if "patient" in facts else {})
        if name in found:
            found[name].times += 1
            found[name].done = False
            continue
        found[name] = Kept(name, value, facts, findings=json.loads(facts.get("findings") or "[]"))
    return found


def _records(settings: Settings) -> Iterator[tuple[bytes | None, dict[str, str]]]:
    own = {"group.id": "vigilward-desk", "enable.auto.commit": False, "enable.partition.eof": True}
    consumer = Consumer({**settings.librdkafka(), **own})
    topic = settings.topic(Topic.REJECTIONS)
    try:
        unread = set(consumer.list_topics(topic, timeout=10).topics[topic].partitions)
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in unread])
        held: list[Message] = []
        heard_at = time.monotonic()
        while unread:
            messages = consumer.consume(500, timeout=POLL_S)
            for one in messages:
                if (error := one.error()) is None:
                    held.append(one)
                elif error.code() == KafkaError._PARTITION_EOF:
                    unread.discard(cast(int, one.partition()))
                else:
                    raise KafkaException(error)
            if messages:
                heard_at = time.monotonic()
            elif time.monotonic() - heard_at > READ_S:
                raise CannotPublish(f"the rejections cannot be read whole: nothing came for {READ_S:.0f} s")
        for one in sorted(held, key=lambda message: message.timestamp()[1]):
            headers = {key: (value or b"").decode("utf-8", "replace") for key, value in _headers(one)}
            yield one.value(), headers
    except KafkaException as error:
        raise CannotPublish(f"the rejections cannot be read: {error.args[0].name()}") from error
    finally:
        consumer.close()


def tried_again(one: Kept, converter: Converter, seal: Seal) -> tuple[list[Converted], list[dict[str, Any]]]:
    """What a kept message gives now, and which readings of it are still to be published. Raises CannotOpen."""
    form = Format(one.facts.get("format", Format.AUTO))
    results = list(converter.convert(one.message(seal), form, _site_of(one.facts, converter.site)))
    before = {_place(said): said for said in one.published()}
    wanted = []
    for reading in (reading for result in results for reading in result.readings):
        stands = before.get(_place(reading))
        if stands is None:
            wanted.append(reading)
        elif set(stands["vitals"]) != set(reading["vitals"]):
            moment = datetime.fromisoformat(reading["taken_at"])
            sequence = sequence_of(moment, "retry", one.name, *sorted(reading["vitals"]))
            wanted.append({**reading, "sequence": sequence, "corrects": stands["sequence"]})
    return results, wanted


def _site_of(facts: dict[str, str], site: Site) -> Site:
    """The site as it was for the door that took the message; `site` says what the door did not know."""
    arrived, sender = datetime.fromisoformat(facts["arrived"]), facts.get("sender") or facts["gateway"]
    patient, device = facts.get("patient") or site.patient, facts.get("device") or site.device
    return replace(site, patient=patient, device=device, arrived=arrived, sender=sender)


def _place(reading: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(reading.get(name) for name in ("patient_id", "device_id", "source", "taken_at"))


def summary_of(reading: dict[str, Any]) -> dict[str, Any]:
    """What is kept beside a message of a reading that was published: where it stands, and its vitals' names.

    >>> summary_of({"patient_id": "p", "device_id": "d", "sequence": 1, "vitals": {"spo2": {}}})["vitals"]
    ['spo2']
    """
    said = {name: reading.get(name) for name in ("patient_id", "device_id", "source", "taken_at", "sequence")}
    return {**said, "vitals": list(reading["vitals"])}


def publish(settings: Settings, one: Kept, readings: list[dict[str, Any]], results: list[Converted]) -> None:
    """Publishes readings, then notes at the desk what was done. Raises CannotPublish where Kafka has not all."""
    failed: list[str] = []

    def answered(error: Any, _: Any) -> None:
        if error is not None:
            failed.append(error.name())

    producer = Producer({**settings.librdkafka(), **REQUIRED, "delivery.timeout.ms": 30_000})
    for reading in readings:
        value = json.dumps(reading, ensure_ascii=False).encode()
        producer.produce(settings.topic(Topic.READINGS), value, reading["patient_id"].encode(), on_delivery=answered)
    for patient in (record for result in results for record in result.patients):
        value = json.dumps(patient, ensure_ascii=False).encode()
        producer.produce(settings.topic(Topic.PATIENTS), value, patient["patient_id"].encode(), on_delivery=answered)
    left = producer.flush(35)
    if failed or left:
        raise CannotPublish(f"{one.name}: not stored ({', '.join(failed) or 'no answer'}): try again")
    note: list[tuple[str, str | bytes | None]] = [(DONE, one.name.encode())]
    producer.produce(settings.topic(Topic.REJECTIONS), None, b"gateway-desk", headers=note, on_delivery=answered)
    if producer.flush(35) or failed:
        raise CannotPublish(f"{one.name}: stored, but the note of it is not: a further try gives only repeats")


def _headers(message: Message) -> Sequence[tuple[str, bytes | None]]:
    """As they came over the wire: names and bytes (the client's own types say more)."""
    return cast(Sequence[tuple[str, bytes | None]], message.headers() or ())
