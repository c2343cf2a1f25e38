"""Patients whom nobody admitted, where there are too many of them: whoever makes up ids must not fill the memory.

The partition's owner chooses, and puts a `forget` record into the log for each; only that record takes effect, so that
any replay agrees. New ids are never refused.
"""

from heapq import nsmallest
from typing import Final, NamedTuple

from detectors.vigil.silence import idle_since
from streams.log.partition import Partition

MOST_UNADMITTED: Final = 10_000
"""In one partition: about 60 MB."""


class Crowd(NamedTuple):
    """How many of a partition's patients nobody admitted, and whom of them to forget: since when each is silent, and
    who it is.
    """

    unadmitted: int
    forget: list[tuple[int, str]]


def look_at_crowd(log: Partition, most: int = MOST_UNADMITTED) -> Crowd:
    """Those of more than `most` who are silent longest, but for those with an alert about themselves."""
    if len(log.watches) + (0 if log.newcomers is None else len(log.newcomers.watches)) <= most:
        return Crowd(0, [])
    strangers = [(patient, watch.vigil) for patient, watch in log.watched if not watch.vigil.stay.assigned]
    excess = len(strangers) - most
    if excess <= 0:
        return Crowd(len(strangers), [])
    idle = [(since, patient) for patient, vigil in strangers if (since := idle_since(vigil)) is not None]
    return Crowd(len(strangers), nsmallest(excess, idle))
