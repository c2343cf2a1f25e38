"""Recorded patients over all cores; what comes out does not depend on how many processes there are.

This process works as well. Helpers are started once it is seen that enough is left for them to be worth their start,
so that two processes are never slower than one. They are told nothing of the calling script: one without a `__main__`
guard is not run again in them.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from types import ModuleType
from typing import Any, Final, TypeVar

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


def over_patients(
    work: Callable[[Patients], list[Found]], recording: Recording, workers: int, progress: Progress | None
) -> list[Found]:
    """What `work` finds of each patient with their readings, in their order. It has to stand in a module, so that
    another process knows it. `progress(done, all)` is called after each part.
    """
    parts = list(recording.parts(PART))
    sizes = [len(part.columns.ms) for part in parts]
    count, done = recording.survey.patients, 0
    found: list[list[Found]] = [[] for _ in parts]
    for place, result in over(partial(_of_part, work), parts, workers, sizes):
        found[place] = result
        done += len(result)
        if progress is not None:
            progress(done, count)
    return [one for part in found for one in part]


def _of_part(work: Callable[[Patients], list[Found]], part: Recording) -> list[Found]:
    return work(list(part.per_patient()))


def over(
    work: Callable[[Job], Found], jobs: Sequence[Job], workers: int, sizes: Sequence[int] | None = None
) -> Iterator[tuple[int, Found]]:
    """`(place, what work finds of jobs[place])`, in the order in which they are done. `sizes`: how large each is."""
    sizes = [1] * len(jobs) if sizes is None else sizes
    left, total, began = 0, sum(sizes), time.monotonic()
    while left < len(jobs):
        yield left, work(jobs[left])
        left += 1
        took, share = time.monotonic() - began, sum(sizes[:left]) / max(1, total)
        if workers > 1 and took > LOOK_AT_S and left < len(jobs) - 1 and took / share * (1 - share) > WORTH_S:
            yield from _shared(work, jobs, left, workers)
            return


def _shared(work: Callable[[Job], Found], jobs: Sequence[Job], left: int, workers: int) -> Iterator[tuple[int, Found]]:
    """The rest, by this process and `workers - 1` others. The others take from the end."""
    running: dict[Future[Found], int] = {}
    last = len(jobs)
    with ProcessPoolExecutor(workers - 1, mp_context=get_context("spawn")) as helpers:
        while left < last or running:
            while left < last - 1 and len(running) < AHEAD * (workers - 1):
                last -= 1
                with _no_main():
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
