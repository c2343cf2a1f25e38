"""The ward that is watched while everything breaks: its readings, repeats, disorder, poison, admissions and discharges.

Everything sent is counted by what Kafka acknowledged. What should be said of it is worked out afterwards from the log
itself: nothing here has to know.
"""

import random
import threading
import time
from collections import deque
from queue import SimpleQueue

import msgspec
from confluent_kafka import Producer

from schemas.times import to_text
from streams.config.packaged_rules import packaged_rules_bytes
from streams.config.topics import Topic
from streams.demo.looped import Looped
from streams.recordings.samples import folder
from streams.simulator.publisher import REQUIRED
from streams.simulator.scenarios import MIXED
from streams.simulator.simulator import Simulator
from tests.integration.staging import APPROVER, Stage

SPOT_PATIENTS = 40
MONITORED = 8
WELL = {"heart_rate": 75, "resp_rate": 16, "spo2": 97, "systolic_bp": 120, "temperature": 37.0}
ILL = {"heart_rate": 135, "resp_rate": 27, "spo2": 88, "systolic_bp": 85, "temperature": 39.4}
UNITS = {"heart_rate": "/min", "resp_rate": "/min", "spo2": "%", "systolic_bp": "mm[Hg]", "temperature": "Cel"}
POISON = (
    b"\xff\xfe\x00",
    b"",
    b"{",
    b"[" * 2_000,
    b'{"patient_id": 7}',
    b"null",
    b"MSH|^~\\&|MON|5W|||2026",
    b"x" * 70_000,
)
FORGET_AFTER_S = 8.0
FLOOD, FLOOD_BYTES = 400, 60_000


class Patients:
    """Publishes on a thread of its own while the block lasts; `per_s` spot rounds a second beside the monitors."""

    def __init__(self, stage: Stage, seed: int, per_s: float = 40.0) -> None:
        self.stage, self.per_s = stage, per_s
        self.chance = random.Random(seed)
        self.delivered = self.failed = self.sent = 0
        start_ms = int(time.time() * 1_000)
        self.simulated = Simulator(MONITORED, seed=seed, start_ms=start_ms, scenarios=MIXED, quicker=60.0)
        self.recorded = Looped(folder("bidmc"), start_ms=start_ms)
        self._away: set[str] = set()  # went home, and send nothing until they come again
        self._severity = {f"spot-{number:02d}": 0.0 for number in range(SPOT_PATIENTS)}
        self._sequence = 0
        self._late: deque[tuple[float, bytes, bytes]] = deque()
        self._floods: SimpleQueue[int] = SimpleQueue()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._publish, daemon=True)
        self._producer = Producer(
            {
                **stage.settings.librdkafka(), **REQUIRED, "linger.ms": 5, "log_level": 0,
                "queue.buffering.max.messages": 1_000_000,
            }
        )  # fmt: skip

    def __enter__(self) -> "Patients":
        self._rules()
        for record in (*self.simulated.admissions(), *self.recorded.admissions()):
            self._send(Topic.PATIENTS, record["patient_id"].encode(), msgspec.json.encode(record))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def flood(self) -> None:
        """Much poison at once, soon: more than a worker's buffer holds comes back as rejections."""
        self._floods.put(FLOOD)

    def stop(self) -> None:
        """Sends nothing more, and waits until Kafka has all of it."""
        self._over.set()
        self._thread.join(60)
        assert self._producer.flush(120) == 0, "the broker did not take everything"

    def _rules(self) -> None:
        rules = msgspec.json.decode(packaged_rules_bytes())
        rules.update(name="chaos", forget_discharged_hours=FORGET_AFTER_S / 3_600)
        body = msgspec.json.encode(rules)
        self._send(Topic.RULES, b"chaos", body, [APPROVER.header(body)])

    def _publish(self) -> None:
        now = time.time()
        last_ms = self.simulated.start_ms
        while not self._over.wait(0.1):
            before, now = now, time.time()
            for _ in range(round((now - before) * self.per_s)):
                self._spot(now)
            until_ms = int(now * 1_000)
            for ward in (self.simulated, self.recorded):
                for _, patient, value in ward.readings(last_ms, until_ms):
                    self._perhaps_late(now, patient.encode(), value)
            last_ms = until_ms
            self._late_ones(now)
            if self.chance.random() < 0.1:
                self._send(Topic.READINGS, self.chance.choice((None, b"spot-01")), self.chance.choice(POISON))
            if self.chance.random() < 0.15:
                self._come_or_go(now)
            self._flooded()
            self._producer.poll(0)
        self._late_ones(now + 60)

    def _flooded(self) -> None:
        while not self._floods.empty():
            for number in range(self._floods.get()):
                key = f"spot-{number % SPOT_PATIENTS:02d}".encode()
                self._send(Topic.READINGS, key, self.chance.randbytes(FLOOD_BYTES))

    def _spot(self, now: float) -> None:
        patient = self.chance.choice([patient for patient in self._severity if patient not in self._away])
        step = self.chance.choice((-0.5, -0.2, 0, 0.2, 0.5))
        self._severity[patient] = severity = min(1.0, max(0.0, self._severity[patient] + step))
        self._sequence += 1
        vitals = {
            name: {"value": round(well + severity * (ILL[name] - well), 1), "unit": UNITS[name]}
            for name, well in WELL.items()
        }
        if self.chance.random() < 0.03:
            vitals["heart_rate"] = {"value": 900, "unit": "/min"}
        reading = {
            "patient_id": patient, "device_id": "rounds", "source": "spot", "sequence": self._sequence, "mode": "demo",
            "taken_at": to_text(int(now * 1_000)), "vitals": vitals,
        }  # fmt: skip
        self._perhaps_late(now, patient.encode(), msgspec.json.encode(reading))

    def _perhaps_late(self, now: float, patient: bytes, value: bytes) -> None:
        chance = self.chance.random()
        if chance < 0.05:  # overtaken by later ones
            self._late.append((now + self.chance.uniform(0.2, 3.0), patient, value))
            return
        self._send(Topic.READINGS, patient, value)
        if chance > 0.95:  # sent twice
            self._late.append((now + self.chance.uniform(0.0, 8.0), patient, value))

    def _late_ones(self, now: float) -> None:
        waiting = len(self._late)
        for _ in range(waiting):
            at, patient, value = self._late.popleft()
            if at <= now:
                self._send(Topic.READINGS, patient, value)
            else:
                self._late.append((at, patient, value))

    def _come_or_go(self, now: float) -> None:
        patient = self.chance.choice(list(self._severity))
        event = self.chance.choice(("admit", "discharge"))
        record = {"patient_id": patient, "event": event, "at": to_text(int(now * 1_000)), "mode": "demo"}
        if event == "admit":
            self._away.discard(patient)
            record |= {"ward": "C", "bed": f"C{self.chance.randrange(40):02d}", "encounter": f"e-{int(now)}"}
        else:
            record["confirmed"] = self.chance.random() < 0.7
            if record["confirmed"] and len(self._away) < SPOT_PATIENTS // 2:
                self._away.add(patient)
        self._send(Topic.PATIENTS, patient.encode(), msgspec.json.encode(record))

    def _send(
        self, topic: Topic, key: bytes | None, value: bytes, headers: list[tuple[str, bytes]] | None = None
    ) -> None:
        def told(error: object, _: object) -> None:
            if error is None:
                self.delivered += topic is Topic.READINGS
            else:
                self.failed += 1

        self.sent += topic is Topic.READINGS
        self._producer.produce(
            self.stage.settings.topic(topic), key=key, value=value, headers=headers, on_delivery=told
        )
