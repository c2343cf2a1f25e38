"""Reads a patient's story and tells it: the lines that devices, people and the administration would have sent."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from schemas.reading import Quality
from schemas.times import to_ms, to_text
from streams.log import Output
from streams.recorded.replay import Replay
from tests.making import T0, UNITS, from_json, measures, to_json

SECOND, MINUTE = 1_000, 60_000
QUALITIES: Final = frozenset(quality.value for quality in Quality)
# How much a resting patient's values move from one to the next; a story may say otherwise.
NOISE: Final = {
    "heart_rate": 1.5, "pulse_rate": 1.5, "resp_rate": 0.8, "spo2": 0.5, "systolic_bp": 3.0, "diastolic_bp": 2.0,
    "mean_bp": 2.0, "temperature": 0.05,
}  # fmt: skip
DIGITS: Final = {"temperature": 1}
STRETCH: Final = frozenset({"from", "to", "device", "source", "every", "noise", "patient"})
SPOKEN: Final = frozenset({"at", "device", "source", "sequence", "corrects", "patient", "taken"})


def minutes(text: float | str) -> int:
    """Milliseconds from minutes, or from `minute:second`.

    >>> minutes(1.5), minutes("30:15")
    (90000, 1815000)
    """
    if isinstance(text, str):
        whole, seconds = text.split(":")
        return int(whole) * MINUTE + int(seconds) * SECOND
    return round(text * MINUTE)


class Line(NamedTuple):
    """One line as it arrives: when, in which order among equals, and its body."""

    at: int
    order: int
    body: dict[str, Any]


@dataclass(frozen=True)
class Told:
    """What was said: alerts and statuses, each with its milliseconds from the story's beginning, the counts, and the
    codes of what was refused.
    """

    alerts: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    statuses: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    counts: Mapping[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


class Story:
    """One file: the patient, what happened, and what is to be said of it.

    >>> story = Story(Path(__file__).parent / "sudden_desaturation.toml")
    >>> story.patient
    'sudden_desaturation'
    """

    def __init__(self, path: Path) -> None:
        self.told: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        self.patient = path.stem
        self.expected: list[dict[str, Any]] = self.told.get("expect", [])
        unknown = set(self.told) - {
            "title", "why", "patient", "stretch", "observation", "record", "action", "delivery", "expect", "never",
            "board", "only", "same_as_without_delivery", "counts", "refused",
        }  # fmt: skip
        assert not unknown, f"{path.name}: nobody reads {sorted(unknown)}"

    def lines(self, *, delivery: bool = True) -> list[bytes]:
        """The lines in the order of their arrival; without `delivery`, as if nothing had been late or repeated."""
        lines = sorted([*self._readings(), *self._records(), *self._actions()], key=lambda line: line[:2])
        if delivery:
            lines = self._delivered(lines)
        return [to_json(line.body) for line in lines]

    def _readings(self) -> Iterator[Line]:
        spoken: list[tuple[int, dict[str, Any], dict[str, Any]]] = []
        for number, stretch in enumerate(self.told.get("stretch", [])):
            spoken += self._stretch(stretch, Random(f"{self.patient} {number}"))
        for said in self.told.get("observation", []):
            about = {"device": "ward-round", "source": "spot"} | {k: v for k, v in said.items() if k in SPOKEN}
            values = {name: _sent(name, value) for name, value in said.items() if name not in SPOKEN}
            spoken.append((minutes(said["at"]), about, values))
        sequences: dict[str, int] = {}
        for order, (at, about, values) in enumerate(sorted(spoken, key=lambda one: one[0])):
            device = about["device"]
            sequence = about.get("sequence", sequences.get(device, 0) + 1)
            sequences[device] = max(sequence, sequences.get(device, 0))
            body = {
                "patient_id": about.get("patient", self.patient),
                "device_id": device,
                "source": about["source"],
                "taken_at": to_text(T0 + minutes(about["taken"]) if "taken" in about else T0 + at),
                "sequence": sequence,
                "mode": "test",
                "vitals": measures(**values),
            }
            if "corrects" in about:
                body["corrects"] = about["corrects"]
            yield Line(at, order + 1_000, body)

    @staticmethod
    def _stretch(stretch: dict[str, Any], chance: Random) -> Iterator[tuple[int, dict[str, Any], dict[str, Any]]]:
        begin, end, step = minutes(stretch["from"]), minutes(stretch["to"]), round(stretch.get("every", 5) * SECOND)
        about = {"device": "monitor-1", "source": "monitor"} | {k: v for k, v in stretch.items() if k in SPOKEN}
        noise = NOISE | stretch.get("noise", {})
        ways = {name: value for name, value in stretch.items() if name not in STRETCH}
        for at in range(begin, end, step):
            part = (at - begin) / (end - begin)
            values = {}
            for name, way in ways.items():
                if isinstance(way, bool | str):
                    values[name] = _sent(name, way)
                    continue
                first, last = way if isinstance(way, list) else (way, way)
                value = first + (last - first) * part + chance.gauss(0, noise.get(name, 0))
                value = min(value, 100) if name == "spo2" else value
                values[name] = round(max(value, 0), DIGITS[name]) if name in DIGITS else round(max(value, 0))
            yield at, about, values

    def _records(self) -> Iterator[Line]:
        """The admission at minute 0, then whatever the administration and the care team sent."""
        records = list(self.told.get("record", []))
        if "patient" in self.told:
            records.insert(0, {"at": 0, "event": "admit"} | self.told["patient"])
        for order, record in enumerate(records):
            body = {"patient_id": self.patient, "mode": "test"} | _dated(record)
            yield Line(minutes(record["at"]), order, body)

    def _actions(self) -> Iterator[Line]:
        """What people did, after whatever else came at that moment; `alert` is the subject of one of the alerts."""
        for order, action in enumerate(self.told.get("action", [])):
            at = minutes(action["at"])
            said = {name: value for name, value in action.items() if name not in ("at", "alert")}
            about = {"action_id": f"a-{order + 1}", "patient_id": self.patient, "who": "nurse-9", "role": "nurse"}
            body = {**about, "mode": "test", **said, "at": to_text(T0 + at)}
            if "alert" in action:
                body["alert_id"] = f"<{action['alert']}>"
            yield Line(at, 1_000_000 + order, body)

    def _delivered(self, lines: list[Line]) -> list[Line]:
        out = list(lines)
        for what in self.told.get("delivery", []):
            begin, end, by = minutes(what["from"]), minutes(what["to"]), round(what["late"] * SECOND)
            chosen = [line for line in lines if begin <= line.at < end and "vitals" in line.body]
            chosen = chosen[:: what.get("one_in", 1)]
            if not what.get("repeated", False):
                gone = {id(line) for line in chosen}
                out = [line for line in out if id(line) not in gone]
            out += [Line(line.at + by, line.order, line.body) for line in chosen]
        return sorted(out, key=lambda line: line[:2])

    def tell(self, *, delivery: bool = True) -> Told:
        """Tells the story to the replay: the very same code that watches live."""
        replay, said, names = Replay(), [], {}
        for line in self.lines(delivery=delivery):
            for subject, alert_id in names.items() if b'"action_type"' in line else ():
                line = line.replace(f'"<{subject}>"'.encode(), f'"{alert_id}"'.encode())
            caused = replay.take(line)
            names |= {alert["subject"]: alert["alert_id"] for _, alert in _of(caused, "alerts")}
            said += caused
        said += replay.flush()
        return Told(_of(said, "alerts"), _of(said, "status"), replay.counts(), _refused(said))


def _sent(name: str, value: object) -> object:
    if value not in QUALITIES:
        return value
    return {"value": None, "unit": UNITS.get(name), "quality": value}


def _dated(record: dict[str, Any]) -> dict[str, Any]:
    """A record's `until` in words; its own `at` is when it arrives."""
    out: dict[str, Any] = {}
    for name, value in record.items():
        if name == "at":
            continue
        if name == "until":
            out[name] = to_text(T0 + minutes(value))
        elif isinstance(value, dict):
            out[name] = _dated(value)
        elif isinstance(value, list):
            out[name] = [_dated(one) if isinstance(one, dict) else one for one in value]
        else:
            out[name] = value
    return out


def _of(said: list[Output], topic: str) -> list[tuple[int, dict[str, Any]]]:
    read = [from_json(one.value) for one in said if one.topic == topic and one.value is not None]
    return [(to_ms(datetime.fromisoformat(one["at"])) - T0, one) for one in read]


def _refused(said: list[Output]) -> list[str]:
    return [dict(one.headers)["code"].decode() for one in said if one.topic == "rejections"]
