"""Starts workers and brokers, breaks them as the schedule says, and puts them up again as a supervisor would."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from deploy.kafka.broker import Cluster
from tests.chaos.schedule import Act, Fault
from tests.integration.staging import Stage, WorkerProcess

DIES_WITHIN_S = 25.0
BROKER_AWAY_S = 8.0
BACK_WITHIN_S = 40.0


@dataclass(slots=True)
class Times:
    """How long faults last, in seconds."""

    zombie_s: float = 4.5
    broker_stop_s: float = 15.0
    settle_s: float = 3.0


@dataclass(slots=True)
class Happened:
    """What was really done, and when (seconds since 1970)."""

    done: Counter[Fault] = field(default_factory=Counter)
    points: Counter[str] = field(default_factory=Counter)
    unexpected_exits: Counter[int] = field(default_factory=Counter)
    kills_at: list[tuple[float, int]] = field(default_factory=list)


class Stagehand:
    """Keeps a worker at each place, except while a fault wants none there."""

    def __init__(
        self, stage: Stage, cluster: Cluster, folder: Path, places: int, times: Times, say: Callable[[str], None]
    ) -> None:
        self.stage, self.cluster, self.folder, self.times, self.say = stage, cluster, folder, times, say
        self.workers: dict[int, WorkerProcess | None] = dict.fromkeys(range(places))
        self.happened = Happened()
        self._held: set[int] = set()  # places that the supervisor leaves alone
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
                    if place in self._held or worker is None or worker.process.poll() is None:
                        continue
                    code = worker.process.returncode
                    if code != -signal.SIGKILL:
                        self.happened.unexpected_exits[code] += 1
                        self.say(f"  place {place} ended by itself with {code}: {worker.fate()[-300:]!r}")
                    self._start(place)

    # ---- the faults

    def perform(self, act: Act) -> None:
        """Does it, and returns when it is over."""
        time.sleep(act.pause_s)
        place = act.who if act.who in self.workers else next(iter(self.workers))
        self.say(f"{act.fault}: {act.who}" + (f" at {act.point}:{act.passes}" if act.point else ""))
        if act.fault is Fault.KILL:
            self._kill(place)
        elif act.fault is Fault.KILL_AT_POINT:
            self._at_point(place, act, "kill")
        elif act.fault is Fault.ZOMBIE:
            self._zombie(place)
        elif act.fault is Fault.ZOMBIE_AT_POINT:
            self._at_point(place, act, "stop")
        elif act.fault in (Fault.ADD, Fault.REMOVE):
            self._move(act.fault)
        else:
            self._broker(act)
        self.happened.done[act.fault] += 1
        if act.point:
            self.happened.points[act.point] += 1

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

    def _at_point(self, place: int, act: Act, what: str) -> None:
        """A worker that strikes itself there takes the place of the one that is ended for it."""
        with self._lock:
            self._held.add(place)
        old = self.workers[place]
        if old is not None and old.process.poll() is None:
            old.process.kill()
            old.process.wait()
        worker = self._start(place, fault_point=f"{act.point}:{act.passes}:{what}")
        until = time.monotonic() + DIES_WITHIN_S
        if what == "kill":
            while worker.process.poll() is None and time.monotonic() < until:
                time.sleep(0.05)
            if worker.process.poll() is None:
                self.say("  it never came by; killed where it is")
                worker.process.kill()
                worker.process.wait()
            self.happened.kills_at.append((time.time(), place))
        else:
            while _state(worker) != "T" and time.monotonic() < until:
                time.sleep(0.05)
            if _state(worker) != "T":
                self.say("  it never came by; stopped where it is")
                worker.process.send_signal(signal.SIGSTOP)
            time.sleep(self.times.zombie_s)
            worker.process.send_signal(signal.SIGCONT)
            time.sleep(self.times.settle_s)
        with self._lock:
            self._held.discard(place)

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
            code = worker.stop()
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

    # ---- the end

    def end(self) -> Counter[int]:
        """All workers leave in good order; how they ended."""
        self._over.set()
        self._supervisor.join(10)
        running = [worker for worker in self.workers.values() if worker and worker.process.poll() is None]
        for worker in running:
            worker.ready()
        for worker in running:
            worker.process.send_signal(signal.SIGTERM)
        return Counter(worker.process.wait(40) for worker in running)


def _state(worker: WorkerProcess) -> str:
    try:
        return Path(f"/proc/{worker.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "X"
