"""Patients whom nobody admitted, where there are too many of them: whoever makes up ids must not fill the memory.

The partition's owner chooses, and puts a `forget` record into the log for each; only that record takes effect, so that
any replay agrees. New ids are never refused.
"""

from collections.abc import Container
from operator import itemgetter
from typing import Final, NamedTuple

from detectors.vigil.silence import idle_since
from streams.log.partition import Partition

MOST_UNADMITTED: Final = 10_000
"""In one partition: about 160 MB."""

MOST_TOGETHER: Final = 24_000
"""In all partitions of one worker: about 400 MB."""

LEAST_UNADMITTED: Final = 1_000
"""In one partition, however many a worker has."""


class Crowd(NamedTuple):
    """How many of a partition's patients nobody admitted, and whom of them to forget: since when each is silent, and
    who it is; and how many others there are. Where all are few, nobody is counted.
    """

    unadmitted: int
    forget: list[tuple[int, str]]
    others: int = 0


def most_unadmitted(partitions: int) -> int:
    """How many a partition may have where its owner has so many partitions."""
    return max(LEAST_UNADMITTED, min(MOST_UNADMITTED, MOST_TOGETHER // max(1, partitions)))


def look_at_crowd(
    log: Partition, most: int = MOST_UNADMITTED, at_once: int = MOST_UNADMITTED, asked: Container[str] = ()
) -> Crowd:
    """Those of more than `most` who are silent longest, by the log's order, at most so many; not those with an alert
    about themselves, those of whom more waits, and those in `asked`.
    """
    watched = len(log.watches) + (0 if log.newcomers is None else len(log.newcomers.watches))
    if watched <= most:
        return Crowd(0, [])
    strangers = [(watch.upto, patient) for patient, watch in log.watched if not watch.vigil.stay.assigned]
    excess = len(strangers) - most
    if excess <= 0:
        return Crowd(len(strangers), [], watched - len(strangers))
    strangers.sort(key=itemgetter(0))
    chosen: list[tuple[int, str]] = []
    for _, patient in strangers:
        if not excess or len(chosen) >= at_once:
            break
        watch = log.find(patient)
        if patient in asked:
            excess -= 1
        elif watch is not None and (since := idle_since(watch.vigil)) is not None and not _awaits(log, patient):
            chosen.append((since, patient))
            excess -= 1
    return Crowd(len(strangers), chosen, watched - len(strangers))


def _awaits(log: Partition, patient: str) -> bool:
    return log.newcomers is not None and log.newcomers.awaits(patient)
