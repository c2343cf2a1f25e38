"""Fifteen seconds of samples become one robust value per vital: detectors never see a raw sample."""

from array import array
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, Self

from schemas.vitals import Source, Vital

EPOCH_MS: Final = 15_000
# Said by people or settings, not sampled: the newest counts, and of two at the same moment the worse.
CHARTED: Final = frozenset({Vital.CONSCIOUSNESS.value, Vital.SUPPLEMENTAL_OXYGEN.value, Vital.GCS.value})
_LOWER_IS_WORSE: Final = Vital.GCS.value
SOURCES: Final = (Source.MONITOR.value, Source.WEARABLE.value, Source.SPOT.value)
NUMBER_OF: Final = {source: number for number, source in enumerate(Source)}
SPOT: Final = 2
VITALS: Final = tuple(vital.value for vital in Vital)


class Decided(NamedTuple):
    """One vital of one decided epoch: the median, when last and from what source, and how far to trust it.

    `flat` says that all samples were the same; `count` is their number.
    """

    value: float
    at: int
    source: int
    suspect: bool
    count: int
    flat: bool
    device: int
    sequence: int


class Column:
    """The samples of one vital in one epoch."""

    __slots__ = ("first", "last", "origin", "suspect", "values")

    def __init__(self, value: float, when: int, suspect: bool, origin: tuple[int, int]) -> None:
        self.values = array("d", (value,))
        self.first = self.last = when
        self.suspect = 1 if suspect else 0
        self.origin = origin

    def add(self, value: float, when: int, suspect: bool, origin: tuple[int, int]) -> None:
        """Takes one more sample; the order of arrival leaves no trace."""
        self.values.append(value)
        if suspect:
            self.suspect += 1
        if when > self.last:
            self.last, self.origin = when, origin
        elif when < self.first:
            self.first = when
        elif when == self.last and origin > self.origin:
            self.origin = origin

    def chart(self, name: str, value: float, when: int, suspect: bool, origin: tuple[int, int]) -> None:
        """Takes a charted value: the newest counts, of two at the same moment the worse."""
        first = min(self.first, when)
        here = self.values[0]
        worse = value < here if name == _LOWER_IS_WORSE else value > here
        if when > self.last or (when == self.last and worse):
            self.__init__(value, when, suspect, origin)  # type: ignore[misc]
        self.first = first

    def decide(self, source: int) -> Decided:
        """The median and how far to trust it."""
        values = self.values
        count = len(values)
        if count == 1:
            return Decided(values[0], self.last, source, self.suspect > 0, 1, True, *self.origin)
        ranked = sorted(values)
        half = count // 2
        median = ranked[half] if count % 2 else (ranked[half - 1] + ranked[half]) / 2
        return Decided(
            median, self.last, source, self.suspect * 2 >= count, count, ranked[0] == ranked[-1], *self.origin
        )

    def state(self) -> list[object]:
        """Plain numbers."""
        return [self.values.tolist(), self.first, self.last, self.suspect, list(self.origin)]

    @classmethod
    def restore(cls, state: Sequence) -> Self:
        """The column that `state` was taken from."""
        one = cls(0.0, state[1], False, (state[4][0], state[4][1]))
        one.values, one.last, one.suspect = array("d", state[0]), state[2], state[3]
        return one


class Epoch:
    """An open stretch of one patient's time: who reported (to know repeats), and what.

    `seen` holds device, sequence, taken_at of each reading, flat. `unusable` counts what devices themselves called unusable, per vital;
    `under` those among them that lie below what the device can measure.
    """

    __slots__ = ("closes", "columns", "end", "seen", "source", "unattached", "under", "unusable")

    def __init__(self, end: int, closes: int, source: int) -> None:
        self.end, self.closes, self.source = end, closes, source
        self.columns: dict[str, Column] = {}
        self.seen = array("q")
        self.unusable: dict[str, int] = {}
        self.under: dict[str, int] = {}
        self.unattached = False

    def holds(self, device: int, sequence: int, taken: int) -> bool:
        """Whether this very reading is here already."""
        seen = self.seen
        return any(
            seen[i + 2] == taken and seen[i] == device and seen[i + 1] == sequence for i in range(0, len(seen), 3)
        )

    def state(self) -> list[object]:
        """Plain numbers and strings."""
        columns = [[name, column.state()] for name, column in sorted(self.columns.items())]
        flags = [sorted(self.unusable.items()), sorted(self.under.items()), self.unattached]
        return [self.end, self.closes, self.source, columns, self.seen.tolist(), *flags]

    @classmethod
    def restore(cls, state: Sequence) -> Self:
        """The epoch that `state` was taken from."""
        one = cls(*state[:3])
        one.columns = {name: Column.restore(column) for name, column in state[3]}
        one.seen = array("q", state[4])
        one.unusable, one.under = {n: c for n, c in state[5]}, {n: c for n, c in state[6]}
        one.unattached = state[7]
        return one


def decide(epochs: Iterable[Epoch]) -> dict[str, Decided]:
    """The values of epochs that end together, in the fixed order of vitals; a monitor's comes before a wearable's."""
    found: dict[str, Decided] = {}
    for epoch in sorted(epochs, key=lambda e: -e.source):
        for name, column in epoch.columns.items():
            found[name] = column.decide(epoch.source)
    return {name: found[name] for name in VITALS if name in found}
