"""What counts as an event, a row, an alert, detected, and in alert: one set of definitions for every score compared.

- The label decides the event: `sepsis_onset`, else `in_hospital_death`, else `ahe_within_1h_of_T0`; or any label that
  one asks for, with a horizon and a least lead of one's own.
- Hours are counted from each patient's own first value, whatever the zero of the table means.
- A *row* is one moment of the grid (an hour for charted values, a minute for streams) from a patient's first value to
  the last. What was measured up to `SETTLE_S` after the moment counts, so that its window is decided.
- `auroc_row`: rows are positive from `label_first_1` (sepsis), from the horizon before the onset (an event asked for),
  else all rows of a patient with the event.
- `auroc_patient`: the mean of the score over the six hours before a fixed landmark, on earlier data only. No landmark
  is chosen by an outcome or by where a record ends; a patient whose event came before it is left out.
- An *alert* is a raise. Crossings within twelve hours of the last raise are the same alert; a condition that still
  holds twelve hours later counts again. The same rule for every score and model.
- *Detected*: an alert that interrupts was raised within 24 h (or 12 h) before the onset, and at least 1 h before it;
  for an event asked for with its own horizon, within that (or half of it) and at least the lead before it.
  A score by itself always interrupts; catching by alerts that are only shown is reported apart.
- Patients with a censored onset are left out of everything that needs the moment of the onset.
- Every alert counts as acknowledged ("seen and reviewing") five minutes after it was raised or came back.
"""

from enum import StrEnum
from typing import Any, Final, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]

HOUR_S: Final = 3_600
GRID_S: Final = {"spot": HOUR_S, "monitor": 60, "wearable": 60}
SETTLE_S: Final = 30
"""A window of fifteen seconds ends, and is decided two seconds later, within this time of any moment."""

SAME_ALERT_H: Final = 12.0
TINY_H: Final = 1e-6  # sums of hours are not exact
DETECTED_WITHIN_H: Final = 24.0
CAUGHT_WITHIN_SHORT_H: Final = 12.0
LEAST_LEAD_H: Final = 1.0
LANDMARK_MEAN_H: Final = 6.0
LANDMARK_H: Final = 24.0
LANDMARK_48_H: Final = 48.0
T0_S: Final = 36_000
"""Ten hours: where the recordings of acute hypotension are cut, and what comes after must not be seen."""
SEEN_AFTER_S: Final = 300
HOUR_STRATA: Final = ((0, 12), (12, 24), (24, 48), (48, 96), (96, 1 << 20))


class Event(StrEnum):
    """What a folder's patients may have come to."""

    SEPSIS = "sepsis_onset"
    DEATH = "in_hospital_death"
    HYPOTENSION = "ahe_within_1h_of_T0"


class Horizon(NamedTuple):
    """How far ahead of the onset a call counts, in hours: at most `within_h` (or `short_h`), at least `lead_h`."""

    within_h: float = DETECTED_WITHIN_H
    short_h: float = CAUGHT_WITHIN_SHORT_H
    lead_h: float = LEAST_LEAD_H

    @classmethod
    def of(cls, within_h: float, lead_h: float) -> "Horizon":
        """A horizon of one's own; the short one is half of it."""
        return cls(within_h, within_h / 2, lead_h)


SHIPPED: Final = Horizon()
HEADS: Final[dict[str, str]] = {Event.SEPSIS: "sepsis", Event.DEATH: "death", Event.HYPOTENSION: "hypotension"}
"""Which forecast speaks of which event."""


def raises(who: Array, hours: Array) -> Array:
    """Which of the rows on which a condition holds raise an alert: `who` and `hours` of those rows, by patient and then
    time. Gives their places.

    >>> import numpy as np
    >>> raises(np.zeros(30, dtype=int), np.arange(30.0)).tolist()
    [0, 12, 24]
    """
    if not len(who):
        return np.empty(0, dtype=int)
    longest = float(hours.max()) + 2 * SAME_ALERT_H
    keys = who * longest + hours
    now = np.flatnonzero(np.concatenate([[True], who[1:] != who[:-1]]))
    found = []
    while len(now):
        found.append(now)
        later = np.searchsorted(keys, keys[now] + SAME_ALERT_H - TINY_H)
        same = later < len(keys)
        now = later[same][who[later[same]] == who[now[same]]]
    return np.sort(np.concatenate(found))


def raises_of_spans(spans: list[tuple[float, float]]) -> list[float]:
    """The same rule for a condition that holds over stretches of time `(from, until)`, in hours.

    >>> raises_of_spans([(1.0, 2.0), (5.0, 6.0), (12.5, 14.0)])
    [1.0, 13.0]
    """
    found: list[float] = []
    last = -np.inf
    for begin, end in spans:
        at = max(begin, last + SAME_ALERT_H)
        while at < end or at == begin:
            found.append(at)
            last, at = at, at + SAME_ALERT_H
    return found


def catches(
    raised_h: Array, onset_h: Array | float, within_h: float = DETECTED_WITHIN_H, lead_h: float = LEAST_LEAD_H
) -> Array:
    """Whether each raise is early enough to count, and not too early; False where there is no onset (NaN).

    What was measured at a moment is decided a little after it, within `SETTLE_S`: that is not held against a Vigil.

    >>> import numpy as np
    >>> catches(np.array([5.0, 6.5, 29.0, 29.5]), 30.0).tolist()
    [False, True, True, False]
    """
    ahead = onset_h - raised_h
    return (ahead <= within_h) & (ahead >= lead_h - SETTLE_S / HOUR_S)
