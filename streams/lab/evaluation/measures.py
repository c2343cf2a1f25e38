"""Figures that say how well a score tells those who will have the event from those who will not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from streams.lab.evaluation.definitions import Array

NO_OPINION: Final = -np.inf
"""Where a row without an opinion ranks: below every row with one, for it can raise no alert."""


def ranked(score: Array) -> Array:
    """Scores with NaN, which is no opinion, below all others."""
    return np.where(np.isnan(score), NO_OPINION, score)


def auroc(score: Array, positive: Array, weight: Array | None = None) -> float | None:
    """The chance that a positive scores above a negative, ties counting half; None without both kinds.

    Examples
    --------
    >>> auroc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([0, 0, 1, 1]))
    0.75

    References
    ----------
    Hanley and McNeil, Radiology 1982;143:29: the area is the Mann-Whitney statistic.
    """
    return RankedRows(score, positive).auroc(weight)


def average_precision(score: Array, positive: Array, weight: Array | None = None) -> float | None:
    """The mean precision over the recall that each threshold adds (AUPRC without interpolation); None without both
    kinds.

    >>> average_precision(np.array([0.1, 0.4, 0.35, 0.8]), np.array([0, 0, 1, 1]))
    0.8333333333333333
    """
    return RankedRows(score, positive).average_precision(weight)


def auroc_of(pos: Array, neg: Array) -> Array:
    """The same from counts by rising value, in the last axis; NaN without both kinds."""
    below = np.cumsum(neg, axis=-1) - neg
    with np.errstate(invalid="ignore", divide="ignore"):
        return (pos * (below + neg / 2)).sum(-1) / (pos.sum(-1) * neg.sum(-1))


def average_precision_of(pos: Array, neg: Array) -> Array:
    """The same from counts by rising value, in the last axis; NaN without both kinds."""
    hits, all_ = np.cumsum(pos[..., ::-1], axis=-1), np.cumsum((pos + neg)[..., ::-1], axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(all_ > 0, hits / all_, 0.0)
        found = (precision * pos[..., ::-1]).sum(-1) / pos.sum(-1)
    return np.where(neg.sum(-1) > 0, found, np.nan)


class RankedRows:
    """Rows by rising score, sorted once for all that is asked of their order.

    `score` and `positive` have one entry a row.
    """

    def __init__(self, score: Array, positive: Array) -> None:
        values, self.place = np.unique(ranked(np.asarray(score, dtype=float)), return_inverse=True)
        self.levels = len(values)
        self.yes: Array = np.asarray(positive).astype(bool)
        self.both = bool(self.yes.any() and not self.yes.all())

    def auroc(self, weight: Array | None = None) -> float | None:
        """See `auroc`."""
        pos, neg = self._counts(weight)
        return None if pos.sum() == 0 or neg.sum() == 0 else float(auroc_of(pos, neg))

    def average_precision(self, weight: Array | None = None) -> float | None:
        """See `average_precision`."""
        pos, neg = self._counts(weight)
        return None if pos.sum() == 0 or neg.sum() == 0 else float(average_precision_of(pos, neg))

    def _counts(self, weight: Array | None) -> tuple[Array, Array]:
        all_ = np.ones(len(self.yes)) if weight is None else np.asarray(weight, dtype=float)
        pos = np.bincount(self.place, weights=all_ * self.yes, minlength=self.levels)
        return pos, np.bincount(self.place, weights=all_ * ~self.yes, minlength=self.levels)

    def by_patient(self, who: Array, patients: int, bins: int) -> tuple[Array, Array]:
        """Counts of positives and negatives `(patients, bins)`, values put together into at most `bins`. `who` says
        whose each row is.
        """
        place = self.place
        if self.levels > bins:
            heights = np.cumsum(np.bincount(place)) / len(place)
            place = np.minimum((heights * bins).astype(int), bins - 1)[place]
        cell = who * bins + place
        size = patients * bins
        counts = [np.bincount(cell[part], minlength=size).reshape(patients, bins) for part in (self.yes, ~self.yes)]
        return counts[0].astype(np.float32), counts[1].astype(np.float32)


def brier(probability: Array, positive: Array) -> float:
    """Mean squared distance of a probability from what happened.

    References: Brier, Monthly Weather Review 1950;78:1.

    >>> brier(np.array([0.2, 0.8]), np.array([0, 1]))
    0.04
    """
    return round(float(np.mean((np.asarray(probability) - np.asarray(positive)) ** 2)), 12)


@dataclass(frozen=True, slots=True)
class Bin:
    """One stretch of a reliability curve: mean probability said, share in which it happened, how many."""

    said: float
    happened: float
    count: int


def reliability(probability: Array, positive: Array, bins: int = 10) -> list[Bin]:
    """How often it happened where it was said to be so likely, in bins of equal size.

    >>> [one.count for one in reliability(np.linspace(0, 1, 20), np.arange(20) % 2, bins=4)]
    [5, 5, 5, 5]
    """
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return [
        Bin(float(np.mean(probability[part])), float(np.mean(np.asarray(positive)[part])), len(part)) for part in parts
    ]


class Bootstrap:
    """Patients drawn with replacement, always the same draws for the same seed: what belongs to one stays together.

    Examples
    --------
    >>> draws = Bootstrap(patients=200, replicates=400, seed=1)
    >>> low, high = draws.of_ratio(np.arange(200.0) % 2, np.ones(200))
    >>> 0.4 < low < 0.5 < high < 0.6
    True

    References
    ----------
    Efron and Tibshirani, An Introduction to the Bootstrap, 1993: percentile intervals.
    """

    def __init__(self, patients: int, replicates: int = 1_000, seed: int = 20260101) -> None:
        self.patients, self.replicates, self.seed = patients, replicates, seed
        draws = np.random.default_rng(seed).integers(0, max(1, patients), size=(replicates, patients))
        offsets = np.arange(replicates)[:, None] * patients
        counted = np.bincount((draws + offsets).ravel(), minlength=replicates * patients)
        self.weights: Array = counted.reshape(replicates, patients).astype(np.float32)

    def totals(self, counts: Array) -> Array:
        """Sums over the drawn patients, a row each replicate. `counts` has patients first."""
        used = np.flatnonzero(counts.any(axis=1))
        weights = self.weights if 2 * len(used) > self.patients else self.weights[:, used]
        return weights @ np.asarray(counts if weights is self.weights else counts[used], dtype=np.float32)

    def of_ratio(self, above: Array, below: Array) -> tuple[float, float] | None:
        """The interval of sum(above) / sum(below) over patients."""
        top = self.totals(np.stack([above, below], axis=1).astype(np.float32))
        with np.errstate(invalid="ignore", divide="ignore"):
            return interval(top[:, 0] / top[:, 1])

    def of_ranks(self, rows: RankedRows, who: Array, bins: int = 256) -> tuple[Array, Array]:
        """AUROC and AUPRC over rows of each replicate, scores put together into at most `bins` values; NaN without both
        kinds of rows. `who` says whose each row is.
        """
        pos, neg = self._drawn(rows, who, bins)
        return auroc_of(pos, neg), average_precision_of(pos, neg)

    def of_areas(self, rows: RankedRows, who: Array, bins: int = 64) -> Array:
        """AUROC of each replicate, as in `of_ranks`."""
        return auroc_of(*self._drawn(rows, who, bins))

    def _drawn(self, rows: RankedRows, who: Array, bins: int) -> tuple[Array, Array]:
        """Counts of positives and negatives by rising score, `(replicates, bins)`."""
        if not rows.both:
            return np.zeros((self.replicates, 1)), np.zeros((self.replicates, 1))
        pos, neg = rows.by_patient(who, self.patients, bins)
        return self.totals(pos), self.totals(neg)

    def of_quantiles(self, values: Array, who: Array, shares: Sequence[float]) -> list[tuple[float, float] | None]:
        """The intervals of quantiles of values, each belonging to a patient."""
        order = np.argsort(values, kind="stable")
        weights = np.cumsum(self.weights[:, who[order]], axis=1)
        found: list[tuple[float, float] | None] = []
        for share in shares:
            if weights.shape[1] == 0:
                found.append(None)
                continue
            place = np.minimum((weights < share * weights[:, -1:]).sum(axis=1), len(order) - 1)
            found.append(interval(np.where(weights[:, -1] > 0, values[order][place], np.nan)))
        return found


def interval(replicates: Array) -> tuple[float, float] | None:
    """The 95 % percentile interval; replicates without a figure (NaN) are left out, and too many of them leave none.

    >>> [round(bound, 3) for bound in interval(np.arange(1001.0))]
    [25.0, 975.0]
    """
    known = replicates[np.isfinite(replicates)]
    if len(known) < len(replicates) / 2 or not len(known):
        return None
    low, high = np.quantile(known, [0.025, 0.975])
    return float(low), float(high)


NONE_SEEN: Final = 3.689
"""Events that a count of zero still allows: the upper bound of the exact interval, -ln(0.025) (Garwood 1936)."""


def widened(
    bounds: tuple[float, float] | None, count: float, total: float, *, share: bool
) -> tuple[float, float] | None:
    """The interval where the bootstrap can see none: nobody, or everybody, of those drawn is like that in each draw.

    `share`: `count` of `total` patients (Clopper and Pearson, Biometrika 1934;26:404), else events in `total` days.

    >>> widened((0.0, 0.0), 0, 3.0, share=False)
    (0.0, 1.23)
    >>> [round(bound, 2) for bound in widened((1.0, 1.0), 4, 4, share=True)]
    [0.4, 1.0]
    """
    if total <= 0 or (bounds is not None and bounds[0] != bounds[1]):
        return bounds
    if not share:
        return (0.0, round(NONE_SEEN / total, 3)) if count == 0 else bounds
    room = 1 - 0.025 ** (1 / total)
    if count == 0:
        return 0.0, room
    return (1 - room, 1.0) if count == total else bounds
