"""Fifteen seconds of samples become one robust value per vital: detectors never see a raw sample."""

from array import array
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from math import nan
from typing import Final, Self

from msgspec.structs import replace

from detectors.shapes import LeafAsList
from schemas.vitals import Source, Vital

WINDOW_MS: Final = 15_000
# Said by people or settings, not sampled: the newest counts, and of two at the same moment the worse.
CHARTED: Final = frozenset({Vital.CONSCIOUSNESS.value, Vital.SUPPLEMENTAL_OXYGEN.value, Vital.GCS.value})
_LOWER_IS_WORSE: Final = Vital.GCS.value
# How far apart the middle half of one window's samples may lie (see `_spread`), in the vital's unit: no body changes so
# fast, and a monitor's own averaging (8 to 16 s for SpO2) would smooth it if one did. Ours, well below published caps
# on a single step (SpO2 10 %/s, heart rate 60/min from beat to beat).
UNSTEADY: Final = {"heart_rate": 30.0, "pulse_rate": 30.0, "resp_rate": 15.0, "spo2": 8.0}
# These can fall from one beat to the next (a block, an arrest): one clean step down is no scatter. A step up waits for
# the next window: of recorded rates counted twice for 10 s, 28 % called while steps up were believed at once, else 2 %.
MAY_DROP: Final = frozenset({"heart_rate", "pulse_rate"})
_OXIMETRY: Final = Vital.SPO2.value
_PULSE: Final = Vital.PULSE_RATE.value
SOURCES: Final = (Source.MONITOR.value, Source.WEARABLE.value, Source.SPOT.value)
NUMBER_OF: Final = {source: number for number, source in enumerate(Source)}
SPOT: Final = 2
VITALS: Final = tuple(vital.value for vital in Vital)
_KNOWN: Final = frozenset(VITALS)
OTHERS_KEPT: Final = 8  # names of a reading that are no vital's
OTHER_LENGTH: Final = 40


class Decided(LeafAsList, frozen=True):
    """One vital of one decided window: the median, when last and from what source, and how far to trust it.

    `flat` says that all samples were the same; `samples` is their number. Samples that scatter as no body does
    (`UNSTEADY`) make it not `steady`, and suspect. `delayed`: how old it was when it was decided, where that was later
    than usual.
    """

    value: float
    at: int
    source: int
    suspect: bool
    samples: int
    flat: bool
    device: int
    sequence: int
    steady: bool = True
    delayed: int = 0


@lru_cache(maxsize=1_024)
def _in_order(names: tuple[str, ...]) -> tuple[tuple[str, int, bool, float | None], ...]:
    """Of vitals as they stand in a row: name, place, whether charted, and how far apart steady samples may lie; in the
    fixed order of vitals.
    """
    return tuple((name, names.index(name), name in CHARTED, UNSTEADY.get(name)) for name in VITALS if name in names)


def names_sent(vitals: Iterable[str]) -> tuple[str, ...]:
    """What is remembered of the names that came with a reading: the vitals, and few others; a repeat of the rest is
    refused as they were.

    >>> names_sent(["spo2", "mood", "spo2", 50 * "x"])
    ('spo2', 'mood')
    """
    sent = dict.fromkeys(vitals)
    others = [name for name in sent if name not in _KNOWN]
    if not others:
        return tuple(sent)
    kept = [name for name in others if len(name) <= OTHER_LENGTH][:OTHERS_KEPT]
    return tuple(name for name in sent if name in _KNOWN or name in kept)


def not_in(names: Iterable[str], sent: Sequence[str]) -> list[str]:
    """Those of the names that have not been sent yet."""
    return [name for name in names if name not in sent]


@lru_cache(maxsize=1_024)
def _joined(known: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    """The known vitals and those of `names` that are new: one tuple for all patients whose devices send the same."""
    return known + tuple(name for name in names if name not in known)


class Window:
    """An open stretch of one patient's time: one row a reading, in however many messages it came.

    `names` are the vitals that any reading has had; `values` holds them row by row, NaN where a reading lacks one.
    `rows` holds when, device, sequence and taken_at of each reading, flat: that is also how a repeat is known.
    `aside` names, by row, what was sent with a reading but has no value there: refused, too old, dropped, taken back.
    Of the first `whole` rows that was not kept: everything counts as sent.
    `suspect` counts doubtful samples by vital, `unusable` what devices themselves called unusable, `under` those among
    them below what the device can measure.
    """

    __slots__ = (
        "aside",
        "closes",
        "end",
        "names",
        "ragged",
        "rows",
        "source",
        "suspect",
        "unattached",
        "under",
        "unusable",
        "values",
        "whole",
    )

    def __init__(self, end: int, closes: int, source: int) -> None:
        self.end, self.closes, self.source = end, closes, source
        self.names: tuple[str, ...] = ()
        self.values, self.rows = array("d"), array("q")
        self.suspect: dict[str, int] = {}
        self.unusable: dict[str, int] = {}
        self.under: dict[str, int] = {}
        self.unattached = False
        self.ragged = False  # whether any reading lacks a vital
        self.aside: dict[int, tuple[str, ...]] = {}
        self.whole = 0

    @property
    def count(self) -> int:
        """How many readings there are."""
        return len(self.rows) // 4

    def holds(self, device: int, sequence: int, taken: int) -> bool:
        """Whether this very reading is here already."""
        rows = self.rows
        return any(
            rows[i + 3] == taken and rows[i + 1] == device and rows[i + 2] == sequence for i in range(0, len(rows), 4)
        )

    def row_of(self, device: int, sequence: int, taken: int) -> int:
        """In which row this very reading stands; -1: in none."""
        rows = self.rows
        if taken not in rows[3::4]:
            return -1
        for place in range(len(rows) - 1, 0, -4):
            if rows[place] == taken and rows[place - 2] == device and rows[place - 1] == sequence:
                return place >> 2
        return -1

    def unsent(self, row: int, names: Iterable[str]) -> list[str]:
        """Those of the names that have not come with that reading yet."""
        return [] if row < self.whole else not_in(names, self._sent(row))

    def set_aside(self, row: int, names: Iterable[str]) -> None:
        """These came with that reading, and leave no value there."""
        self.aside[row] = names_sent((*self.aside.get(row, ()), *names))

    def _sent(self, row: int) -> list[str]:
        begin = row * len(self.names)
        valued = [name for place, name in enumerate(self.names, begin) if self.values[place] == self.values[place]]
        return [*valued, *self.aside.get(row, ())]

    def join(self, row: int, names: tuple[str, ...], values: list[float]) -> None:
        """Takes more values of a reading that stands here already."""
        self._fit(names, values)
        begin = row * len(self.names)
        for name, value in zip(names, values, strict=True):
            self.values[begin + self.names.index(name)] = value

    def add(self, names: tuple[str, ...], values: list[float], row: list[int]) -> None:
        """Takes one reading's values, and its row: when, device, sequence, taken_at."""
        if names != self.names:
            values = self._fit(names, values)
        self.values.fromlist(values)
        self.rows.fromlist(row)

    def _fit(self, names: tuple[str, ...], values: list[float]) -> list[float]:
        """The values of a reading with other vitals than those before it, as a row; makes room for the vitals that
        are new.
        """
        before, width = self.values, len(self.names)
        known = self.names = _joined(self.names, names)
        if self.count == 0:
            return values
        if len(known) > width:
            gap = [nan] * (len(known) - width)
            self.values = array("d")
            for row in range(self.count):
                self.values.extend(before[row * width : (row + 1) * width])
                self.values.fromlist(gap)
        self.ragged = self.ragged or len(known) > width or len(names) < len(known)
        told = dict(zip(names, values, strict=True))
        return [told.get(name, nan) for name in known]

    def withdraw(self, device: int, sequence: int) -> bool:
        """Takes a reading's values out again; says whether there were any."""
        rows, values, width, found = self.rows, self.values, len(self.names), False
        for row in range(self.count):
            if rows[4 * row + 1] == device and rows[4 * row + 2] == sequence:
                self.set_aside(row, self._sent(row))
                for place in range(row * width, (row + 1) * width):
                    found = found or values[place] == values[place]
                    values[place] = nan
                self.ragged = True
        return found

    def drop(self) -> None:
        """Takes all values out again; the rows stay, and what came with each, so that a repeat is known."""
        for row in range(self.whole, self.count):
            self.set_aside(row, self._sent(row))
        self.names, self.values = (), array("d")
        self.suspect, self.unusable, self.under = {}, {}, {}
        self.unattached, self.ragged = False, True

    def column(self, name: str) -> "array[float]":
        """A vital's samples, row by row; NaN where a reading lacks it."""
        return self.values[self.names.index(name) :: len(self.names)]

    def first(self, name: str) -> int | None:
        """When the vital was first seen here."""
        if name not in self.names:
            return None
        return min((self.rows[4 * row] for row, value in enumerate(self.column(name)) if value == value), default=None)

    def newest(self) -> tuple[int, int, int]:
        """When, device and sequence of the newest reading."""
        rows = self.rows.tolist()
        moments = rows[0::4]
        newest = max(moments)
        if moments[-1] == newest and moments.count(newest) == 1:  # how they nearly always come
            return newest, rows[-3], rows[-2]
        return max(zip(moments, rows[1::4], rows[2::4], strict=True))

    def _newest_with(self, column: Sequence[float]) -> tuple[int, int, int]:
        """As `newest`, of the readings that have the vital."""
        rows = self.rows
        having = (4 * row for row, value in enumerate(column) if value == value)
        return max((rows[i], rows[i + 1], rows[i + 2]) for i in having)

    def decide(self) -> dict[str, Decided]:
        """Each vital's value and how far to trust it, in the fixed order of vitals. The order of arrival leaves no
        trace.
        """
        decided: dict[str, Decided] = {}
        if self.count == 0:
            return decided
        source, suspect, ragged = self.source, self.suspect, self.ragged
        when, device, sequence = self.newest()
        samples, width = self.values.tolist(), len(self.names)
        for name, place, charted, most in _in_order(self.names):
            column = samples[place::width]
            if ragged:
                values = sorted([value for value in column if value == value])
                if not values:
                    continue
                when, device, sequence = self._newest_with(column)
            else:
                values = sorted(column)
            count = len(values)
            half = count >> 1
            if charted:
                value = self._charted(name, column, when)
            else:
                value = values[half] if count & 1 else (values[half - 1] + values[half]) / 2
            doubtful = bool(suspect) and suspect.get(name, 0) * 2 >= count
            apart = values[-1] - values[0]
            # the middle half lies no farther apart than all of them do
            steady = most is None or apart <= most or _spread(values) <= most
            if most is not None and not steady and name in MAY_DROP:
                steady = _dropped(self._in_time(column), most)
            flat, doubtful = apart == 0, doubtful or not steady
            decided[name] = Decided(value, when, source, doubtful, count, flat, device, sequence, steady)
        pulse, oximetry = decided.get(_PULSE), decided.get(_OXIMETRY)
        if oximetry is not None and pulse is not None and not pulse.steady:
            # one light for both: no pulse found, no saturation
            decided[_OXIMETRY] = replace(oximetry, suspect=True, steady=False)
        return decided

    def _in_time(self, column: Sequence[float]) -> list[float]:
        """A vital's samples in the order in which they were taken, those of one moment by size."""
        told = zip(self.rows[0::4], column, strict=True)
        return [value for _, value in sorted(pair for pair in told if pair[1] == pair[1])]

    def _charted(self, name: str, column: Sequence[float], when: int) -> float:
        newest = [v for at, v in zip(self.rows[0::4], column, strict=True) if at == when and v == v]
        return min(newest) if name == _LOWER_IS_WORSE else max(newest)

    def state(self) -> list[object]:
        """Plain numbers and strings."""
        columns = [[name, self.column(name).tolist()] for name in sorted(self.names)]
        counts = [sorted(found.items()) for found in (self.suspect, self.unusable, self.under)]
        return [
            self.end,
            self.closes,
            self.source,
            self.count,
            columns,
            self.rows.tolist(),
            counts,
            self.unattached,
            self.ragged,
            self.whole,
            sorted(self.aside.items()),
        ]

    @classmethod
    def restore(cls, state: Sequence) -> Self:
        """The window that `state` was taken from."""
        one = cls(*state[:3])
        one.rows, one.unattached, one.ragged = array("q", state[5]), state[7], state[8]
        one.names = tuple(name for name, _ in state[4])
        one.values = array("d", chain.from_iterable(zip(*(column for _, column in state[4]), strict=True)))
        one.suspect, one.unusable, one.under = (dict(found) for found in state[6])
        if len(state) > 9:
            one.whole, one.aside = state[9], {row: tuple(names) for row, names in state[10]}
        else:
            one.whole = one.count  # nobody kept what came with each
        return one


def _spread(values: Sequence[float]) -> float:
    """How far apart the middle half of these ordered samples lies; of so few that they have none, the closest two.

    >>> _spread([70, 80, 81, 82, 300]), _spread([80, 81, 300]), _spread([80])
    (2, 1, 0)
    """
    count = len(values)
    if count > 3:
        return values[3 * count >> 2] - values[count >> 2]
    return min((later - earlier for earlier, later in pairwise(values)), default=0)


def _dropped(samples: Sequence[float], most: float) -> bool:
    """Whether samples in the order of time lie on one level and then, for more than half of them, on a lower one, each
    level within `most`; of fewer than four that cannot be told.

    >>> _dropped([80, 81, 30, 31, 30], 30), _dropped([30, 31, 80, 81, 80], 30), _dropped([80, 30] * 3, 30)
    (True, False, False)
    """
    low = high = samples[0]
    at = 0
    while at < len(samples) and max(high, samples[at]) - min(low, samples[at]) <= most:
        low, high = min(low, samples[at]), max(high, samples[at])
        at += 1
    after = samples[at:]
    return len(samples) > 3 and 2 * len(after) > len(samples) and max(after) < low and max(after) - min(after) <= most


def decide(windows: Sequence[Window]) -> dict[str, Decided]:
    """The values of windows that end together, in the fixed order of vitals; a monitor's comes before a wearable's."""
    if len(windows) == 1:
        return windows[0].decide()
    found: dict[str, Decided] = {}
    for window in sorted(windows, key=lambda e: -e.source):
        found.update(window.decide())
    return {name: found[name] for name in VITALS if name in found}
