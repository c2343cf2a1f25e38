"""A trend: one minute of one patient, for charts."""

from typing import Literal

from schemas.alert import Out, Priority
from schemas.base import Identifier, Moment
from schemas.reading import Mode


class TrendVital(Out):
    """A vital's value in force, what is usual for this patient, and the band (two spreads) around the usual.

    `value` is a number in the vital's own unit; letters and yes or no come as in a status. Nothing usual is known
    before the warm-up.
    """

    value: float | str | bool
    usual: float | None
    low: float | None
    high: float | None


class TrendScore(Out):
    """NEWS2 as an interval."""

    score_min: int
    score_max: int


class Trend(Out):
    """The message on the trends topic, keyed by `patient_id`: at most one a minute, none for a minute without data.

    `vitals` holds those that are valid: a gap is a gap. `minute` is the minute's beginning, `at` the moment within it
    that the values are of. `priority` is the highest of the open alerts, null if none is open.
    """

    version: Literal[1]
    patient_id: Identifier
    mode: Mode
    minute: Moment
    at: Moment
    vitals: dict[str, TrendVital]
    news2: TrendScore | None
    priority: Priority | None
