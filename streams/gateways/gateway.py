"""What all gateways share: convert, write to Kafka, and only then let the door acknowledge."""

import asyncio
import json
import logging
import time
from collections.abc import Container
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from schemas.patient import Event
from streams.config.settings import Settings
from streams.config.settings_problems import SettingsError
from streams.config.topics import Topic
from streams.formats.converter import Converter, Format
from streams.formats.findings import Converted, Outcome
from streams.formats.identity import Identity
from streams.formats.mapping import read_mapping
from streams.formats.statements import Site
from streams.formats.stripped import without_names
from streams.gateways.desk import summary_of
from streams.gateways.metrics import GatewayMetrics
from streams.gateways.settings import GatewaySettings
from streams.gateways.store import NotStored, Record, Store

log = logging.getLogger(__name__)
DOORS: Final = ("hl7v2", "fhir", "mqtt", "http")
ANONYMOUS: Final = "unassigned:"


@dataclass(slots=True)
class Answer:
    """What became of some bytes: a result for each message in them, and whether Kafka has what came of them."""

    results: list[Converted]
    stored: "asyncio.Future[None]"
    began: float = field(default_factory=time.perf_counter)


class Gateway:
    """One door's converter, store and counters."""

    def __init__(self, door: str, settings: Settings, own: GatewaySettings) -> None:
        self.door, self.settings, self.own = door, settings, own
        self.metrics = GatewayMetrics(door)
        self.store = Store(
            settings, within_s=own.store_within_s, max_waiting=own.max_waiting, client_id=f"vigilward-{door}"
        )
        self.starting, self.stopping = True, False
        self.converter = Converter(
            Site(own.zone, sender=door, assigned=devices_of(own)),
            identity=identity_of(own),
            mappings=tuple(read_mapping(path.read_text("utf-8"), path.name) for path in own.mappings),
        )
        self._topics = {topic: settings.topic(topic) for topic in (Topic.READINGS, Topic.PATIENTS, Topic.REJECTIONS)}

    async def take(self, data: bytes, form: Format, *, sender: str = "", patient: str | None = None,
                   device: str | None = None) -> Answer:  # fmt: skip
        """Converts and hands over to Kafka; `Answer.stored` tells when it may be acknowledged."""
        began = time.perf_counter()
        site = self.site_of(sender, patient, device)
        return await self.offer(list(self.converter.convert(data, form, site)), data, form, sender, began)

    def site_of(self, sender: str = "", patient: str | None = None, device: str | None = None) -> Site:
        """What this moment and this sender add to a message."""
        return replace(
            self.converter.site, arrived=datetime.now(UTC), patient=patient, device=device, sender=sender or self.door
        )

    async def offer(self, results: list[Converted], data: bytes, form: Format, sender: str, began: float) -> Answer:
        """Hands over to Kafka what was converted, and the message without names where something was not taken."""
        for one in results:
            _hold_nobodys(one)
        renamed = dict(self.converter.identity.renamed)
        self.converter.identity.renamed.clear()
        records = [self._merge(older, name) for older, name in renamed.items()]
        records += [record for one in results for record in self._records(one)]
        if self.own.keep_refused and any(one.outcome in (Outcome.PARTLY, Outcome.REFUSED) for one in results):
            records.append(self._rejection(data, form, results, sender))
        for one in results:
            self.metrics.messages.labels(self.door, one.outcome.value).inc()
            for finding in one.findings:
                self.metrics.findings.labels(self.door, str(finding.code)).inc()
        stored = await self.store.put(records)
        stored.add_done_callback(lambda done: self._count(done, records, began))
        if renamed:
            stored.add_done_callback(lambda done: _failed(done) and self.converter.identity.renamed.update(renamed))
        return Answer(results, stored, began)

    async def publish(self, reading: dict[str, Any]) -> "asyncio.Future[None]":
        """Hands over one native reading of the gateway's own; the future raises NotStored."""
        value = _encode(reading)
        return await self.store.put([Record(self._topics[Topic.READINGS], reading["patient_id"].encode(), value)])

    def _records(self, one: Converted) -> list[Record]:
        kept = [reading for reading in one.readings if self._may_publish(reading)]
        return [
            Record(
                self._topics[topic], message["patient_id"].encode(), json.dumps(message, ensure_ascii=False).encode()
            )
            for topic, messages in ((Topic.PATIENTS, one.patients), (Topic.READINGS, kept))
            for message in messages
        ]

    def _merge(self, older: str, name: str) -> Record:
        """Tells the watch that two pseudonyms are one patient's: what stood open under the older key's goes on."""
        record = {"event": Event.MERGE.value, "patient_id": older, "merged_into": name}
        return Record(self._topics[Topic.PATIENTS], older.encode(), _encode(record))

    def _may_publish(self, reading: dict[str, Any]) -> bool:
        """A reading of nobody, by no device, cannot be watched: every one would be a patient of its own."""
        patient = reading["patient_id"]
        return not patient.startswith(ANONYMOUS) or patient == f"{ANONYMOUS}{reading['device_id']}"

    def _rejection(self, data: bytes, form: Format, results: list[Converted], sender: str) -> Record:
        findings = [
            {"message": one.number, **finding.as_dict()} for one in results for finding in one.findings
            if finding.level == "finding"
        ][:50]  # fmt: skip
        headers = {
            "gateway": self.door,
            "format": str(form),
            "sender": sender,
            "control_id": next((one.control_id for one in results if one.control_id), "") or "",
            "arrived": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "findings": json.dumps(findings, ensure_ascii=False),
            "published": json.dumps([summary_of(one) for result in results for one in result.readings]),
        }
        kept = without_names(data)[: self.settings.max_outbound_bytes - 65_536]
        facts = tuple((name, value.encode("utf-8", "replace")) for name, value in headers.items())
        return Record(self._topics[Topic.REJECTIONS], f"gateway-{self.door}".encode(), kept, facts)

    def _count(self, done: "asyncio.Future[None]", records: list[Record], began: float) -> None:
        if _failed(done):
            self.metrics.not_stored.labels(self.door).inc()
            return
        self.metrics.seconds.labels(self.door).observe(time.perf_counter() - began)
        for record in records:
            self.metrics.records.labels(self.door, record.topic.removeprefix(self.settings.topic_prefix)).inc()

    def unready(self) -> list[str]:
        """Why this gateway takes nothing just now; nothing if it does."""
        reasons = {
            "starting": self.starting,
            "stopping": self.stopping,
            "cannot_store": bool(self.store.last_error),
            "kafka_is_slow": self.store.full,
        }
        return [name for name, holds in reasons.items() if holds]

    def require_topics(self, there: Container[str]) -> None:
        """Raises SettingsError (3) where a topic is missing: nobody is to send to a door without a house."""
        if missing := [topic for topic in self._topics.values() if topic not in there]:
            said = f"there is no topic {', '.join(missing)}: `vigilward doctor --fix` creates what is missing"
            raise SettingsError([said], exit_code=3)


_encode: Final = msgspec.json.encode


def _failed(done: "asyncio.Future[None]") -> bool:
    return done.cancelled() or done.exception() is not None


def _hold_nobodys(one: Converted) -> None:
    """Holds back readings of nobody by no device: each would be a patient of its own, and none could be watched."""
    nobodys = [
        reading for reading in one.readings
        if reading["patient_id"].startswith(ANONYMOUS)
        and reading["patient_id"] != f"{ANONYMOUS}{reading['device_id']}"
    ]  # fmt: skip
    if nobodys:
        one.readings = [reading for reading in one.readings if reading not in nobodys]
        one.held += nobodys


def identity_of(own: GatewaySettings) -> Identity:
    """How patients are named: with pseudonyms where a key is set. Raises SettingsError."""
    said = own.pseudonym_keys.get_secret_value()
    if not said:
        return Identity()
    keys = [one.strip().partition(":") for one in said.split(",")]
    if any(not key_id or len(secret) < 16 for key_id, _, secret in keys) or len({one[0] for one in keys}) < len(keys):
        raise SettingsError(
            ["VIGILWARD_GATEWAY_PSEUDONYM_KEYS: write id:secret[,older], each id once, secrets of 16 letters at least"]
        )
    (key_id, _, secret), *older = keys
    return Identity(key=secret.encode(), key_id=key_id, older=tuple((one[0], one[2].encode()) for one in older))


def devices_of(own: GatewaySettings) -> Any:
    """Who wears a device at a moment, by the file of associations; None without one. Raises SettingsError."""
    if own.devices is None:
        return None
    from streams.formats.association import AssociationError, read_associations

    try:
        return read_associations(own.devices.read_text("utf-8"))
    except AssociationError as error:
        raise SettingsError([f"VIGILWARD_GATEWAY_DEVICES: {error}"]) from None


__all__ = ["DOORS", "Answer", "Gateway", "NotStored", "devices_of", "identity_of"]
