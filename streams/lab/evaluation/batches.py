"""Recorded patients over all cores; what comes out does not depend on how many processes there are.

This process works as well. Helpers are started once it is seen that enough is left for them to be worth their start,
so that two processes are never slower than one. They are told nothing of the calling script: one without a `__main__`
guard is not run again in them.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from functools import partial
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Self, TypeVar

from streams.recordings.recordings import Recording

Progress = Callable[[int, int], None]
Patients = list[tuple[str, list[tuple[int, bytes]]]]
Job = TypeVar("Job")
Found = TypeVar("Found")
PART: Final = 1_200
"""Readings in a part, if one patient has no more: about half a second of work."""
LOOK_AT_S: Final = 0.4
"""After so long it is known how long the rest will take."""
WORTH_S: Final = 2.5
"""A rest that takes longer is shared: a helper is ready after about a second."""
AHEAD: Final = 2
"""Parts that wait at each helper, so that it never waits for this process."""
LARGE_BYTES: Final = 100_000
"""A vitals file of this size (Parquet; about 15,000 values) is worth a helper before anything of it is read."""


class Helpers:
    """`workers - 1` other processes, started when they are first needed or, for a large recording, early: they import
    what they need while this process reads the tables.
    """

    def __init__(self, workers: int) -> None:
        self.count = workers - 1
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    @property
    def started(self) -> bool:
        """Whether they run already."""
        return self._pool is not None

    def start_early(self, vitals: Path | None, module: str) -> None:
        """Starts them, with `module` imported, if the file of vitals is large enough to be worth it."""
        if self.count and vitals is not None and vitals.is_file() and vitals.stat().st_size >= LARGE_BYTES:
            for _ in range(self.count):
                self.submit(_imported, module)

    def submit(self, work: Callable[..., Found], *facts: Any) -> Future[Found]:
        """What `work` finds of these facts, in another process."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self.count, mp_context=get_context("spawn"))
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
    left, total, began = 0, sum(sizes), time.monotonic()
    with Helpers(workers) if helpers is None else nullcontext(helpers) as others:
        while left < len(jobs) and not (others.started and left < len(jobs) - 1):
            yield left, work(jobs[left])
            left += 1
            took, share = time.monotonic() - began, sum(sizes[:left]) / max(1, total)
            if others.count and took > LOOK_AT_S and left < len(jobs) - 1 and took / share * (1 - share) > WORTH_S:
                break
        if left < len(jobs):
            yield from _shared(work, jobs, left, others)


def _shared(
    work: Callable[[Job], Found], jobs: Sequence[Job], left: int, helpers: Helpers
) -> Iterator[tuple[int, Found]]:
    """The rest, by this process and the helpers. The helpers take from the end."""
    running: dict[Future[Found], int] = {}
    last = len(jobs)
    while left < last or running:
        while left < last - 1 and len(running) < AHEAD * helpers.count:
            last -= 1
            running[helpers.submit(work, jobs[last])] = last
        if left < last:
            yield left, work(jobs[left])
            left += 1
        else:
            wait(running, return_when="FIRST_COMPLETED")
        for one in [one for one in running if one.done()]:
            yield running.pop(one), one.result()


@contextmanager
def _no_main() -> Iterator[None]:
    """Hides the calling script while a process is started: `spawn` would run it again in there."""
    main: Any = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
