"""What the last half hour of decided windows showed, item by item: whether something has lasted."""

from collections.abc import Sequence
from typing import Final

from detectors.rules import Rules
from detectors.vigil.red import VITALS_OF, is_extreme
from detectors.vigil.window import VITALS, Decided
from detectors.watch_rules import LastingRules
from schemas.times import MINUTE_MS

# At, NEWS2 (-1: none), and as bits of vitals: measured steadily, red (the bit of the item's first vital), extreme,
# scattering, and extreme while scattering.
Window = tuple[int, int, int, int, int, int, int]
AT, SCORE, MEASURED, RED, EXTREME, UNSTEADY, WILD = range(7)
BIT: Final = {name: 1 << place for place, name in enumerate(VITALS)}
ITEMS: Final = {**VITALS_OF, "diastolic_bp": ("diastolic_bp",)}
MEASURES: Final = {item: sum(BIT[name] for name in names) for item, names in ITEMS.items()}
BIT_OF: Final = {item: BIT[names[0]] for item, names in ITEMS.items()}
KEPT: Final = 40  # ten minutes of a stream
LEAST_KEPT: Final = 3  # however slowly they come


def keep(windows: list[Window], window: Window, rules: LastingRules) -> None:
    """Takes one window, and lets go of what is too old to count: of a vital that comes slowly beside a stream the last
    few are kept.
    """
    windows.append(window)
    since = window[AT] - int(rules.slow_minutes * MINUTE_MS)
    while len(windows) > LEAST_KEPT and windows[0][AT] < since:
        del windows[0]
    if len(windows) <= KEPT:
        return
    old = len(windows) - KEPT
    asked = 0
    for one in windows[:old]:
        asked |= one[MEASURED]
    if not asked & ~(windows[-1][MEASURED] & windows[-2][MEASURED] & windows[-3][MEASURED]):
        del windows[:old]  # all that they measured has come often enough since, as below
        return
    once = twice = often = 0  # vitals measured so many times since
    needed = []
    for one in reversed(windows):
        measured = one[MEASURED]
        needed.append(bool(measured & ~often))
        often, twice, once = often | (twice & measured), twice | (once & measured), once | measured
        if not asked & ~often and len(needed) <= KEPT:
            del windows[:old]  # all that they measured has come often enough since
            return
    windows[:old] = [one for one, kept in zip(windows[:old], needed[: KEPT - 1 : -1], strict=True) if kept]


def window_of(
    at: int, score: int | None, fresh: dict[str, Decided], red: Sequence[str], extreme: Sequence[str], rules: Rules
) -> Window:
    """What one group of decided values showed; `red` are items, `extreme` vitals, as they are in force."""
    measured = unsteady = wild = far = 0
    for name, decided in fresh.items():
        bit = BIT[name]
        if decided.steady:
            measured |= bit
            if name in extreme:
                far |= bit
        else:
            unsteady |= bit
            if is_extreme(name, decided.value, rules):
                wild |= bit
    reds = sum(BIT_OF[item] for item in red if MEASURES[item] & measured)
    return at, -1 if score is None else score, measured, reds, far, unsteady, wild


def rows(windows: Sequence[Window], mask: int, what: int, bit: int, since: int) -> list[tuple[int, bool]]:
    """When the vitals of `mask` were measured since then, oldest first, and whether `bit` was set in `what`."""
    return [(one[AT], bool(one[what] & bit)) for one in windows if one[MEASURED] & mask and one[AT] >= since]


def in_a_row(found: Sequence[tuple[int, bool]], count: int) -> bool:
    """Whether each of the last `count` shows it."""
    return len(found) >= count and all(shown for _, shown in found[-count:])


def slowly(found: Sequence[tuple[int, bool]], rules: LastingRules) -> bool:
    """Whether the last two lie further apart than a stream's."""
    return len(found) > 1 and found[-1][0] - found[-2][0] > rules.slow_seconds * 1_000


def lasts(found: Sequence[tuple[int, bool]], at: int, count: int, rules: LastingRules) -> bool:
    """Whether it has lasted: `count` in a row, a share of the last minutes, or two of three that come slowly."""
    if not found or not found[-1][1]:
        return False
    if in_a_row(found, count):
        return True
    if slowly(found, rules) and sum(shown for _, shown in found[-3:]) > 1:
        return True
    recent = [shown for moment, shown in found if moment > at - rules.share_minutes * MINUTE_MS]
    return len(recent) >= max(rules.least, count) and sum(recent) >= rules.share * len(recent)


def score_lasts(windows: Sequence[Window], level: int, seconds: float, rules: LastingRules) -> bool:
    """Whether NEWS2 has been at a level or above for so long, in at least three windows, with one gap at most among
    four that come slowly; or for a share of the last minutes.
    """
    found = [(one[AT], one[SCORE] >= level) for one in windows if one[SCORE] >= 0]
    if not found or not found[-1][1]:
        return False
    at, run = found[-1][0], 0
    for _, shown in reversed(found):
        if not shown:
            break
        run += 1
    if run >= LEAST_KEPT and at - found[-run][0] >= seconds * 1_000:
        return True
    if slowly(found, rules) and sum(shown for _, shown in found[-3:]) > 1 and found[-1][0] - found[-3:][0][0] > 0:
        return len(found) > 2 or run > 1
    recent = [(moment, shown) for moment, shown in found if moment > at - rules.share_minutes * MINUTE_MS]
    first = next(moment for moment, shown in recent if shown)
    return (
        len(recent) >= rules.least
        and at - first >= seconds * 1_000
        and sum(shown for _, shown in recent) >= rules.share * len(recent)
    )
