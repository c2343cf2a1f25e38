"""A page without a browser: what the board tells, each pulse with its moment."""

import json
import os
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.streams.board.conftest import BoardProcess, Visitor


class Word(NamedTuple):
    """What stood in the banner from one moment on (by the monotonic clock): kinds of trouble, the broker, readiness."""

    at: float
    kinds: frozenset[str]
    said: dict[str, Any]
    load: float = 0.0  # of the machine, as it was said

    def told(self, since: float) -> str:
        """When, what and of whom: enough to judge whether it was true."""
        words = [f"{one['kind']} of {one['partitions']}, {one['seconds']} s" for one in self.said["troubles"]]
        return f"{self.at - since:.0f} s, at a load of {self.load:.1f}: {sorted(self.kinds)} ({'; '.join(words)})"


class Page(threading.Thread):
    """Keeps the newest status of each patient, and every change of what the banner would say."""

    def __init__(self, board: BoardProcess) -> None:
        super().__init__(daemon=True)
        self.board, self.over = board, False
        self.beds: dict[str, dict[str, Any]] = {}
        self.alerts: dict[str, dict[str, Any]] = {}
        self.pulse: dict[str, Any] = {}
        self.pulses = 0
        self.words: list[Word] = []
        self.start()

    def run(self) -> None:
        """Listens until `over`; a board that is away is asked again."""
        while not self.over:
            try:
                visitor = Visitor(self.board.address).enter()
                request = urllib.request.Request(self.board.address + "/api/stream", headers={"Cookie": visitor.cookie})
                with urllib.request.urlopen(request, timeout=5) as answer:
                    self._hear(answer)
            except (OSError, ValueError):
                time.sleep(0.2)

    def _hear(self, answer: Any) -> None:
        name = ""
        for line in answer:
            if self.over:
                return
            if line.startswith(b"event: "):
                name = line[7:].strip().decode()
            elif line.startswith(b"data: "):
                self._take(name, json.loads(line[6:]))

    def _take(self, name: str, said: dict[str, Any]) -> None:
        self.beds |= {bed["patient_id"]: bed for bed in said.get("beds", ())}
        self.alerts |= {alert["alert_id"]: alert for alert in said.get("alerts", ())}
        pulse = said if name == "pulse" else said.get("pulse")
        if pulse is None:
            return
        self.pulse, self.pulses = pulse, self.pulses + 1
        kinds = {one["kind"] for one in pulse["troubles"]}
        kinds |= set() if pulse["broker"] else {"broker"}
        kinds |= set() if pulse["ready"] else {"reading"}
        if not self.words or self.words[-1].kinds != kinds:
            self.words.append(Word(time.monotonic(), frozenset(kinds), pulse, os.getloadavg()[0]))

    def said_since(self, moment: float) -> list[Word]:
        """What the banner said from then on, what stood there already included."""
        before = [word for word in self.words if word.at <= moment][-1:]
        return before + [word for word in self.words if word.at > moment]

    def first(self, kind: str, since: float, within_s: float) -> float | None:
        """Seconds from `since` until the banner said so; None if it did not in time."""
        return self.until(lambda word: kind in word.kinds, since, within_s)

    def until(self, holds: Callable[[Word], bool], since: float, within_s: float) -> float | None:
        """Seconds from `since` until a word held; None if none did in time."""
        while time.monotonic() < since + within_s:
            for word in self.said_since(since):
                if holds(word):
                    return max(0.0, word.at - since)
            time.sleep(0.05)
        return None

    def quiet(self, since: float, within_s: float) -> float | None:
        """Seconds until nothing is wrong any more, and stays so for 3 s."""
        while time.monotonic() < since + within_s + 3.0:
            last = self.words[-1] if self.words else None
            if last is not None and not last.kinds and time.monotonic() - last.at >= 3.0:
                return max(0.0, last.at - since)
            time.sleep(0.1)
        return None
