"""What became of every recorded patient on the way through the Vigil, as columns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from streams.lab.evaluation.definitions import HOUR_S, Array
from streams.lab.evaluation.score_row import COLUMNS


class Turn(NamedTuple):
    """From `at_s` on: the priority of the open alert about the patient (0: none), whether it asks for someone, whether
    learned rules alone stand behind it.
    """

    at_s: float
    priority: int
    interrupts: bool
    learned: bool


class Revision(NamedTuple):
    """One revision of an alert: when, which, what was said, and whether someone was called by it."""

    at_s: float
    alert_id: str
    state: str
    kind: str
    subject: str
    priority: str
    calls: bool
    reason: str
    headline: str
    detectors: tuple[str, ...]


@dataclass(slots=True)
class Course:
    """One patient: rows of the grid (`at_s`, `rows` in the order of `COLUMNS`), turns, learned levels, revisions.

    Seconds count from the patient's first value; `begins_s` is its moment in the seconds of the table.
    """

    patient: str
    first_s: float
    last_s: float
    at_s: Array
    rows: Array
    turns: list[Turn] = field(default_factory=list)
    learned: list[tuple[float, int]] = field(default_factory=list)
    revisions: list[Revision] = field(default_factory=list)
    begins_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Trace:
    """All patients of a folder. `who[row]` is a place in `courses`, `at_s` the moment, `values` one column a score."""

    courses: Sequence[Course]
    source: str
    grid_s: int
    who: Array
    at_s: Array
    values: Array

    @classmethod
    def of(cls, courses: Sequence[Course], source: str, grid_s: int) -> "Trace":
        """Put together; patients keep their order."""
        sizes = [len(course.at_s) for course in courses]
        rows = [course.rows for course in courses] or [np.empty((0, len(COLUMNS)), dtype=np.float32)]
        times = [course.at_s for course in courses] or [np.empty(0)]
        who = np.repeat(np.arange(len(courses)), sizes)
        return cls(courses, source, grid_s, who, np.concatenate(times), np.concatenate(rows))

    @property
    def patients(self) -> list[str]:
        """Their ids, in order."""
        return [course.patient for course in self.courses]

    @property
    def begins_s(self) -> list[float]:
        """When each patient's first value was taken, in the seconds of the table."""
        return [course.begins_s for course in self.courses]

    @property
    def hours(self) -> Array:
        """Hours since the patient's first value, a row."""
        return self.at_s / HOUR_S

    @property
    def days(self) -> Array:
        """Days of each patient on the grid."""
        return np.bincount(self.who, minlength=len(self.courses)) * self.grid_s / (24 * HOUR_S)

    def column(self, name: str) -> Array:
        """One score, a row each."""
        return self.values[:, COLUMNS.index(name)]
