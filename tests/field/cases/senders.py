"""What real senders do: clocks, batches, backlogs, values and patient records of others, each as a patient of one ward.

Twenty minutes. Each story is a patient whose records are sent at their own seconds, through a real
broker that stamps them; what the ward was told is read at the end. Who falls ill does so after `ILL_S`.
"""

import json
import time
from collections.abc import Iterable, Iterator
from typing import Any

from confluent_kafka import Producer

from schemas.times import to_text
from streams.config.topics import Topic
from streams.simulator.publisher import REQUIRED
from tests.field.claims import Claim, equal, none
from tests.field.installation import Field
from tests.field.stories import (
    ENDS_S,
    HOUR_S,
    ILL,
    ILL_ROUND,
    ILL_S,
    LASTS_S,
    ROUND,
    WELL,
    Heard,
    Patient,
    Sent,
    Story,
    called,
    silent,
    told,
)
from tests.integration.staging import Stage, until
from tests.streams.board.conftest import Visitor


def clocks(began: float) -> Iterator[Story]:
    """Cases 01 to 04, and siblings: ahead, drift, a step in both directions, two devices."""

    def who(name: str) -> Patient:
        return Patient(name, began).admit()

    for name, step in (("back-30-s", -30), ("back-1-h", -HOUR_S), ("ahead-1-h", HOUR_S), ("back-2-days", -48 * HOUR_S)):
        yield who(name).stream(clock=lambda s, by=step: s + (by if s > 150 else 0)).story(called(name))
    yield (
        who("there-and-back").stream(clock=lambda s: s + (600 if 100 < s < 200 else 0)).story(called("there-and-back"))
    )
    yield who("drifts").stream(clock=lambda s: s * 0.99).story(called("drifts"))
    yield who("one-day-ahead").stream(clock=lambda s: s + (86_400 if s == 102 else 0)).story(called("one-day-ahead"))
    yield (
        who("one-year-back")
        .stream(clock=lambda s: s - (365 * 86_400 if s == 102 else 0))
        .story(called("one-year-back"))
    )

    rounds = (
        who("round-for-tonight").read(60, ROUND, 0, "epr", "spot", 1).read(100, ROUND, 10 * HOUR_S, "epr", "spot", 2)
    )
    for number, second in enumerate((300, 400, 500)):
        rounds.read(second, ILL_ROUND, second - 20, "epr", "spot", 3 + number)
    yield rounds.story(called("round-for-tonight"))
    for name, zone in (("zone-behind", -7 * HOUR_S), ("zone-ahead", 2 * HOUR_S)):
        charting = who(name)
        for number, second in enumerate((60, 160, 260, 360)):
            charting.read(second, ILL_ROUND, second + zone - 20, "epr", "spot", number)
        yield charting.story(told(name))


def records(began: float) -> Iterator[Story]:
    """Cases 05, 06, 26, 27, 33, and siblings: an old transfer, a cancelled planned discharge."""

    def who(name: str) -> Patient:
        return Patient(name, began)

    yield (
        who("old-discharge")
        .admit(encounter="e-1")
        .admit(60, encounter="e-2")
        .record(120, "discharge", 30, encounter="e-1", confirmed=True)
        .stream()
        .story(called("old-discharge"))
    )
    moved = (
        who("old-transfer")
        .admit(encounter="e-1")
        .record(100, "transfer", ward="F", bed="new", encounter="e-1")
        .record(160, "transfer", 50, ward="F", bed="old", encounter="e-1")
        .stream()
    )
    yield moved.story(lambda heard: equal("old-transfer: lies in", heard.statuses[-1].get("bed"), "new"))

    twice = who("admitted-twice").admit()
    twice.sent.append((420.0, *twice.sent[0][1:]))
    yield twice.stream().story(
        lambda heard: equal(
            "admitted-twice: alerts about the patient",
            len({one["alert_id"] for one in heard.alerts if one["kind"] == "physiological"}),
            1,
        )
    )
    yield (
        who("planned-discharge")
        .admit(encounter="e-1")
        .record(120, "discharge", 24 * HOUR_S, encounter="e-1")
        .stream()
        .story(called("planned-discharge"))
    )

    scale = {"scale": 2, "prescriber": "dr-a", "reason": "COPD"}
    at_89 = {**WELL, "spo2": 89}
    again = who("discharge-taken-back").admit(encounter="e-1", spo2_scale=scale)
    again.record(120, "discharge", encounter="e-1", confirmed=True).record(
        240, "admit", 0, age_years=70, sex="male", ward="F", bed="b", encounter="e-1"
    )
    yield again.stream(well=at_89, sick=at_89).story(silent("discharge-taken-back"))
    cancelled = who("discharge-cancelled").admit(encounter="e-1", spo2_scale=scale)
    cancelled.record(120, "discharge", encounter="e-1", confirmed=True).record(180, "cancel_discharge", encounter="e-1")
    yield cancelled.stream(well=at_89, sick=at_89).story(silent("discharge-cancelled"))
    yield (
        who("merged-away")
        .admit(encounter="e-1")
        .stream(ill=100, end=500)
        .record(520, "merge", merged_into="merged-into")
        .story(
            lambda heard: equal(
                "merged-away: its alerts are over",
                [one["state"] for one in heard.alerts if one["kind"] == "physiological"][-1:]
                in (["resolved"], ["cleared"]),
                True,
            )
        )
    )
    yield (
        who("merged-into")
        .admit(encounter="e-2")
        .stream(560, ill=0)
        .story(
            lambda heard: equal(
                "merged-into: told, and called for", ("merged" in heard.subjects, bool(heard.calls())), (True, True)
            )
        )
    )
    for name in ("one-bed-old", "one-bed-new"):
        begin = 0 if name == "one-bed-old" else 120
        sharing = who(name).record(begin, "admit", age_years=70, sex="male", ward="F", bed="12", devices=["mon-12"])
        yield sharing.stream(begin + 5, ill=10 * HOUR_S).story(told(name))


def batches(began: float) -> Iterator[Story]:
    """Cases 07 to 09, and a sibling: a backlog of minutes is used, one of hours calls nobody."""

    def who(name: str) -> Patient:
        return Patient(name, began).admit()

    cuff = who("cuff").stream(
        well={"heart_rate": 76, "resp_rate": 15, "spo2": 97}, sick={"heart_rate": 76, "resp_rate": 15, "spo2": 97}
    )
    for second in range(60, ENDS_S - 60, 60):
        cuff.read(second + 20, {"systolic_bp": 122 if second < ILL_S else 84, "diastolic_bp": 60}, second)
    yield cuff.story(told("cuff"))
    for name, every in (("batches-of-1-min", 60), ("batches-of-3-min", 180)):
        patch, number = who(name), 0
        for upload in range(every, LASTS_S, every):
            for taken in range(upload - every, upload, 10):
                number += 1
                values = {
                    name: value for name, value in (ILL if taken >= ILL_S else WELL).items() if name != "systolic_bp"
                }
                values["heart_rate"] += number % 3
                patch.read(upload + 2 + (taken - upload + every) / 500, values, taken, "patch", "wearable", number)
        yield patch.story(
            lambda heard, name=name: equal(
                f"{name}: called for, and not for silence", (bool(heard.calls()), heard.calls("technical")), (True, [])
            )
        )

    backlog, number = who("backlog-of-hours"), 0
    for taken in range(-6 * HOUR_S, 0, 30):
        number += 1
        backlog.read(60 + number * 0.1, ILL if taken < -2 * HOUR_S else WELL, taken, sequence=number)
    for second in range(140, ENDS_S, 5):
        number += 1
        backlog.read(second, {**WELL, "heart_rate": 75 + number % 3}, sequence=number)
    yield backlog.story(silent("backlog-of-hours"))
    minutes, number = who("backlog-of-minutes").stream(2, 100, ill=10 * HOUR_S), 1_000
    for taken in range(105, 400, 5):
        number += 1
        minutes.read(400 + number / 1_000, {**(ILL if taken > 150 else WELL), "heart_rate": 120 + number % 3}, taken)
    yield minutes.stream(405, ill=0).story(called("backlog-of-minutes"))


def values(began: float) -> Iterator[Story]:
    """Cases 10 to 13 and 21, and siblings: another vital's sentinel, a pressure of 255, a fraction that is right."""

    def who(name: str) -> Patient:
        return Patient(name, began).admit()

    some = {"heart_rate": 76, "resp_rate": 15}
    for name, source in (("fraction-of-a-phone", "wearable"), ("fraction-of-a-monitor", "monitor")):
        yield (
            who(name)
            .stream(well={**some, "spo2": 0.97}, sick={**some, "spo2": 0.96}, source=source)
            .story(silent(name))
        )
    yield (
        who("rate-of-255")
        .stream(source="wearable", well={"heart_rate": 76, "spo2": 97}, sick={"heart_rate": 255})
        .story(silent("rate-of-255"))
    )
    yield (
        who("breaths-of-255").stream(source="wearable", sick={**WELL, "resp_rate": 255}).story(silent("breaths-of-255"))
    )
    yield (who("pressure-of-255").stream(sick={**WELL, "systolic_bp": 255}).story(called("pressure-of-255")))
    for name, every in (("flat-each-5-s", 5), ("flat-each-minute", 60)):
        still = who(name).stream(
            end=LASTS_S, every=every, source="wearable", ill=60, well={"heart_rate": 76}, sick={"heart_rate": 63}
        )
        yield still.story(
            lambda heard, name=name: equal(f"{name}: told", any("flat" in one for one in heard.subjects), True)
        )
    crossed = who("crossed-pressures")
    for number, second in enumerate(range(30, ENDS_S, 120)):
        pressures = {"systolic_bp": 74 + number % 2, "diastolic_bp": 122}
        crossed.read(second, {**ROUND, **pressures}, device="cuff", source="spot", sequence=number)
    yield crossed.story(
        lambda heard: equal(
            "crossed-pressures: told, and nobody called", (bool(heard.alerts), heard.calls()), (True, [])
        )
    )
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        yield who(f"codec-{codec}").stream(codec=codec).story(called(f"codec-{codec}"))
    yield (
        who("in-order")
        .stream(end=LASTS_S, ill=10 * HOUR_S)
        .story(lambda heard: none("in-order: alerts", sorted(heard.subjects)))
    )


def run(ward: Field) -> Iterator[Claim]:
    """All of them at once, beside a worker and a board with default settings."""
    ward.broker()
    assert ward.doctor("--fix").returncode in (0, 1)
    worker = ward.worker().ready()
    board = ward.board_process()
    began = time.time() + 1
    stories = [story for part in (clocks, records, batches, values) for story in part(began)]
    for story in stories:
        story.sent.sort(key=lambda one: one[0])
    send(ward.stage, began, (one for story in stories for one in story.sent))
    until(lambda: all(not lag for lag in lags(worker)), lambda: str(lags(worker)), within_s=120)
    time.sleep(10)
    heard = hear(ward.stage)
    for story in stories:
        yield story.judge(heard.get(story.name, Heard()))
    yield none("records lost", range(int(worker.metric("vigilward_records_lost_total"))))
    yield from one_limit(ward, board.address, began)


def lags(worker: Any) -> list[float]:
    """How many records of each partition are not taken."""
    return [worker.metric("vigilward_partition_lag_records", f'partition="{number}"') for number in range(8)]


def send(stage: Stage, began: float, sent: Iterable[Sent]) -> None:
    """Everything at its second, each codec by a producer of its own."""
    producers: dict[str, Producer] = {}
    for second, topic, body, codec in sorted(sent, key=lambda one: one[0]):
        if codec not in producers:
            options = {"compression.type": codec, "linger.ms": 5}
            producers[codec] = Producer({**stage.settings.librdkafka(), **REQUIRED, **options})
        time.sleep(max(0.0, began + second - time.time()))
        producers[codec].produce(stage.settings.topic(topic), json.dumps(body).encode(), body["patient_id"].encode())
        producers[codec].poll(0)
    for producer in producers.values():
        assert producer.flush(30) == 0


def hear(stage: Stage) -> dict[str, Heard]:
    """What was said, by patient."""
    heard: dict[str, Heard] = {}
    for topic in (Topic.ALERTS, Topic.STATUS):
        for record in stage.read(topic):
            if record.value():
                one = heard.setdefault(record.key().decode(), Heard())
                (one.alerts if topic is Topic.ALERTS else one.statuses).append(json.loads(record.value()))
    return heard


def one_limit(ward: Field, address: str, began: float) -> Iterator[Claim]:
    """Case 32: what the board takes the worker takes, and what the worker would leave aside the board refuses."""
    patient = Patient("on-paper", time.time()).admit()
    send(ward.stage, patient.began, patient.sent)
    time.sleep(5)
    visitor = Visitor(address).enter()
    for hours in (0.1, 0.4, 2, 5, 8, 11, 30):
        observed = {
            **ILL_ROUND,
            "action_id": f"on-paper-{hours}",
            "patient_id": "on-paper",
            "taken_at": to_text(int((time.time() - hours * HOUR_S) * 1_000)),
            "pulse_rate": 124.0,
        }
        del observed["heart_rate"]
        before = outcome(ward.stage)
        code, _ = visitor.ask(
            "POST",
            "/api/observations",
            {name: float(value) if type(value) is int else value for name, value in observed.items()},
        )
        time.sleep(3)
        yield equal(
            f"observations of {hours} h ago: the board takes them, and the worker leaves nothing aside",
            (code == 201, outcome(ward.stage) - before) in ((True, 0), (False, 0)),
            True,
        )


def outcome(stage: Stage) -> int:
    """How many messages were refused."""
    return len(stage.read(Topic.REJECTIONS))
