"""A broker's clock jumps, topics are made anew and compressed, a record nests too deep: every patient is called for."""

import json
import time
from collections.abc import Iterator

from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from schemas.times import to_text
from streams.config.topics import Topic
from streams.installation.broker import admin_of
from tests.field.cases.who_watches import delete
from tests.field.claims import Claim, equal, none, within
from tests.field.installation import Field
from tests.field.listening import Page

CALLED_S = 15.0
QUIET_S = 90.0
BEDS = 24
CODECS = ("gzip", "snappy", "lz4", "zstd")
DEEP = b"[" * 5_000
ILL = {"resp_rate": (35, "/min"), "spo2": (80, "%"), "heart_rate": (140, "/min")}


def run(field: Field) -> Iterator[Claim]:
    """Default settings. Something happens, then somebody new falls ill, who must be called for."""
    clock = field.broker_with_a_clock()
    page, (worker,) = field.watched(BEDS)
    yield called(field, page, "nothing happened yet")

    began = time.monotonic()
    clock.set(3_600)
    time.sleep(3)
    clock.set(0)
    yield called(field, page, "a clock was an hour ahead for 3 s")
    time.sleep(10)
    yield none("it says nothing false", {kind for word in page.said_since(began) for kind in word.kinds})

    for topic in (Topic.ACTIONS, Topic.PATIENTS, Topic.READINGS):
        began = time.monotonic()
        delete(field, topic)
        field.doctor("--fix")
        yield within(f"{topic} made anew: nothing is wrong any more", page.quiet(began, QUIET_S), QUIET_S)
        yield called(field, page, f"{topic} made anew")
    yield equal("a topic made anew is told", worker.metric("vigilward_topics_made_anew_total") >= 3, True)
    admitted = {"event": "admit", "patient_id": "admitted-late", "mode": "demo", "ward": "W", "bed": "99",
                "at": to_text(int(time.time() * 1_000))}  # fmt: skip
    field.stage.publish(Topic.PATIENTS, [(b"admitted-late", json.dumps(admitted).encode())])
    shown = page.until(lambda _: page.beds.get("admitted-late", {}).get("bed") == "99", time.monotonic(), 30)
    yield within("an admission on the topic made anew is shown", shown, 30.0)

    for codec in CODECS:
        compress(field, codec)
        yield called(field, page, f"readings compressed by {codec}")
    yield none("`doctor` finds of codecs", [one for one in field.findings() if "codec" in one])

    field.stage.publish(Topic.STATUS, [(b"nobody", DEEP)])
    field.stage.publish(Topic.ALERTS, [(b"nobody", DEEP)])
    again = field.board()
    until_all = again.until(lambda _: len(again.beds) >= BEDS, time.monotonic(), 60)
    yield within("a board started over records that nest too deep shows every bed", until_all, 60.0)
    incomplete = again.until(lambda word: bool(word.kinds), time.monotonic(), 30)
    yield within("and says that its picture has a hole", incomplete, 30.0)
    yield called(field, again, "records that nest too deep")


def called(field: Field, page: Page, name: str) -> Claim:
    """Somebody new is entered who is dying; the page must show an alert."""
    patient = f"ill-{len(page.beds)}-{time.monotonic_ns() % 100_000}"
    vitals = {vital: {"value": value, "unit": unit} for vital, (value, unit) in ILL.items()}
    body = {"patient_id": patient, "device_id": "rounds", "source": "spot", "sequence": 1, "mode": "demo",
            "taken_at": to_text(int(time.time() * 1_000)), "vitals": vitals}  # fmt: skip
    began = time.monotonic()
    field.stage.publish(Topic.READINGS, [(patient.encode(), json.dumps(body).encode())])
    while time.monotonic() < began + 2 * CALLED_S:
        if any(alert["patient_id"] == patient for alert in page.alerts.values()):
            return within(f"{name}: called for", time.monotonic() - began, CALLED_S)
        time.sleep(0.1)
    return within(f"{name}: called for", None, CALLED_S)


def compress(field: Field, codec: str) -> None:
    """The topic's own codec: the broker packs what comes plain."""
    entry = ConfigEntry("compression.type", codec, incremental_operation=AlterConfigOpType.SET)
    name = field.settings.topic(Topic.READINGS)
    resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=[entry])
    admin = admin_of(field.settings)
    for answer in admin.incremental_alter_configs([resource]).values():
        answer.result(30)
