"""A ward as a worker would tell it, made for the board's tests: statuses, alerts with their lifecycles, minutes."""

import json
import math
import time
from collections.abc import Iterator
from typing import Any

from confluent_kafka import Producer

from detectors.news2 import news2
from schemas.alert import Alert
from schemas.status import Status
from schemas.times import to_text
from schemas.vitals import SCALES, Vital
from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.simulator.publisher import REQUIRED

MINUTE = 60_000
HOUR = 60 * MINUTE
RULES = {"name": "vigilward-adult-ward", "version": "1", "sha256": "5f" * 32}
USUAL = {"heart_rate": 76, "pulse_rate": 76, "resp_rate": 16, "spo2": 97, "systolic_bp": 124, "temperature": 36.8}
SPREAD = {"heart_rate": 7, "pulse_rate": 7, "resp_rate": 2.2, "spo2": 1.2, "systolic_bp": 9, "temperature": 0.35}
SPOKEN = {"consciousness": "A", "supplemental_oxygen": False}
NAMES = (
    "Adler", "Brandt", "Costa", "Dvorak", "Eriksen", "Fontaine",
    "Grau", "Haas", "Ivanova", "Jensen", "Kowalski", "Lind",
)  # fmt: skip
GIVEN = ("Anna", "Bruno", "Clara", "David", "Elif", "Franz", "Greta", "Hugo", "Ines", "Jonas", "Karin", "Leo")


def now() -> int:
    return int(time.time() * 1000)


def lifecycle(status: str = "calling", **facts: Any) -> dict[str, Any]:
    empty = dict.fromkeys((
        "owner", "snoozed_by", "reason", "text", "since", "until", "undo_of", "undo_until",
        "notified_at", "next_step", "next_step_at", "step", "unacknowledged", "reviews_left",
    ))  # fmt: skip
    counts = {"steps": [], "repeats": 0, "nobody_answered": False, "returned": 0, "snooze_left_minutes": 0}
    return {**empty, "status": status, **counts, **facts}


class Bed:
    """One made-up patient: `values` in force, alerts by id. `status()`, `alert()` and `trend()` are messages."""

    def __init__(self, number: int, ward: str = "A", mode: str = "demo") -> None:
        self.patient = f"t-{number:04d}"
        self.ward, self.bed, self.mode = ward, f"{ward}{number:02d}", mode
        self.values: dict[str, Any] = {**USUAL, **SPOKEN}
        self.states: dict[str, str] = {}
        self.alerts: dict[str, dict[str, Any]] = {}
        self.resolved: dict[str, dict[str, Any]] = {}
        self.more: dict[str, Any] = {}
        self.offset = self.raised = 0
        self.number = number

    def score(self) -> dict[str, Any]:
        usable = {
            name: value for name, value in self.values.items() if self.states.get(name, "live") in ("live", "delayed")
        }
        got = usable.get
        found = news2(
            got("resp_rate"),
            got("spo2"),
            got("systolic_bp"),
            got("pulse_rate"),
            got("heart_rate"),
            got("temperature"),
            got("consciousness"),
            got("supplemental_oxygen"),
        )
        return {
            "score_min": found.score_min,
            "score_max": found.score_max,
            "complete": found.complete,
            "previous": None,
            "scale": 1,
            "parts": {part.value: least for part, least, most in found.parts if least == most},
            "missing": [part.value for part in found.missing],
            "red": [part.value for part in found.red],
        }

    def raise_(
        self, headline: str, priority: str = "high", *, kind: str = "physiological", at: int | None = None, **facts: Any
    ) -> str:
        at = at or now()
        self.raised += 1
        identity = f"al-{self.patient}-{self.raised}"
        wait = {"high": 2, "medium": 15}.get(priority)
        called = lifecycle(
            "calling" if priority != "low" else "shown",
            notified_at=to_text(at),
            unacknowledged=priority,
            reviews_left=2,
            next_step="nurse" if wait else None,
            next_step_at=to_text(at + wait * MINUTE) if wait else None,
        )
        self.alerts[identity] = {
            "alert_id": identity,
            "revision": 1,
            "state": "raised",
            "kind": kind,
            "subject": "deterioration",
            "priority": priority,
            "interrupts": priority != "low",
            "suppressed_by": None if priority != "low" else "low_priority",
            "started_at": to_text(at),
            "headline": headline,
            "reason": "persisted",
            "lifecycle": {**called, **facts.pop("lifecycle", {})},
            "_more": facts,
        }
        return identity

    def change(self, identity: str, state: str, *, action: dict[str, Any] | None = None, **facts: Any) -> None:
        alert = self.alerts.get(identity) or self.resolved[identity]
        alert.update(state=state, revision=alert["revision"] + 1, _action=action, **facts)

    def alert(self, identity: str, at: int | None = None) -> dict[str, Any]:
        one = self.alerts.get(identity) or self.resolved[identity]
        more = one.get("_more", {})
        said = {
            "version": 1,
            **{name: value for name, value in one.items() if not name.startswith("_")},
            "patient_id": self.patient,
            "encounter": None,
            "ward": self.ward,
            "bed": self.bed,
            "mode": self.mode,
            "at": to_text(at or now()),
            "news2": self.score(),
            "findings": more.get("findings", []),
            "monitoring_lost": more.get("monitoring_lost", []),
            "clears_when": "Ends when NEWS2 below 7 holds with valid values of resp rate, SpO2.",
            "advice": None,
            "action": one.get("_action"),
            "rules": RULES,
        }
        Alert.model_validate_json(json.dumps(said))
        return said

    def status(self, at: int | None = None) -> dict[str, Any]:
        at = at or now()
        vitals = {}
        for name, value in self.values.items():
            state = self.states.get(name, "live")
            age = {"live": 4_000, "delayed": 75_000, "stale": 9 * MINUTE}.get(state, 20 * MINUTE)
            if name in SPOKEN or name in ("temperature", "systolic_bp"):
                age += 40 * MINUTE
            vitals[name] = {
                "state": state,
                "value": None if state == "never seen" else value,
                "unit": SCALES[Vital(name)].unit,
                "taken_at": None if state == "never seen" else to_text(at - age),
                "valid_until": None,
                "source": "monitor",
                "suspect": False,
                "usual": USUAL.get(name),
            }
        shown = [
            {name: value for name, value in one.items() if not name.startswith("_")} for one in self.alerts.values()
        ]
        unacknowledged = [
            {name: value for name, value in one.items() if not name.startswith("_")} for one in self.resolved.values()
        ]
        said = {
            "version": 1,
            "patient_id": self.patient,
            "encounter": None,
            "ward": self.ward,
            "bed": self.bed,
            "mode": self.mode,
            "at": to_text(at),
            "assigned": True,
            "coverage": "covered",
            "coverage_reason": None,
            "unknown": [],
            "news2": self.score(),
            "advice": None,
            "observation_due_at": to_text(at + 3 * HOUR),
            "vitals": vitals,
            "alerts": shown,
            "resolved": unacknowledged,
            "ended": [],
            "concern": None,
            "orders": [],
            "actions": [],
            "calls": 0,
            "calls_bearable": 1.0,
            "paused_until": None,
            "learning": True,
            "rules": RULES,
            **self.more,
        }
        said = {name: value for name, value in said.items() if name in Status.model_fields}
        Status.model_validate_json(json.dumps(said))
        return said

    def trends(self, end: int, minutes: int = 90, worse: float = 0.0) -> Iterator[dict[str, Any]]:
        """The last minutes: from usual towards the values in force, as far as `worse` says."""
        for back in range(minutes, 0, -1):
            minute = (end // MINUTE - back) * MINUTE
            vitals = {}
            for name, usual in USUAL.items():
                if self.states.get(name) in ("never seen",) or (
                    self.states.get(name) in ("stale", "sensor off") and back < 9
                ):
                    continue
                value = self.values.get(name, usual)
                share = max(0.0, 1 - back / 55) if worse else 1.0
                wave = (
                    SPREAD[name]
                    * 0.45
                    * (math.sin(back / 3.1 + self.number) + 0.6 * math.sin(back / 0.9 + 2 * self.number))
                )
                vitals[name] = {
                    "value": round(usual + (value - usual) * share + wave, 1),
                    "usual": usual,
                    "low": usual - 2 * SPREAD[name],
                    "high": usual + 2 * SPREAD[name],
                }
            least = max(0, round(self.score()["score_min"] * max(0.0, 1 - back / 55)))
            said = {
                "version": 1,
                "patient_id": self.patient,
                "mode": self.mode,
                "minute": to_text(minute),
                "at": to_text(minute + 30_000),
                "vitals": vitals,
                "news2": {"score_min": least, "score_max": self.score()["score_max"]},
                "priority": None,
            }
            yield said


class Ward:
    """Beds, and the producer that stands in for a worker."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.beds: dict[str, Bed] = {}
        self._producer = Producer({**settings.librdkafka(), "linger.ms": 0, "log_level": 0, **REQUIRED})

    def send(self, topic: Topic, patient: str, said: dict[str, Any], headers: Any = None) -> None:
        value = json.dumps(said, separators=(",", ":")).encode()
        self._producer.produce(self.settings.topic(topic), value, patient.encode(), headers=headers or [])
        self._producer.poll(0)

    def tell(self, bed: Bed, *alerts: str, at: int | None = None) -> None:
        bed.offset += 1
        for identity in alerts:
            self.send(Topic.ALERTS, bed.patient, bed.alert(identity, at))
        self.send(
            Topic.STATUS, bed.patient, bed.status(at), [("partition", b"0"), ("offset", str(bed.offset).encode())]
        )
        self.beds[bed.patient] = bed

    def call(self, bed: Bed, headline: str, priority: str = "high", **facts: Any) -> str:
        """A new alert of this bed, told; its id."""
        identity = bed.raise_(headline, priority, **facts)
        self.tell(bed, identity)
        self.flush()
        return identity

    def calm(self, bed: Bed) -> None:
        """The bed is quiet and ordinary again, for the next test."""
        for kept in (bed.alerts, bed.resolved, bed.more, bed.states):
            kept.clear()
        self.tell(bed)
        self.flush()

    def tell_trends(self, bed: Bed, **facts: Any) -> None:
        for trend in bed.trends(now(), **facts):
            self.send(Topic.TRENDS, bed.patient, trend)

    def flush(self) -> None:
        self._producer.flush(10)


def story(ward: Ward, beds: int = 24, minutes: int = 90) -> dict[str, Bed]:
    """A believable evening: one patient very ill, some unwell, sensors off, and the rest quiet. Gives beds by name."""
    made = {}
    for number in range(1, beds + 1):
        bed = Bed(number, "A" if number <= max(14, beds * 2 // 3) else "B")
        for name in ("heart_rate", "pulse_rate"):
            bed.values[name] = 64 + (number * 7) % 24
        bed.values["spo2"] = 96 + number % 4
        if number % 5 == 0:
            del bed.values["consciousness"], bed.values["supplemental_oxygen"]
        made[bed.bed] = bed
    at = now()
    ill = made["A07"]
    ill.values |= {
        "resp_rate": 27,
        "spo2": 91,
        "pulse_rate": 118,
        "heart_rate": 119,
        "systolic_bp": 98,
        "temperature": 38.6,
    }
    del ill.values["consciousness"]
    findings = [
        {
            "detector": "baseline",
            "vital": "resp_rate",
            "value": 27.0,
            "usual": 16.0,
            "unit": "/min",
            "score": 5.2,
            "reason": "far_from_usual",
        },
        {
            "detector": "trend",
            "vital": "spo2",
            "value": 91.0,
            "usual": 97.0,
            "unit": "%",
            "score": 3.4,
            "reason": "falling",
        },
    ]
    one = ill.raise_(
        "Resp rate 27/min, usual 16; NEWS2 at least 12, was 4 (consciousness missing)",
        at=at - 70_000,
        findings=findings,
    )
    more = {
        "A03": (
            "Systolic BP 92 mmHg, usual 124; NEWS2 6, was 2",
            {"systolic_bp": 92, "pulse_rate": 112, "heart_rate": 112, "temperature": 38.2},
        ),
        "A11": ("SpO2 90%, usual 97; NEWS2 5, was 0", {"spo2": 90, "resp_rate": 22}),
    }
    told = [(ill, one)]
    for name, (headline, values) in more.items():
        made[name].values |= values
        told.append((made[name], made[name].raise_(headline, "medium", at=at - 200_000)))
    owned = made["A03"]
    owned.change(
        told[1][1],
        "acknowledged",
        interrupts=False,
        suppressed_by="acknowledged",
        lifecycle=lifecycle(
            "acknowledged",
            owner={"who": "Nora Berg", "role": "nurse"},
            reason="escalated",
            since=to_text(at - 100_000),
            until=to_text(at + 52 * MINUTE),
            reviews_left=2,
        ),
    )
    made["A05"].states |= dict.fromkeys(("heart_rate", "pulse_rate", "resp_rate", "spo2"), "stale")
    told.append(
        (
            made["A05"],
            made["A05"].raise_("Pulse, resp rate, SpO2 are no longer being received", "low", kind="technical"),
        )
    )
    made["B20" if beds >= 20 else "A06"].states |= {"spo2": "sensor off"}
    made["A09"].more |= {"observation_due_at": to_text(at - 25 * MINUTE)}
    made["A10"].more |= {"coverage": "not covered", "coverage_reason": "pregnant", "news2": None}
    made["A12"].more |= {"paused_until": to_text(at + 35 * MINUTE)}
    made["A12"].states |= dict.fromkeys(made["A12"].values, "paused")
    seen = made["A02"]
    old = seen.raise_("Heart rate 134/min, usual 78; NEWS2 5, was 1", "medium", at=at - 90 * MINUTE)
    seen.resolved[old] = seen.alerts.pop(old)
    seen.change(old, "resolved", interrupts=False, lifecycle=lifecycle("resolved", unacknowledged="medium"))
    told.append((seen, old))
    made["A14"].more |= {
        "concern": {
            "who": "Nora Berg",
            "role": "nurse",
            "reason": "mentation",
            "text": None,
            "at": to_text(at - 10 * MINUTE),
            "until": to_text(at + 50 * MINUTE),
        }
    }
    for bed in made.values():
        ward.tell_trends(bed, minutes=minutes, worse=float(bool(bed.alerts)))
        ward.tell(bed, *(identity for whose, identity in told if whose is bed))
    ward.flush()
    return made


def directory(beds: dict[str, Bed]) -> dict[str, dict[str, str]]:
    return {
        bed.patient: {
            "name": f"{NAMES[i % 12]}, {GIVEN[(i * 5) % 12]}",
            "born": f"19{31 + (i * 7) % 60}-0{1 + i % 9}-1{i % 10}",
            "number": f"{4711 + 37 * i}-{i % 10}",
        }
        for i, bed in enumerate(beds.values())
    }
