"""A candidate's rules in shadow: fed what was taken and said, after it was said, in a process of its own.

Nothing here is awaited by what is armed, and no fault of it leaves this file: it stops the shadow, and is told.
"""

import asyncio
import contextlib
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from detectors.rules import Rules, RulesError, read_rules
from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.log import Checkpoint, Output, Record
from streams.log.shadow import Hello
from streams.worker.faults import redact
from streams.worker.shadow_frames import Begin, Drop, Take, frame_of, rows_of

log = logging.getLogger(__name__)

PROCESS: Final = (sys.executable, "-m", "streams.worker.shadow_process")
BEHIND_BYTES: Final = 256 * 1_048_576
"""What may wait for the shadow: some minutes of a busy worker. Beyond it the shadow is too slow to be of use."""

CLOSE_WITHIN_S: Final = 1.0


class Stopped(StrEnum):
    """Why a shadow no longer runs."""

    BAD_RULES = "bad_rules"
    CANNOT_START = "cannot_start"
    BEHIND = "behind"
    FAULT = "fault"
    ENDED = "ended"


class Shadow(Collector):
    """One worker's shadow. `begin`, `take` and `drop` return at once and never raise."""

    def __init__(self, settings: Settings, process: Sequence[str] = PROCESS, behind_bytes: int = BEHIND_BYTES) -> None:
        self._settings, self._process_of, self._behind = settings, process, behind_bytes
        self._process: asyncio.subprocess.Process | None = None
        self._hearing: asyncio.Task[None] | None = None
        self.stopped: Counter[Stopped] = Counter()
        self.rows: list[tuple[str, str, str, int, int]] = []
        self.rules: Rules | None = None

    @property
    def running(self) -> bool:
        """Whether it is fed."""
        return self._process is not None

    @property
    def waiting_bytes(self) -> int:
        """What waits for it."""
        pipe = None if self._process is None else self._process.stdin
        return 0 if pipe is None else pipe.transport.get_write_buffer_size()

    async def start(self) -> None:
        """Reads the candidate's rules and starts the process. What goes wrong is told, and nothing is raised."""
        path = self._settings.shadow_rules
        if path is None:
            return
        try:
            data = await asyncio.to_thread(path.read_bytes)
            self.rules = read_rules(data)
        except (OSError, RulesError) as fault:
            self._stop(Stopped.BAD_RULES, f"{path}: {fault}; `vigilward rules validate` tells every fault")
            return
        try:
            pipe = asyncio.subprocess.PIPE
            self._process = await asyncio.create_subprocess_exec(
                *self._process_of, stdin=pipe, stdout=pipe, start_new_session=True
            )
            self._hearing = asyncio.create_task(self._hear(self._process))
            self._send(frame_of(self._hello(data)))
        except Exception as fault:
            self._stop(Stopped.CANNOT_START, redact(fault))
            return
        log.info("rules %s %s (%s) run in shadow", self.rules.name, self.rules.version, self.rules.sha256[:12])

    def begin(self, partition: int, checkpoint: Checkpoint, states: Sequence[tuple[str, int, bytes]]) -> None:
        """A partition is ours from this state on."""
        if self._process is not None:
            self._safely(lambda: frame_of(Begin.of(partition, checkpoint, states)))

    def take(self, partition: int, records: Sequence[Record], outputs: Sequence[Output], back_ms: int = 0) -> None:
        """The armed Vigils took these, each at its stream time, and said that; it is on its way to Kafka already."""
        if self._process is not None:
            self._safely(lambda: _taken(partition, records, outputs, back_ms))

    def drop(self, partition: int) -> None:
        """Another worker has it."""
        if self._process is not None:
            self._safely(lambda: frame_of(Drop(partition)))

    async def close(self) -> None:
        """Ends with the worker."""
        process, self._process = self._process, None
        hearing = self._hearing
        if hearing is None:
            return
        if process is not None and process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await asyncio.shield(hearing)
        except TimeoutError:
            if process is not None:
                _kill(process)
            await hearing

    def _hello(self, rules: bytes) -> Hello:
        settings = self._settings
        return Hello(
            rules,
            settings.partitions,
            settings.clock.value,
            settings.mode.value,
            settings.topic(Topic.READINGS),
            settings.control_record_key.get_secret_value(),
        )

    def _safely(self, make: Callable[[], bytes]) -> None:
        try:
            if frame := make():
                self._send(frame)
        except Exception as fault:
            self._stop(Stopped.FAULT, redact(fault))

    def _send(self, frame: bytes) -> None:
        process = self._process
        if process is None or process.stdin is None:
            return
        process.stdin.write(frame)
        if self.waiting_bytes > self._behind:
            self._stop(Stopped.BEHIND, f"{self.waiting_bytes} bytes wait for it")

    async def _hear(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        try:
            while line := await process.stdout.readline():
                self.rows = rows_of(line)
            code = await process.wait()
        except Exception as fault:
            if self._process is process:
                self._stop(Stopped.FAULT, redact(fault))
            _kill(process)
            await process.wait()
            return
        if self._process is process:
            self._stop(Stopped.ENDED, f"its process ended with code {code}")

    def _stop(self, why: Stopped, says: str) -> None:
        """Tells it, once, and lets the process go; what is armed goes on as if there had never been a shadow."""
        process, self._process = self._process, None
        self.stopped[why] += 1
        log.error("the shadow stopped (%s): %s; what is armed goes on", why, says)
        if process is not None:
            _kill(process)

    def collect(self) -> Iterator[Metric]:
        """Both sides' counts, whether it runs, and why it stopped."""
        labels = ["rules", "kind", "priority"]
        raised = CounterMetricFamily(
            "vigilward_shadow_alerts", "Alerts raised since the shadow began, armed and shadow.", labels=labels
        )
        called = CounterMetricFamily(
            "vigilward_shadow_interruptions", "Those of them that interrupted at some time.", labels=labels
        )
        for *row, number, calling in self.rows:
            raised.add_metric(row, number)
            called.add_metric(row, calling)
        yield from (raised, called)
        yield GaugeMetricFamily("vigilward_shadow_up", "1 while the shadow is fed.", value=float(self.running))
        waiting = float(self.waiting_bytes)
        yield GaugeMetricFamily("vigilward_shadow_waiting_bytes", "Bytes that wait for the shadow.", value=waiting)
        stopped = CounterMetricFamily("vigilward_shadow_stopped", "Times that the shadow stopped.", labels=["reason"])
        for why in Stopped:
            stopped.add_metric([why.value], self.stopped[why])
        yield stopped
        if self.rules is not None:
            info = InfoMetricFamily("vigilward_shadow_rules", "The rules that run in shadow.")
            rules = self.rules
            info.add_metric([], {"name": rules.name, "version": rules.version, "sha256": rules.sha256})
            yield info


def _kill(process: asyncio.subprocess.Process) -> None:
    """At once, with what still waits for it."""
    if process.stdin is not None and not process.stdin.transport.is_closing():
        process.stdin.transport.abort()
    with contextlib.suppress(ProcessLookupError):
        process.kill()


def _taken(partition: int, records: Sequence[Record], outputs: Sequence[Output], back_ms: int) -> bytes:
    armed = [one.value for one in outputs if one.topic == "alerts" and one.value is not None]
    return frame_of(Take.of(partition, records, armed, back_ms)) if records or armed else b""
