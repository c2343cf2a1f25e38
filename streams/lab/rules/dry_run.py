"""Two sets of rules over the same recording: which alerts there would have been, and for whom."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from streams.log import Output

PATIENTS_SHOWN: Final = 20
PRIORITIES: Final = ("low", "medium", "high")


class Facts(msgspec.Struct):
    """Of a revision only what is counted."""

    alert_id: str
    patient_id: str
    kind: str
    priority: str
    interrupts: bool
    state: str


read_facts = msgspec.json.Decoder(Facts).decode


@dataclass(slots=True)
class Seen:
    """One alert from raised to the end of the recording: its highest priority, and whether it ever called."""

    patient: str
    kind: str
    priority: str
    called: bool


@dataclass(slots=True)
class Told:
    """What one set of rules said of a recording: its alerts by id, and whom it watched."""

    alerts: dict[str, Seen] = field(default_factory=dict)
    patients: set[str] = field(default_factory=set)

    def hear(self, output: Output) -> None:
        """Takes one output into account."""
        if output.value is None or output.key is None:
            return
        self.patients.add(output.key.decode())
        if output.topic != "alerts":
            return
        facts = read_facts(output.value)
        seen = self.alerts.get(facts.alert_id)
        if seen is None:
            seen = self.alerts[facts.alert_id] = Seen(facts.patient_id, facts.kind, facts.priority, facts.interrupts)
        seen.priority = max(seen.priority, facts.priority, key=PRIORITIES.index)
        seen.called = seen.called or facts.interrupts

    def by(self, *names: str, called: bool = False) -> Counter[tuple[str, ...]]:
        """How many alerts (that called) there were by these of their facts."""
        alerts = (seen for seen in self.alerts.values() if seen.called or not called)
        return Counter(tuple(getattr(seen, name) for name in names) for seen in alerts)

    def of_whom(self, *, called: bool = False) -> set[str]:
        """The patients who had an alert (that called)."""
        return {seen.patient for seen in self.alerts.values() if seen.called or not called}


def hear(outputs: Iterable[Output]) -> Told:
    """Everything that was said, counted."""
    told = Told()
    for output in outputs:
        told.hear(output)
    return told


def compared(armed: Told, candidate: Told) -> dict[str, Any]:
    """The two side by side, under stable names. Patients are named only where something differs for them."""
    before, after = armed.of_whom(), candidate.of_whom()
    called_before, called_after = armed.of_whom(called=True), candidate.of_whom(called=True)
    return {
        "patients": len(armed.patients | candidate.patients),
        "alerts": _pair(len(armed.alerts), len(candidate.alerts)),
        "interrupting": _pair(
            sum(armed.by("kind", called=True).values()), sum(candidate.by("kind", called=True).values())
        ),
        "patients_alerted": _pair(len(before), len(after)),
        "newly_alerted": sorted(after - before),
        "no_longer_alerted": sorted(before - after),
        "newly_interrupting": sorted(called_after - called_before),
        "no_longer_interrupting": sorted(called_before - called_after),
        "by_kind_and_priority": _table(armed, candidate, "kind", "priority"),
        "by_patient": _patients(armed, candidate),
    }


def _pair(armed: int, candidate: int) -> dict[str, int]:
    return {"armed": armed, "candidate": candidate}


def _table(armed: Told, candidate: Told, *names: str) -> list[dict[str, Any]]:
    one, other = armed.by(*names), candidate.by(*names)
    called, other_called = armed.by(*names, called=True), candidate.by(*names, called=True)
    return [
        {
            **dict(zip(names, key, strict=True)),
            "alerts": _pair(one[key], other[key]),
            "interrupting": _pair(called[key], other_called[key]),
        }
        for key in sorted({*one, *other}, key=lambda key: (key[0], -PRIORITIES.index(key[1])))
    ]


def _patients(armed: Told, candidate: Told) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    one, other = armed.by("patient"), candidate.by("patient")
    called, other_called = armed.by("patient", called=True), candidate.by("patient", called=True)
    for (patient,) in sorted({*one, *other}):
        key = (patient,)
        if (one[key], called[key]) != (other[key], other_called[key]):
            pairs = {
                "alerts": _pair(one[key], other[key]),
                "interrupting": _pair(called[key], other_called[key]),
            }
            rows.append({"patient_id": patient, **pairs})
    return rows


def in_words(found: dict[str, Any]) -> list[str]:
    """The comparison in lines for people, the most important first."""
    lines = [
        f"{_arrow(found['alerts'])} alerts, {_arrow(found['interrupting'])} that call; "
        f"{_many(len(found['newly_alerted']))} newly alerted, {len(found['no_longer_alerted'])} no longer, of "
        f"{found['patients']}",
        f"{_many(len(found['newly_interrupting']))} newly called for, {len(found['no_longer_interrupting'])} no longer",
    ]
    for row in found["by_kind_and_priority"]:
        name = f"{row['kind']} {row['priority']}"
        lines.append(f"  {name:<22} {_arrow(row['alerts']):>14}   that call {_arrow(row['interrupting']):>14}")
    rows = found["by_patient"]
    for row in rows[:PATIENTS_SHOWN]:
        lines.append(
            f"  {row['patient_id']:<22} {_arrow(row['alerts']):>14}   that call {_arrow(row['interrupting']):>14}"
        )
    if len(rows) > PATIENTS_SHOWN:
        lines.append(f"  and {len(rows) - PATIENTS_SHOWN} patients more; --json names all")
    return lines


def _arrow(pair: dict[str, int]) -> str:
    return f"{pair['armed']:,} -> {pair['candidate']:,}"


def _many(number: int) -> str:
    return f"{number} patient{'s' * (number != 1)}"
