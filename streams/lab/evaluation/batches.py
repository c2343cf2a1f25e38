"""Recorded patients over all cores; what comes out does not depend on how many processes there are.

This process works as well. Helpers are started once it is seen that enough is left for them to be worth their start,
so that two processes are never slower than one. They are told nothing of the calling script: one without a `__main__`
guard is not run again in them.
"""

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from importlib import import_module
from multiprocessing import active_children, get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from types import ModuleType
from typing import Any, Final, Generic, Self, TypeVar

from streams.recordings.recordings import Recording

Progress = Callable[[int, int], None]
Patients = list[tuple[str, list[tuple[int, bytes]]]]
Job = TypeVar("Job")
Found = TypeVar("Found")
PART: Final = 600
"""Readings in a part, if one patient has no more: about a quarter of a second of work, and so much two processes may
end apart."""
LOOK_AT_S: Final = 0.4
"""After so long it is known how long the rest will take."""
WORTH_S: Final = 2.5
"""A rest that takes longer is shared: a helper is ready after about a second."""
AHEAD: Final = 2
"""Parts that wait at each helper, so that it never waits for this process."""
FEW: Final = 3
"""Once no more parts than this are left for each process, none waits at a helper: whoever is free takes the next."""
LARGE_VALUES: Final = 15_000
"""So many values are worth a helper before anything is made of them."""
BYTES_A_VALUE: Final = {".parquet": 7, ".csv": 24}
"""How many bytes of a file a value takes, rather too many: helpers that start later cost less than idle ones."""
_hiding = Lock()


class Helpers:
    """`workers - 1` other processes, started when they are first needed or, for a large recording, early: they import
    what they need while this process reads the tables.
    """

    def __init__(self, workers: int) -> None:
        self.count = workers - 1
        self._pool: ProcessPoolExecutor | None = None
        self._processes: set[BaseProcess] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._pool is None:
            return
        if kind is not None:  # nobody waits for what a refused recording was to be judged with
            for one in self._processes:
                one.terminate()
        self._pool.shutdown(cancel_futures=True)

    @property
    def started(self) -> bool:
        """Whether they run already."""
        return self._pool is not None

    def start_for_file(self, vitals: Path | None, module: str) -> None:
        """Starts them, with `module` imported, if the file of vitals is large enough to be worth it."""
        if vitals is not None and vitals.is_file():
            each = BYTES_A_VALUE.get(vitals.suffix.lower(), max(BYTES_A_VALUE.values()))
            self.start_for(vitals.stat().st_size // each, module)

    def start_for(self, values: int, module: str) -> None:
        """Starts them, with `module` imported, if so many values are worth it and they do not run yet."""
        if not self.started and values >= LARGE_VALUES:
            for _ in range(self.count):
                self.submit(_imported, module)

    def submit(self, work: Callable[..., Found], *facts: Any) -> Future[Found]:
        """What `work` finds of these facts, in another process."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self.count, mp_context=get_context("spawn"))
            before = set(active_children())
            with _no_main():
                first = self._pool.submit(work, *facts)
            self._processes = set(active_children()) - before
            return first
        with _no_main():
            return self._pool.submit(work, *facts)


def _imported(module: str) -> None:
    import_module(module)


def over_patients(
    work: Callable[[Patients], list[Found]],
    recording: Recording,
    workers: int,
    progress: Progress | None,
    helpers: Helpers | None = None,
) -> list[Found]:
    """What `work` finds of each patient with their readings, in their order. It has to stand in a module, so that
    another process knows it. `progress(done, all)` is called after each part.
    """
    parts = list(recording.parts(PART))
    sizes = [len(part.columns.ms) for part in parts]
    count, done = recording.survey.patients, 0
    found: list[list[Found]] = [[] for _ in parts]
    for place, result in over(partial(_of_part, work), parts, workers, sizes, helpers):
        found[place] = result
        done += len(result)
        if progress is not None:
            progress(done, count)
    return [one for part in found for one in part]


def _of_part(work: Callable[[Patients], list[Found]], part: Recording) -> list[Found]:
    return work(list(part.per_patient()))


def over(
    work: Callable[[Job], Found],
    jobs: Sequence[Job],
    workers: int,
    sizes: Sequence[int] | None = None,
    helpers: Helpers | None = None,
) -> Iterator[tuple[int, Found]]:
    """`(place, what work finds of jobs[place])`, in the order in which they are done. `sizes`: how large each is.
    `helpers`: those that were started already, in place of `workers - 1` new ones.
    """
    sizes = [1] * len(jobs) if sizes is None else sizes
    waiting = deque(sorted(range(len(jobs)), key=lambda place: -sizes[place]))
    total, done, began = max(1, sum(sizes)), 0, time.monotonic()
    with Helpers(workers) if helpers is None else nullcontext(helpers) as others:
        while waiting and not (others.started and len(waiting) > 1):
            place = waiting.popleft()
            yield place, work(jobs[place])
            done += sizes[place]
            took = time.monotonic() - began
            if (
                others.count
                and took > LOOK_AT_S
                and len(waiting) > 1
                and took / max(1, done) * (total - done) > WORTH_S
            ):
                break
        if waiting:
            yield from _Shared(work, jobs, waiting, others).found()


class _Shared(Generic[Job, Found]):
    """The rest of the jobs, by this process and the helpers: whoever is free takes the next. A thread of the pool hands
    the next one out as soon as one is done, so that no helper waits until this process has ended its own.
    """

    def __init__(
        self, work: Callable[[Job], Found], jobs: Sequence[Job], waiting: deque[int], helpers: Helpers
    ) -> None:
        self._work, self._jobs, self._waiting, self._helpers = work, jobs, waiting, helpers
        self._lock = Lock()
        self._running = 0
        self._ended: SimpleQueue[tuple[int, Future[Found]]] = SimpleQueue()

    def found(self) -> Iterator[tuple[int, Found]]:
        """`(place, what was found)`, in the order in which they are done."""
        self._hand_out()
        try:
            while True:
                with self._lock:
                    place = self._waiting.popleft() if self._waiting else None
                    if place is None and not self._running and self._ended.empty():
                        return
                if place is not None:
                    yield place, self._work(self._jobs[place])
                while place is None or not self._ended.empty():
                    place, one = self._ended.get()
                    yield place, one.result()
        finally:
            self._waiting.clear()

    def _hand_out(self) -> None:
        while (place := self._next()) is not None:
            try:
                one = self._helpers.submit(self._work, self._jobs[place])
            except Exception as error:  # told to whoever waits for what is found, in another thread
                self._waiting.clear()
                one = Future()
                one.set_exception(error)
            one.add_done_callback(partial(self._end, place))

    def _next(self) -> int | None:
        with self._lock:
            count = self._helpers.count
            ahead = AHEAD if len(self._waiting) > FEW * (count + 1) else 1
            if not self._waiting or self._running >= ahead * count:
                return None
            self._running += 1
            return self._waiting.popleft()

    def _end(self, place: int, one: Future[Found]) -> None:
        with self._lock:
            self._running -= 1
            self._ended.put((place, one))
        self._hand_out()


@contextmanager
def _no_main() -> Iterator[None]:
    """Hides the calling script while a process is started: `spawn` would run it again in there."""
    with _hiding:  # two threads hand out: each would put back what the other has hidden
        main: Any = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main
