"""The demo's table: one line a bed, the worst first, and the alerts as they come."""

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Final, TextIO

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

RANK: Final = {"high": 0, "medium": 1, "low": 2}
COLOURS: Final = {"high": "bold white on red", "medium": "black on yellow", "low": "cyan"}
COLUMNS: Final = (
    ("heart_rate", "HR", 0),
    ("resp_rate", "RR", 0),
    ("spo2", "SpO2", 0),
    ("systolic_bp", "BP sys", 0),
    ("temperature", "Temp", 1),
)
SHOWN_ALERTS: Final = 12


class Ward:
    """What is known of the ward: the newest status of each patient, and the newest alerts. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._status: dict[str, dict[str, Any]] = {}
        self.alerts: deque[dict[str, Any]] = deque(maxlen=SHOWN_ALERTS)
        self.raised: set[str] = set()

    def hear(self, topic: str, message: dict[str, Any]) -> None:
        """Takes an alert or a status."""
        with self._lock:
            if topic == "status":
                self._status[message["patient_id"]] = message
                return
            self.alerts.append(message)
            if message["state"] == "raised":
                self.raised.add(message["alert_id"])

    def beds(self) -> list[dict[str, Any]]:
        """Statuses, the worst first, then by bed."""
        with self._lock:
            return sorted(self._status.values(), key=_risk)

    def newest(self) -> list[dict[str, Any]]:
        """The newest alerts, newest first."""
        with self._lock:
            return list(self.alerts)[::-1]


def _worst(status: Mapping[str, Any]) -> dict[str, Any] | None:
    """The alert that stands first: what interrupts before what is shown, then by priority."""
    return min(status["alerts"], key=lambda a: (not a["interrupts"], RANK[a["priority"]]), default=None)


def _risk(status: Mapping[str, Any]) -> tuple[Any, ...]:
    worst = _worst(status)
    score = status["news2"]["score_min"] if status["news2"] else -1
    place = (1, 3) if worst is None else (not worst["interrupts"], RANK[worst["priority"]])
    return *place, -score, status["bed"] or "~", status["patient_id"]


def score_text(status: Mapping[str, Any]) -> str:
    """NEWS2 as an interval where something is missing; never a quiet low number.

    >>> score_text({"news2": {"score_min": 3, "score_max": 9, "complete": False}, "coverage": "covered"})
    '3-9'
    >>> score_text({"news2": None, "coverage": "not covered"})
    'not covered'
    """
    score = status["news2"]
    if score is None:
        return str(status["coverage"])
    return str(score["score_min"]) if score["complete"] else f"{score['score_min']}-{score['score_max']}"


def _value(status: Mapping[str, Any], name: str, digits: int) -> Text:
    vital = status["vitals"].get(name)
    if vital is None or vital["value"] is None:
        return Text("never seen" if vital is None else vital["state"], style="dim")
    shown = f"{vital['value']:.{digits}f}"
    if vital["state"] != "live":
        return Text(f"{shown} {vital['state']}", style="dim strike")
    usual = "" if vital["usual"] is None else f" ({vital['usual']:.{digits}f})"
    return Text.assemble(shown, (usual, "dim"))


def picture(ward: Ward, title: str, footer: str, told: Iterable[str] = ()) -> Group:
    """The whole screen. `told`: what the notifier has told a webhook last."""
    table = Table(title=title, title_justify="left", expand=True, pad_edge=False)
    table.add_column("Bed", no_wrap=True)
    table.add_column("Patient", no_wrap=True)
    table.add_column("NEWS2", justify="right", no_wrap=True)
    for _, heading, _ in COLUMNS:
        table.add_column(f"{heading} (usual)", justify="right", no_wrap=True)
    table.add_column("Why", ratio=1)
    for status in ward.beds():
        worst = _worst(status)
        why = Text("") if worst is None else _mark(worst)
        values = [_value(status, name, digits) for name, _, digits in COLUMNS]
        table.add_row(status["bed"] or "unassigned", status["patient_id"], score_text(status), *values, why)
    lines = [alert_line(alert) for alert in ward.newest()]
    heard = [Text(words) for words in list(told)[::-1]]
    webhook = [Text("Told to a webhook, newest first", style="bold"), *heard] if heard else []
    return Group(table, Text("Alerts, newest first", style="bold"), *lines, *webhook, Text(footer, style="dim"))


def _mark(alert: Mapping[str, Any]) -> Text:
    style = COLOURS[alert["priority"]] if alert["interrupts"] else "dim"
    word = alert["priority"] if alert["interrupts"] else "shown"
    return Text.assemble((f" {word} ", style), " ", alert["headline"])


def alert_line(alert: Mapping[str, Any]) -> Text:
    """One alert in a line."""
    where = alert["bed"] or alert["patient_id"]
    return Text.assemble(
        f"{alert['at'][11:19]}  {where:<5} {alert['state']:<9} ", _mark(alert), f"  ({alert['reason']})"
    )


def console(file: TextIO | None = None) -> Console:
    """The terminal."""
    return Console(file=file, highlight=False)
