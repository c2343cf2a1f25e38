"""Starts workers and brokers, breaks them as the schedule says, and puts them up again as a supervisor would."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from deploy.kafka.broker import Cluster
from tests.chaos.full_buffer import Serving, fill
from tests.chaos.schedule import FULL, KILLS, Act, Fault
from tests.integration.staging import Stage, WorkerProcess

COMES_BY_WITHIN_S = 25.0
OWNS_WITHIN_S = 60.0
BROKER_AWAY_S = 8.0
BACK_WITHIN_S = 40.0
ENDS_WITHIN_S = 40.0


@dataclass(slots=True)
class Times:
    """How long faults last, in seconds."""

    zombie_s: float = 4.5
    broker_stop_s: float = 15.0
    settle_s: float = 3.0
    full_s: float = 5.0


@dataclass(slots=True)
class Happened:
    """What was really done, and when (seconds since 1970)."""

    done: Counter[Fault] = field(default_factory=Counter)
    points: Counter[str] = field(default_factory=Counter)
    unexpected_exits: Counter[int] = field(default_factory=Counter)
    kills_at: list[tuple[float, int]] = field(default_factory=list)
    blocked_count: int = 0  # times that a worker said it held back the log, of the full buffers alone
    most_waiting_bytes: int = 0


class Stagehand:
    """Keeps a worker at each place, except while a fault wants none there."""

    def __init__(
        self, stage: Stage, cluster: Cluster, folder: Path, places: int, times: Times, say: Callable[[str], None]
    ) -> None:
        self.stage, self.cluster, self.folder, self.times, self.say = stage, cluster, folder, times, say
        self.workers: dict[int, WorkerProcess | None] = dict.fromkeys(range(places))
        self.happened = Happened()
        self.flood: Callable[[], None] = lambda: None  # publishes more poison than a worker's buffer holds
        self._held: set[int] = set()  # places that the supervisor leaves alone
        self._stopped_since: dict[int, float] = {}  # by process: came by its point late, and stopped itself
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, daemon=True)
        self._started = 0

    def __enter__(self) -> "Stagehand":
        for place in self.workers:
            self._start(place)
        self._supervisor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._supervisor.join(10)
        for worker in self.workers.values():
            if worker is not None:
                worker.__exit__()

    # ---- the supervisor

    def _start(self, place: int, **settings: str) -> WorkerProcess:
        self._started += 1
        worker = self.stage.worker(self.folder / f"{self._started:04d}-place-{place}", **settings)
        self.workers[place] = worker
        return worker

    def _supervise(self) -> None:
        while not self._over.wait(0.2):
            with self._lock:
                for place, worker in self.workers.items():
                    if place in self._held or worker is None:
                        continue
                    if worker.process.poll() is None:
                        self._continue_if_stopped_late(worker)
                        continue
                    code = worker.process.returncode
                    if code != -signal.SIGKILL:
                        self.happened.unexpected_exits[code] += 1
                        self.say(f"  place {place} ended by itself with {code}: {worker.fate()[-300:]!r}")
                    self._start(place)

    def _continue_if_stopped_late(self, worker: WorkerProcess) -> None:
        """A worker that was stopped elsewhere may come by its named point afterwards: a zombie more, also continued."""
        pid, now = worker.process.pid, time.monotonic()
        if _state(worker) != "T":
            self._stopped_since.pop(pid, None)
        elif now - self._stopped_since.setdefault(pid, now) >= self.times.zombie_s:
            self.say("  one came by its point late; continued")
            self.happened.done[Fault.ZOMBIE_AT_POINT] += 1
            worker.process.send_signal(signal.SIGCONT)

    # ---- the faults

    def perform(self, act: Act) -> None:
        """Does it, and returns when it is over."""
        time.sleep(act.pause_s)
        place = act.who if act.who in self.workers else next(iter(self.workers))
        self.say(f"{act.fault}: {act.who}" + (f" at {act.point}:{act.passes}" if act.point else ""))
        done, point = act.fault, act.point
        if act.fault is Fault.KILL:
            self._kill(place)
        elif act.fault in (Fault.KILL_AT_POINT, Fault.ZOMBIE_AT_POINT):
            kill = act.fault is Fault.KILL_AT_POINT
            if not self._at_point(place, act, "kill" if kill else "stop"):
                done, point = (Fault.KILL if kill else Fault.ZOMBIE), None
        elif act.fault is Fault.ZOMBIE:
            self._zombie(place)
        elif act.fault in (Fault.ADD, Fault.REMOVE):
            self._move(act.fault)
        elif act.fault in FULL:
            done = act.fault if self._full_buffer(kill=act.fault in KILLS) else Fault.BROKER_STOP
        else:
            self._broker(act)
        self.happened.done[done] += 1
        if point:
            self.happened.points[point] += 1

    def _kill(self, place: int) -> None:
        worker = self._running(place)
        self.happened.kills_at.append((time.time(), place))
        worker.process.kill()
        worker.process.wait()

    def _running(self, place: int) -> WorkerProcess:
        until = time.monotonic() + BACK_WITHIN_S
        while (worker := self.workers[place]) is None or worker.process.poll() is not None:
            assert time.monotonic() < until, f"nobody at place {place}"
            time.sleep(0.1)
        return worker

    def _at_point(self, place: int, act: Act, what: str) -> bool:
        """A worker that strikes itself there takes the place of the one that is ended for it; False if it was elsewhere
        when it was struck, because it did not come by in time.
        """
        with self._lock:
            self._held.add(place)
        old = self.workers[place]
        if old is not None and old.process.poll() is None:
            old.process.kill()
            old.process.wait()
        worker = self._start(place, fault_point=f"{act.point}:{act.passes}:{what}")
        came = self._comes_by(worker)
        if not came:
            self.say(f"  it never came by; {what} where it is")
            worker.process.send_signal(signal.SIGKILL if what == "kill" else signal.SIGSTOP)
        if what == "kill":
            if (code := worker.process.wait()) != -signal.SIGKILL:
                self.happened.unexpected_exits[code] += 1
                self.say(f"  it ended by itself with {code}: {worker.fate()[-300:]!r}")
            self.happened.kills_at.append((time.time(), place))
        else:
            time.sleep(self.times.zombie_s)
            worker.process.send_signal(signal.SIGCONT)
            time.sleep(self.times.settle_s)
        with self._lock:
            self._held.discard(place)
        return came

    def _comes_by(self, worker: WorkerProcess) -> bool:
        """Whether it strikes itself in time, which is counted from the moment it owns partitions."""
        until, owns = time.monotonic() + OWNS_WITHIN_S, False
        while worker.process.poll() is None and _state(worker) != "T":
            if not owns and any("are ours" in event for event in worker.events()):
                until, owns = time.monotonic() + COMES_BY_WITHIN_S, True
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        return True

    def _zombie(self, place: int) -> None:
        worker = self._running(place)
        with self._lock:
            self._held.add(place)
        worker.process.send_signal(signal.SIGSTOP)
        time.sleep(self.times.zombie_s)
        worker.process.send_signal(signal.SIGCONT)
        with self._lock:
            self._held.discard(place)
        time.sleep(self.times.settle_s)

    def _move(self, fault: Fault) -> None:
        with self._lock:
            if fault is Fault.ADD:
                self._start(max(self.workers) + 1)
                return
            if len(self.workers) < 2:
                return
            place = max(self.workers)
            worker = self.workers.pop(place)
        if worker is not None and worker.process.poll() is None:
            worker.ready()  # before that it has not yet learnt what SIGTERM asks of it
            worker.process.send_signal(signal.SIGTERM)
            code = _end_of(worker)
            if code:
                self.happened.unexpected_exits[code] += 1
                self.say(f"  asked to leave, it ended with {code}: {worker.fate()[-300:]!r}")

    def _broker(self, act: Act) -> None:
        broker = self.cluster.brokers[act.who % len(self.cluster.brokers)]
        if act.fault is Fault.BROKER_STOP:
            broker.pause()
            time.sleep(self.times.broker_stop_s)
            broker.resume()
        else:
            broker.kill()
            if act.fault is Fault.BROKER_LOST:
                time.sleep(BROKER_AWAY_S)
            broker.start()
        time.sleep(self.times.settle_s)

    def _full_buffer(self, kill: bool) -> bool:
        """Whether a worker said that it held back the log while the brokers were stopped."""
        filled = fill(self._serving, self.cluster.brokers, self.flood, self.times.full_s, kill=kill)
        if filled is None:
            self.say("  no buffer stayed full while the brokers were stopped")
            return False
        self.say(
            f"  held back {filled.times} times; while the brokers were stopped {filled.batches} batches waited "
            f"behind {filled.waiting_bytes:,} bytes"
        )
        self.happened.blocked_count += filled.times
        self.happened.most_waiting_bytes = max(self.happened.most_waiting_bytes, filled.waiting_bytes)
        time.sleep(self.times.settle_s)
        return True

    def _serving(self) -> list[Serving]:
        with self._lock:
            return [Serving(worker) for worker in self.workers.values() if worker is not None]

    # ---- the end

    def end(self) -> Counter[int]:
        """All workers leave in good order; how they ended."""
        for place in list(self.workers):
            self._running(place).ready()
        self._over.set()
        self._supervisor.join(10)
        running = [worker for worker in self.workers.values() if worker]
        for worker in running:
            worker.process.send_signal(signal.SIGTERM)
        return Counter(_end_of(worker) for worker in running)


def _end_of(worker: WorkerProcess) -> int:
    """Its exit code; one that stops itself at its point on the way out is continued."""
    until = time.monotonic() + ENDS_WITHIN_S
    while (code := worker.process.poll()) is None:
        assert time.monotonic() < until, f"it did not end within {ENDS_WITHIN_S} s: {worker.fate()}"
        if _state(worker) == "T":
            worker.process.send_signal(signal.SIGCONT)
        time.sleep(0.05)
    return code


def _state(worker: WorkerProcess) -> str:
    try:
        return Path(f"/proc/{worker.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "X"
