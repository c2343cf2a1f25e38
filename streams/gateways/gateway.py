"""What all gateways share: convert, write to Kafka, and only then let the door acknowledge."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import msgspec

from schemas.patient import Event
from streams.config.settings import Settings
from streams.config.settings_problems import SettingsError
from streams.config.topics import Topic
from streams.formats.converter import Converter
from streams.formats.findings import Converted, Outcome
from streams.formats.format import Format
from streams.formats.identity import Identity
from streams.formats.mapping import read_mapping
from streams.formats.statements import Site
from streams.formats.stripped import without_names
from streams.gateways.attached import Attached
from streams.gateways.desk import SHAPE_ONLY, summary_of
from streams.gateways.metrics import GatewayMetrics
from streams.gateways.sealed import Seal
from streams.gateways.settings import GatewaySettings
from streams.gateways.store import NotStored, Record, Store

log = logging.getLogger(__name__)
DOORS: Final = ("hl7v2", "fhir", "mqtt", "http")
ANONYMOUS: Final = "unassigned:"
HEADERS_BYTES: Final = 65_536


@dataclass(slots=True)
class Answer:
    """What became of some bytes: a result for each message in them, and whether Kafka has what came of them."""

    results: list[Converted]
    stored: "asyncio.Future[None]"


class Gateway:
    """One door's converter, store and counters."""

    def __init__(self, door: str, settings: Settings, own: GatewaySettings) -> None:
        self.door, self.settings, self.own = door, settings, own
        self.metrics = GatewayMetrics(door, settings.topic_prefix)
        self.store = Store(
            settings, within_s=own.store_within_s, max_waiting=own.max_waiting, client_id=f"vigilward-{door}"
        )
        self.starting, self.stopping = True, False
        self._seal = Seal(own.refused_keys.get_secret_value())
        identity = identity_of(own)
        self.attached = Attached(own.devices, identity.named)
        self._telling: asyncio.Task[None] | None = None
        self.converter = Converter(
            Site(own.zone, sender=door, assigned=self.attached),
            identity=identity,
            mappings=tuple(read_mapping(path.read_text("utf-8"), path.name) for path in own.mappings),
        )
        self._topics = {topic: settings.topic(topic) for topic in (Topic.READINGS, Topic.PATIENTS, Topic.REJECTIONS)}
        self._readings, self._patients = self._topics[Topic.READINGS], self._topics[Topic.PATIENTS]

    async def take(self, data: bytes, form: Format, *, sender: str = "", patient: str | None = None,
                   device: str | None = None) -> Answer:  # fmt: skip
        """Converts and hands over to Kafka; `Answer.stored` tells when it may be acknowledged."""
        began = time.perf_counter()
        site = self.site_of(sender, patient, device)
        return await self.offer(list(self.converter.convert(data, form, site)), data, form, site, began)

    def site_of(self, sender: str = "", patient: str | None = None, device: str | None = None) -> Site:
        """What this moment and this sender add to a message."""
        known = self.converter.site
        return Site(known.zone, patient, device, datetime.now(UTC), sender or self.door, known.assigned)

    def begin(self, data: bytes, form: Format, done: Callable[[str], None]) -> list[Converted]:
        """As `take`, for a door that asks while the store is not full; `done` hears "", or why it is not stored."""
        began = time.perf_counter()
        site = self.site_of()
        results = list(self.converter.convert(data, form, site))
        records, told = self._prepared(results, data, form, site, began)

        def stored(failed: str) -> None:
            told(failed)
            done(failed)

        self.store.give(records, stored)
        return results

    async def offer(self, results: list[Converted], data: bytes, form: Format, site: Site, began: float) -> Answer:
        """Hands over to Kafka what was converted, and the message without names where something was not taken."""
        records, told = self._prepared(results, data, form, site, began)
        stored = await self.store.put(records)
        stored.add_done_callback(lambda done: told("failed" if _failed(done) else ""))
        return Answer(results, stored)

    def _prepared(
        self, results: list[Converted], data: bytes, form: Format, site: Site, began: float
    ) -> tuple[list[Record], Callable[[str], None]]:
        """The records of what was converted, and what is to be told of their fate."""
        for one in results:
            _hold_nobodys(one)
        renamed = dict(self.converter.identity.renamed)
        self.converter.identity.renamed.clear()
        records = [self._merge(older, name) for older, name in renamed.items()]
        records += [record for one in results for record in self._records(one)]
        outcomes = [one.outcome for one in results]
        if self.own.keep_refused and (Outcome.PARTLY in outcomes or Outcome.REFUSED in outcomes):
            records.append(self._rejection(data, form, results, site))
        self.metrics.count(results, outcomes)

        def told(failed: str) -> None:
            if failed:
                self.metrics.not_stored.labels(self.door).inc()
                self.converter.identity.renamed.update(renamed)
            else:
                self.metrics.stored(records, time.perf_counter() - began)

        return records, told

    async def publish(self, message: dict[str, Any], topic: Topic = Topic.READINGS) -> None:
        """Stores one message of the gateway's own. Raises NotStored."""
        record = Record(self._topics[topic], message["patient_id"].encode(), _encode(message))
        await (await self.store.put([record]))

    def tell_attached(self) -> "asyncio.Task[None]":
        """Begins to tell the watch who wears which device; cancel the task to end it. Unready once it has failed."""

        def ended(task: "asyncio.Task[None]") -> None:
            if not task.cancelled() and (failure := task.exception()) is not None:
                log.error("who wears which device is told no more (%s): start anew", type(failure).__name__)

        self._telling = asyncio.create_task(self.attached.run(partial(self.publish, topic=Topic.PATIENTS)))
        self._telling.add_done_callback(ended)
        return self._telling

    def _records(self, one: Converted) -> Iterator[Record]:
        for topic, messages in ((self._patients, one.patients), (self._readings, one.readings)):
            for message in messages:
                yield Record(topic, message["patient_id"].encode(), _encode(message))

    def _merge(self, older: str, name: str) -> Record:
        """Tells the watch that two pseudonyms are one patient's: what stood open under the older key's goes on."""
        record = {"event": Event.MERGE.value, "patient_id": older, "merged_into": name}
        return Record(self._topics[Topic.PATIENTS], older.encode(), _encode(record))

    def _rejection(self, data: bytes, form: Format, results: list[Converted], site: Site) -> Record:
        findings = [
            {"message": one.number, **finding.as_dict()} for one in results for finding in one.findings
            if finding.level == "finding"
        ][:50]  # fmt: skip
        headers = {
            "gateway": self.door,
            "format": str(form),
            "sender": site.sender,
            "patient": self.converter.identity.known_as(site.patient or ""),
            "device": site.device or "",
            "control_id": next((one.control_id for one in results if one.control_id), "") or "",
            "arrived": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "findings": json.dumps(findings, ensure_ascii=False),
            "published": json.dumps([summary_of(one) for result in results for one in result.readings]),
        }
        most = self.settings.max_outbound_bytes - HEADERS_BYTES
        if self._seal.key_id and len(data) <= most:
            kept, headers["sealed"] = self._seal.shut(data), self._seal.key_id
        else:
            kept, again = without_names(data)
            if not again or len(kept) > most:
                kept, headers["kept"] = kept[:most], SHAPE_ONLY
        facts = tuple((name, value.encode("utf-8", "replace")) for name, value in headers.items())
        return Record(self._topics[Topic.REJECTIONS], f"gateway-{self.door}".encode(), kept, facts)

    def unready(self) -> list[str]:
        """Why this gateway takes nothing just now; nothing if it does."""
        reasons = {
            "starting": self.starting,
            "stopping": self.stopping,
            "cannot_store": bool(self.store.last_error),
            "kafka_is_slow": self.store.full,
            "devices_not_told": self._telling is not None and self._telling.done() and _failed(self._telling),
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
    if not any(reading["patient_id"].startswith(ANONYMOUS) for reading in one.readings):
        return
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


__all__ = ["DOORS", "Answer", "Gateway", "NotStored", "identity_of"]
