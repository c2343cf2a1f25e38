"""Fills a worker's buffer on the way to Kafka for real: more is refused than fits, and then the broker stops.

A stopped broker sends no readings either, so that a stop alone fills nothing. Hence first a flood of poison, of which
every message comes back as a rejection with all its bytes; as soon as a worker says that it holds back the log, the
brokers stop, and the buffer stays full for as long. Nothing counts but what a worker itself says.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

from deploy.kafka.broker import Broker
from tests.integration.staging import WorkerProcess

HELD_BACK = "vigilward_producer_blocked_total"
HOLDING = "vigilward_producer_blocked"
BYTES = "vigilward_producer_queue_bytes"
TELLS_WITHIN_S = 40.0
EBBS_WITHIN_S = 40.0
TRIES = 10
SETTLES_S = 0.3
"""What was under way when the brokers stopped has arrived or waits by then: whether they stopped in time is seen."""
LOOK_S = 0.002


class Filled(NamedTuple):
    """What the workers said: batches that waited while the brokers were stopped, bytes before them, times in all."""

    batches: int
    waiting_bytes: int
    times: int


class Tells(Protocol):
    """A worker, as far as its buffer goes."""

    def tell(self, name: str) -> float:
        """A metric's sum; 0 while the worker does not serve it."""

    def kill(self) -> None:
        """SIGKILL."""


class Serving:
    """A worker process that is asked only once it has said where."""

    def __init__(self, worker: WorkerProcess) -> None:
        self._worker = worker

    def tell(self, name: str) -> float:
        """Waits for no worker that has just been started, or has ended."""
        if self._worker.process.poll() is not None:
            return 0.0
        serves = any(event.startswith("metrics and health") for event in self._worker.events())
        return self._worker.metric(name) if serves else 0.0

    def kill(self) -> None:
        """Returns when it is gone."""
        self._worker.process.kill()
        self._worker.process.wait()


def fill(
    workers: Callable[[], Iterable[Tells]],
    brokers: Sequence[Broker],
    flood: Callable[[], None],
    stop_s: float,
    *,
    kill: bool = False,
) -> Filled | None:
    """Floods, stops the brokers for `stop_s`, and waits for the ebb; None if no buffer stayed full meanwhile. Between
    two fetches of a flood a buffer is empty: brokers that stopped just then go on at once, and it is tried again.

    `workers()` are those that run at the moment; `kill`: one whose buffer is full is killed before the brokers go on.
    """
    for _ in range(TRIES):
        before = _sum(workers(), HELD_BACK)
        flood()
        if not _until(lambda least=before: _sum(workers(), HELD_BACK) > least, TELLS_WITHIN_S):
            continue
        for broker in brokers:
            broker.pause()
        try:
            settles_s = min(stop_s, SETTLES_S)
            time.sleep(settles_s)
            if _sum(workers(), HOLDING):
                time.sleep(stop_s - settles_s)
            held, waiting = _sum(workers(), HOLDING), _sum(workers(), BYTES)
            times = _sum(workers(), HELD_BACK) - before
            if kill and held:
                next(worker for worker in workers() if worker.tell(HOLDING)).kill()
        finally:
            for broker in brokers:
                broker.resume()
        ebbed = _until(lambda: not _sum(workers(), HOLDING), EBBS_WITHIN_S)
        assert ebbed, f"a buffer is still full {EBBS_WITHIN_S:.0f} s after the brokers went on"
        if held:
            return Filled(round(held), round(waiting), round(times))
    return None


def _sum(workers: Iterable[Tells], name: str) -> float:
    return sum(worker.tell(name) for worker in workers)


def _until(look: Callable[[], bool], within_s: float) -> bool:
    end = time.monotonic() + within_s
    while not look():
        if time.monotonic() > end:
            return False
        time.sleep(LOOK_S)
    return True
