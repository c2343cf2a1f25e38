"""What any score must beat: the clock alone, the last values alone, and chance."""

from typing import Final

import numpy as np

from streams.lab.evaluation.definitions import Array
from streams.lab.evaluation.score_row import VALUES
from streams.lab.evaluation.trace import Trace

FOLDS: Final = 5
BINS: Final = 8
CLOCK_BINS: Final = 24
RIDGE: Final = 4.0
STEPS: Final = 12
MOST_ROWS: Final = 24_000
FEWEST: Final = 20
"""Patients with and without the event below which no model is fitted."""


def clock(trace: Trace, positive: Array, happened: Array, seed: int) -> Array:
    """Hours since admission, no physiology at all: the probability fitted as in `last_values` where enough patients
    had the event, else the hours themselves.
    """
    fitted = _fitted(trace, trace.hours[:, None], CLOCK_BINS, positive, happened, seed)
    return trace.hours.astype(float) if fitted is None else fitted


def chance(trace: Trace, seed: int) -> Array:
    """A number drawn for each row."""
    return np.random.default_rng(seed).random(len(trace.who)).astype(np.float32)


def last_values(trace: Trace, positive: Array, happened: Array, seed: int) -> Array | None:
    """The probability that a logistic model gives from the values in force alone, each row by a model that was fitted
    on other patients of the folder (five parts). None where fewer than 20 patients had or did not have the event.

    It knows this folder's outcomes, as no score beside it does: a baseline should be as strong as it can be.
    """
    return _fitted(trace, np.stack([trace.column(name) for name in VALUES], axis=1), BINS, positive, happened, seed)


def _fitted(trace: Trace, values: Array, bins: int, positive: Array, happened: Array, seed: int) -> Array | None:
    known = ~np.isnan(happened)
    if min((happened[known] == 1).sum(), (happened[known] == 0).sum()) < FEWEST:
        return None
    design, width = _bins(values, bins)
    rng = np.random.default_rng(seed)
    part = rng.integers(0, FOLDS, size=len(trace.courses))[trace.who]
    usable = known[trace.who]
    found = np.full(len(trace.who), np.nan)
    share = float(positive[usable].mean())
    for fold in range(FOLDS):
        rows = np.flatnonzero(usable & (part != fold))
        said = _sum(design, _fit(*_thinned(design, positive, rows, rng), width))
        # Parts differ in how many had the event: without this, a part with many of them would be told to have few.
        said += np.log(share / (1 - share)) - said[usable].mean()
        mine = part == fold
        found[mine] = 1 / (1 + np.exp(-said[mine]))
    return found


def _bins(values: Array, bins: int) -> tuple[Array, int]:
    """Each value as the place of its bin (equal shares of what was seen, one for none), all columns side by side."""
    columns, width = [], 0
    for column in values.T:
        known = column[~np.isnan(column)]
        edges = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1])) if len(known) else np.empty(0)
        place = np.where(np.isnan(column), len(edges) + 1, np.searchsorted(edges, column, side="right"))
        columns.append(width + place)
        width += len(edges) + 2
    return np.stack(columns, axis=1), width


def _thinned(design: Array, positive: Array, rows: Array, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """At most `MOST_ROWS` rows; all positives, and negatives that stand for those left out."""
    yes, no = rows[positive[rows]], rows[~positive[rows]]
    most = max(1, MOST_ROWS - len(yes))
    stands_for = max(1.0, len(no) / most)
    no = no if len(no) <= most else rng.choice(no, most, replace=False)
    chosen = np.concatenate([yes, no])
    weight = np.concatenate([np.ones(len(yes)), np.full(len(no), stands_for)])
    return design[chosen], positive[chosen].astype(float), weight


def _fit(design: Array, positive: Array, weight: Array, width: int) -> Array:
    """Ridge logistic regression by Newton's method; the last weight is the intercept."""
    full = np.zeros((len(design), width + 1))
    full[np.arange(len(design))[:, None], design] = 1.0
    full[:, -1] = 1.0
    penalty = np.full(width + 1, RIDGE)
    penalty[-1] = 0.0
    weights = np.zeros(width + 1)
    share = np.average(positive, weights=weight)
    weights[-1] = np.log(share / (1 - share))
    for _ in range(STEPS):
        said = 1 / (1 + np.exp(-full @ weights))
        slope = full.T @ (weight * (said - positive)) + penalty * weights
        curve = (full * (weight * said * (1 - said))[:, None]).T @ full + np.diag(penalty + 1e-9)
        step = np.linalg.solve(curve, slope)
        weights -= step
        if np.abs(step).max() < 1e-6:
            break
    return weights


def _sum(design: Array, weights: Array) -> Array:
    return weights[design].sum(axis=1) + weights[-1]
