"""Recorded patients in batches over both cores; what comes out does not depend on how many processes there are."""

from collections.abc import Callable, Iterable, Iterator
from multiprocessing import get_context
from typing import Final, TypeVar

from streams.ward.recordings import Recording

Progress = Callable[[int, int], None]
Patients = list[tuple[str, list[tuple[int, bytes]]]]
Found = TypeVar("Found")
BATCH: Final = 40
FEW: Final = 24
"""Below this many patients a second process costs more than it brings."""


def over_patients(
    work: Callable[[Patients], list[Found]], recording: Recording, workers: int, progress: Progress | None
) -> list[Found]:
    """What `work` finds of each patient with their readings, in their order. It has to stand in a module, so that
    another process knows it. `progress(done, all)` is called after each batch.
    """
    count, found = recording.survey.patients, list[Found]()

    def gather(results: Iterable[list[Found]]) -> None:
        for done in results:
            found.extend(done)
            if progress is not None:
                progress(len(found), count)

    if workers < 2 or count < FEW:
        gather(map(work, _batches(recording)))
    else:
        with get_context("spawn").Pool(workers) as pool:
            gather(pool.imap(work, _batches(recording)))
    return found


def _batches(recording: Recording) -> Iterator[Patients]:
    batch: Patients = []
    for one in recording.per_patient():
        batch.append(one)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
