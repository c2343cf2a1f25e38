"""Stories of real senders: a patient, what is sent of one and when, and what a ward would rightly expect."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from schemas.times import to_text
from streams.config.topics import Topic
from tests.field.claims import Claim, equal, none

LASTS_S, ENDS_S, ILL_S, HOUR_S = 1_320, 720, 300, 3_600
UNITS = {
    "heart_rate": "/min",
    "resp_rate": "/min",
    "spo2": "%",
    "systolic_bp": "mm[Hg]",
    "diastolic_bp": "mm[Hg]",
    "temperature": "Cel",
}
WELL = {"heart_rate": 76, "resp_rate": 15, "spo2": 97, "systolic_bp": 122}
ILL = {"heart_rate": 125, "resp_rate": 27, "spo2": 86, "systolic_bp": 88}
ROUND = {**WELL, "temperature": 36.8, "consciousness": "A", "supplemental_oxygen": False}
ILL_ROUND = {**ILL, "temperature": 39.2, "consciousness": "V", "supplemental_oxygen": True}

Sent = tuple[float, Topic, dict[str, Any], str]
"""The second, the topic, the message, and the codec of its producer."""


@dataclass
class Heard:
    """What was said of one patient."""

    alerts: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    rejections: list[str] = field(default_factory=list)

    def calls(self, kind: str = "physiological") -> list[str]:
        """The headlines of those that ask for someone now."""
        return [one["headline"] for one in self.alerts if one["kind"] == kind and one["interrupts"]]

    @property
    def subjects(self) -> set[str]:
        """What the alerts are about."""
        return {one["subject"] for one in self.alerts}


@dataclass
class Story:
    """A patient: what is sent, and what a ward would rightly expect."""

    name: str
    sent: list[Sent]
    judge: Callable[[Heard], Claim]


class Patient:
    """Makes what is sent of one."""

    def __init__(self, name: str, began: float) -> None:
        self.name, self.began, self.sent = name, began, list[Sent]()

    def at(self, second: float) -> str:
        """A moment of the story, as text."""
        return to_text(int((self.began + second) * 1_000))

    def record(self, second: float, event: str, at: float | None = None, **facts: Any) -> "Patient":
        """A patient record."""
        body = {"event": event, "patient_id": self.name, "mode": "demo", "at": self.at(second if at is None else at)}
        self.sent.append((second, Topic.PATIENTS, body | facts, "none"))
        return self

    def admit(self, second: float = 0, **facts: Any) -> "Patient":
        """A man of 70."""
        return self.record(second, "admit", age_years=70, sex="male", ward="F", bed=self.name, **facts)

    def read(
        self,
        second: float,
        values: dict[str, Any],
        taken: float | None = None,
        device: str = "mon",
        source: str = "monitor",
        sequence: int | None = None,
        codec: str = "none",
    ) -> "Patient":
        """One reading; `taken`: by its device's clock."""
        vitals = {
            name: {"value": value, "unit": UNITS[name]} if name in UNITS else {"value": value}
            for name, value in values.items()
        }
        body = {
            "patient_id": self.name,
            "device_id": f"{device}-{self.name}",
            "source": source,
            "mode": "demo",
            "taken_at": self.at(second if taken is None else taken),
            "vitals": vitals,
        }
        if sequence is not None:
            body["sequence"] = sequence
        self.sent.append((second, Topic.READINGS, body, codec))
        return self

    def stream(
        self,
        begin: float = 2,
        end: float = ENDS_S,
        every: float = 5,
        ill: float = ILL_S,
        clock: Callable[[float], float] = lambda second: second,
        well: dict[str, Any] | None = None,
        sick: dict[str, Any] | None = None,
        counts: bool = False,
        **more: Any,
    ) -> "Patient":
        """A monitor; ill from a second on."""
        rnd = random.Random(self.name)
        for number in range(int((end - begin) / every)):
            second = begin + number * every
            values = dict((ILL if sick is None else sick) if second >= ill else (WELL if well is None else well))
            if "heart_rate" in values and values["heart_rate"] not in (63, 255):
                values["heart_rate"] += rnd.randint(-2, 2)
            self.read(second, values, clock(second), sequence=number if counts else None, **more)
        return self

    def story(self, judge: Callable[[Heard], Claim]) -> Story:
        """Told."""
        return Story(self.name, self.sent, judge)


def called(name: str) -> Callable[[Heard], Claim]:
    """Somebody was asked to come."""
    return lambda heard: equal(f"{name}: called for", bool(heard.calls()), True)


def told(name: str, *subjects: str) -> Callable[[Heard], Claim]:
    """Something was said, about one of these."""
    return lambda heard: equal(
        f"{name}: told ({', '.join(sorted(heard.subjects))})",
        bool(heard.subjects & set(subjects)) if subjects else bool(heard.alerts),
        True,
    )


def silent(name: str, kind: str = "physiological") -> Callable[[Heard], Claim]:
    """Nobody was called for nothing."""
    return lambda heard: none(f"{name}: false calls", heard.calls(kind))
