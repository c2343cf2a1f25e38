"""Runs the demo from its first second to its last: broker, worker, ward, listener, and what is said of them."""

import io
import json
import re
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Final, TextIO

from pydantic import SecretStr
from rich.console import Console
from rich.live import Live

from schemas.reading import Mode
from streams.config.settings import Clock, Settings, State
from streams.config.topics import TOPICS, Topic, partitions_of
from streams.demo.board import BoardProcess, people
from streams.demo.embedded import EmbeddedBroker
from streams.demo.listener import Listener
from streams.demo.looped import Looped
from streams.demo.phone import Phone
from streams.demo.process import WorkerFailed, WorkerProcess
from streams.demo.screen import Ward, alert_line, picture
from streams.recordings.samples import folder
from streams.simulator.admissions import encode
from streams.simulator.pace import Pace
from streams.simulator.publisher import Publisher
from streams.simulator.simulator import Simulator

PARTITIONS: Final = 4
CATCH_UP_S: Final = 30.0
LATE_S: Final = 0.5  # a machine too slow for this speed shows less of the ward's time, and ends when it was told to
REFRESH_S: Final = 0.5
QUICKER: Final = 6.0  # illness of hours within one
QUIET_S: Final = (4_320.0, 9_000.0)  # hastened too: 12 to 25 minutes of the ward's time to learn what is usual
TITLE: Final = "Vigilward demo: made-up and recorded patients on an embedded broker. Not a certified alarm."


class Demo:
    """The whole thing. `run` gives the summary."""

    def __init__(self, *, patients: int, speed: float, seed: int, lasts_s: float | None) -> None:
        self.start_ms = int(time.time()) * 1_000
        self.speed, self.lasts_s = speed, lasts_s
        self.simulated = Simulator(patients, seed=seed, start_ms=self.start_ms, quiet_s=QUIET_S, quicker=QUICKER)
        self.recorded = Looped(folder("bidmc"), start_ms=self.start_ms, ward="B")
        self.ward = Ward()
        self.sent = 0
        self.board = ""
        self.tell_board: Callable[[str], Any] = lambda words: None
        self.tell_told: Callable[[str], Any] = lambda words: None
        self.told: Iterable[str] = ()
        """What a webhook heard last, by the notifier."""
        self._stop = threading.Event()
        self._failure: str | None = None

    def run(self, tell: Callable[["Demo"], Any]) -> dict[str, Any]:
        """Runs until the time is over or someone stops it; `tell` shows what happens, until `over` is true."""
        began = time.monotonic()
        named = Settings(partitions=PARTITIONS)
        topics = {named.topic(topic): partitions_of(topic, named) for topic in TOPICS}
        with self._told_to_stop(), EmbeddedBroker(topics) as broker:
            settings = self._settings(broker.bootstrap_servers)
            worker = WorkerProcess(self._environment(settings))
            phone = Phone(self._environment(settings))
            board = BoardProcess(self._environment(settings) | phone.routes, people(self._admissions()))
            self.board = board.words
            self.told, phone.tell = phone.told, self.tell_told
            heard = {"alerts": settings.topic(Topic.ALERTS), "status": settings.topic(Topic.STATUS)}
            listener = Listener(settings.librdkafka(), heard, PARTITIONS)
            publishing = threading.Thread(target=self._publish, args=(settings, worker), name="ward", daemon=True)
            try:
                worker.start()
                board.start()
                phone.start()
                self.tell_board(self.board)
                listener.start(self.ward.hear)
                publishing.start()
                tell(self)
                publishing.join()
                self._wait_for(worker, listener)
                return self._summary(worker, time.monotonic() - began)
            finally:
                self._stop.set()
                if publishing.is_alive():
                    publishing.join()
                worker.stop()
                board.stop()
                phone.stop()
                listener.stop()

    @property
    def over(self) -> bool:
        """Whether nothing more will be published."""
        return self._stop.is_set()

    def _settings(self, address: str) -> Settings:
        return Settings(
            bootstrap_servers=address,
            partitions=PARTITIONS,
            clock=Clock.EVENT,
            state=State.MEMORY,
            mode=Mode.DEMO,
            control_record_key=SecretStr(secrets.token_hex(16)),
            group="vigilward-demo",
        )

    @staticmethod
    def _environment(settings: Settings) -> dict[str, str]:
        return {
            "VIGILWARD_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
            "VIGILWARD_PARTITIONS": str(settings.partitions),
            "VIGILWARD_CLOCK": settings.clock.value,
            "VIGILWARD_STATE": settings.state.value,
            "VIGILWARD_MODE": settings.mode.value,
            "VIGILWARD_CONTROL_RECORD_KEY": settings.control_record_key.get_secret_value(),
            "VIGILWARD_GROUP": settings.group,
        }

    def _publish(self, settings: Settings, worker: WorkerProcess) -> None:
        try:
            readings, patients = settings.topic(Topic.READINGS), settings.topic(Topic.PATIENTS)
            with Publisher(settings.librdkafka()) as publisher:
                for record in self._admissions():
                    publisher.send(patients, record["patient_id"], encode(record))
                publisher.flush()
                pace = Pace(self.start_ms, speed=self.speed, stopping=lambda: self._stop.is_set() or not worker.alive)
                until = None if self.lasts_s is None else self.start_ms + round(self.lasts_s * self.speed * 1_000)
                for since, to in pace.stretches(until, late_s=LATE_S):
                    self.sent += publisher.send_all(readings, self._between(since, to))
                publisher.flush()
        except Exception as problem:
            self._failure = str(problem)
            raise
        finally:
            self._stop.set()

    def _admissions(self) -> list[dict[str, Any]]:
        return [*self.simulated.admissions(), *self.recorded.admissions()]

    def _between(self, since: int, to: int) -> Iterator[tuple[int, str, bytes]]:
        both = [*self.simulated.readings(since, to), *self.recorded.readings(since, to)]
        both.sort(key=lambda reading: reading[0])
        yield from both

    def _wait_for(self, worker: WorkerProcess, listener: Listener) -> None:
        """Until the worker has read all that was published, and the listener heard all that was said of it."""
        until = time.monotonic() + CATCH_UP_S
        while worker.counts("vigilward_records_total").get("readable", 0) < self.sent:
            if not worker.alive:
                raise WorkerFailed(f"the worker has ended and nobody watches:\n{worker.last_words()}")
            if time.monotonic() > until:
                raise WorkerFailed(f"the worker did not keep up:\n{worker.last_words()}")
            time.sleep(0.1)
        while sum(listener.heard.values()) < self._said(worker) and time.monotonic() < until:
            time.sleep(0.1)

    @staticmethod
    def _said(worker: WorkerProcess) -> int:
        said = worker.counts("vigilward_outputs_total")
        return said.get("alerts", 0) + said.get("status", 0)

    def _summary(self, worker: WorkerProcess, seconds: float) -> dict[str, Any]:
        if self._failure is not None:
            raise WorkerFailed(f"the ward could not publish: {self._failure}")
        vitals = worker.counts("vigilward_vitals_total")
        verdicts = {name: vitals.get(name, 0) for name in ("accepted", "suspect", "duplicate", "late", "rejected")}
        return {
            "readings": self.sent,
            "vitals": sum(verdicts.values()),
            **verdicts,
            "alerts_raised": len(self.ward.raised),
            "patients": len(self.simulated.patients) + len(self.recorded.patients),
            "seconds": round(seconds, 3),
        }

    def _told_to_stop(self) -> "Interrupted":
        return Interrupted(self._stop)


class Interrupted:
    """While this holds, Ctrl-C, SIGTERM and a closed terminal end the demo in good order."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._before: dict[int, Any] = {}

    def __enter__(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._before[number] = signal.signal(number, self._on_signal)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stop.set()


def tell_on_terminal(console: Console) -> Callable[[Demo], None]:
    """A live table."""

    def tell(demo: Demo) -> None:
        with Live(console=console, auto_refresh=False) as live:
            while not demo.over:
                live.update(picture(demo.ward, TITLE, _footer(demo), demo.told), refresh=True)
                time.sleep(REFRESH_S)
            live.update(picture(demo.ward, TITLE, _footer(demo), demo.told), refresh=True)

    return tell


def tell_in_lines(demo: Demo, out: TextIO) -> None:
    """Alerts as plain lines, as they come."""
    out.write(f"{TITLE}\n")
    hear = demo.ward.hear

    def hear_aloud(topic: str, message: dict[str, Any]) -> None:
        hear(topic, message)
        if topic == "alerts":
            out.write(f"{alert_line(message).plain}\n")
            out.flush()

    def tell_board(words: str) -> None:
        out.write(f"{words}\n")
        out.flush()

    demo.ward.hear = hear_aloud  # type: ignore[method-assign]
    demo.tell_board = tell_board
    demo.tell_told = lambda words: tell_board(f"webhook: {words}")


def tell_nothing(demo: Demo) -> None:
    """Waits until the ward is over."""
    while not demo.over:
        time.sleep(REFRESH_S)


def _footer(demo: Demo) -> str:
    raised = len(demo.ward.raised)
    return f"{demo.sent:,} readings, time x{demo.speed:g}, {raised} alerts raised. {demo.board}. Ctrl-C ends."


def save_picture(demo: Demo, path: Path, width: int = 150) -> None:
    """The last screen as an SVG file."""
    console = Console(record=True, width=width, file=io.StringIO(), highlight=False)
    console.print(picture(demo.ward, TITLE, _footer(demo), demo.told))
    # Without the fonts that the drawing would fetch from elsewhere.
    drawing = console.export_svg(title="vigilward demo")
    path.write_text(re.sub(r"@font-face \{.*?\}\s*", "", drawing, flags=re.DOTALL))


def as_line(summary: dict[str, Any]) -> str:
    """The summary as one line of JSON."""
    return json.dumps(summary)
