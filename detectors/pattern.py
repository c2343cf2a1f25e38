"""Whether vitals go together as they usually do for this patient, although each alone may look fine."""

import sys
from array import array
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from detectors.river_parts import part_of_river

if TYPE_CHECKING:
    from river.anomaly import HalfSpaceTrees as HalfSpaceTrees
else:
    HalfSpaceTrees = part_of_river("anomaly.hst").HalfSpaceTrees

SEED: Final = 20  # one seed for all patients: the trees are the same everywhere, only what fell into them differs
REACH: Final = 8.0  # spreads on either side of the usual that the trees divide; what lies beyond is put on the edge
STOP_SHARE: Final = 0.1  # of a window: below it a node is too empty to be followed further (Tan et al.)
_BIG: Final = sys.byteorder == "big"


class Trees(NamedTuple):
    """The splits of all trees: of node i (a heap: children at 2i + 1 and 2i + 2) which feature, and where."""

    features: tuple[tuple[int, ...], ...]
    thresholds: tuple[tuple[float, ...], ...]


@cache
def trees_of(names: tuple[str, ...], count: int, height: int) -> Trees:
    """River's own trees for these features, as flat tables that all patients share."""
    forest = HalfSpaceTrees(n_trees=count, height=height, window_size=2, seed=SEED)
    forest.learn_one(dict.fromkeys(names, 0.5))
    places, cuts = [], []
    for root in forest.trees:
        level, place, cut = [root], [], []
        for _ in range(height):
            place += [names.index(node.feature) for node in level]
            cut += [node.threshold for node in level]
            level = [child for node in level for child in node.children]
        places.append(tuple(place))
        cuts.append(tuple(cut))
    return Trees(tuple(places), tuple(cuts))


class Pattern:
    """How rare the vitals' present combination is among those of this patient's last window: 0 common, 1 never seen.

    Values are distances from the usual, in spreads, one for each of `names`; where one is missing there is no opinion
    and nothing to learn. Of river's half-space trees only the masses are kept for each patient: two windows of counts,
    `4 * trees * 2 ** (height + 1)` bytes. No opinion before the first window of `window` values is full.

    Examples
    --------
    >>> pattern = Pattern(("heart_rate", "resp_rate"), window=50)
    >>> for minute in range(50):
    ...     pattern.learn_one({"heart_rate": minute % 5 - 2.0, "resp_rate": minute % 5 - 2.0})
    >>> alike = pattern.score_one({"heart_rate": 2.0, "resp_rate": 2.0})
    >>> alike < pattern.score_one({"heart_rate": 2.0, "resp_rate": -2.0})
    True
    >>> pattern.score_one({"heart_rate": 2.0}) is None
    True

    References
    ----------
    S. C. Tan, K. M. Ting, T. F. Liu, Fast anomaly detection for streaming data, IJCAI 2011; the splits are made by
    river's HalfSpaceTrees, and the scores are the same (tested).
    """

    __slots__ = ("_count", "_ready", "_recent", "_reference", "_trees", "height", "names", "window")

    def __init__(self, names: Sequence[str], *, trees: int = 10, height: int = 6, window: int = 60) -> None:
        if not 0 < window < 65_536:
            raise ValueError(f"a window holds 1 to 65535 values, not {window}")
        self.names, self.height, self.window = tuple(names), height, window
        self._trees = trees_of(self.names, trees, height)
        nodes = trees * ((2 << height) - 1)
        self._reference, self._recent = array("H", bytes(2 * nodes)), array("H", bytes(2 * nodes))
        self._count, self._ready = 0, False

    def _vector(self, x: Mapping[str, float]) -> list[float] | None:
        """The distances as shares of the reach, 0 to 1; None if one is missing."""
        try:
            return [min(1.0, max(0.0, x[name] / (2 * REACH) + 0.5)) for name in self.names]
        except KeyError:
            return None

    def learn_one(self, x: Mapping[str, float]) -> None:
        """Counts a combination; when a window is full it becomes what the next ones are compared with."""
        vector = self._vector(x)
        if vector is None:
            return
        masses, base, height = self._recent, 0, self.height
        for features, thresholds in zip(*self._trees, strict=True):
            node = 0
            for _ in range(height):
                masses[base + node] += 1
                node = 2 * node + 1 + (vector[features[node]] >= thresholds[node])
            masses[base + node] += 1
            base += 2 * len(features) + 1
        self._count += 1
        if self._count == self.window:
            self._reference, self._recent = masses, array("H", bytes(2 * len(masses)))
            self._count, self._ready = 0, True

    def score_one(self, x: Mapping[str, float]) -> float | None:
        """How rare it is, 0 to 1; None before the first window is full, or if a vital is missing."""
        vector = self._vector(x) if self._ready else None
        if vector is None:
            return None
        masses, base, height, total = self._reference, 0, self.height, 0
        least = STOP_SHARE * self.window
        for features, thresholds in zip(*self._trees, strict=True):
            node = depth = 0
            while True:
                mass = masses[base + node]
                total += mass << depth
                if mass < least or depth == height:
                    break
                node = 2 * node + 1 + (vector[features[node]] >= thresholds[node])
                depth += 1
            base += 2 * len(features) + 1
        return 1.0 - total / (len(self._trees.features) * self.window * ((2 << height) - 1))

    def state(self) -> list[object]:
        """Plain numbers, and the two windows' counts as little-endian bytes."""
        return [self._count, self._ready, _bytes(self._reference), _bytes(self._recent)]

    @classmethod
    def restore(cls, state: Sequence, names: Sequence[str], *, trees: int, height: int, window: int) -> Self:
        """The detector that `state` was taken from; ValueError if it was of other trees."""
        one = cls(names, trees=trees, height=height, window=window)
        one._count, one._ready = state[0], state[1]
        reference, recent = (_counts(kept) for kept in state[2:4])
        if not len(reference) == len(recent) == len(one._recent):
            raise ValueError(f"{len(reference)} and {len(recent)} counts do not fit {len(one._recent)} nodes")
        one._reference, one._recent = reference, recent
        return one


def _bytes(counts: "array[int]") -> bytes:
    kept = array("H", counts)
    if _BIG:
        kept.byteswap()
    return kept.tobytes()


def _counts(kept: bytes) -> "array[int]":
    counts = array("H", kept)
    if _BIG:
        counts.byteswap()
    return counts
