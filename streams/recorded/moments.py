"""Moments and stretches as they are written on the command line."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import typer

from schemas.times import to_ms
from streams.simulator.pace import seconds

if TYPE_CHECKING:
    from streams.recorded.play import Stretch

WORDED: Final = re.compile(r"(hour|second)s? (\d+(?:\.\d+)?)")
UNITS_S: Final = {"hour": 3_600, "second": 1}
SETTLE_MS: Final = 30_000


def moment(text: str | None, now_ms: int) -> int | None:
    """RFC 3339 with its zone, or so long ago (`90m`, `2h`), in milliseconds. Raises typer.BadParameter.

    >>> moment("2026-11-22T12:00:00Z", 0), moment("1h", 7_200_000)
    (1795348800000, 3600000)
    """
    if text is None:
        return None
    from schemas.base import read_moment

    try:
        return to_ms(read_moment(text))
    except ValueError as refusal:
        try:
            return now_ms - round(timedelta(seconds=seconds(text)).total_seconds() * 1_000)
        except ValueError:
            raise typer.BadParameter(f"{text!r}: {refusal}; or so long ago, such as 90m") from None


def moment_of_patient(text: str, start_ms: int | None) -> int | None:
    """A moment counted from the patient's first reading, as reports write it (`hour 51.0`, `second 9.9`) or as a
    duration (`51h`, `+51h`), in milliseconds; None where the text is nothing of the kind.

    What was measured at a moment is decided within half a minute: that much is added. Without a start (a log has none)
    only the words of a report and a plus sign are from a start, and refused. Raises typer.BadParameter.

    >>> moment_of_patient("hour 1.5", 0), moment_of_patient("+90m", 0), moment_of_patient("2026-11-22T12:00:00Z", 0)
    (5430000, 5430000, None)
    """
    worded = WORDED.fullmatch(text.strip().lower())
    plain = text.strip().removeprefix("+")
    if worded is None and start_ms is None and not text.strip().startswith("+"):
        return None
    try:
        after = float(worded[2]) * UNITS_S[worded[1]] if worded else seconds(plain)
    except ValueError:
        return None
    if start_ms is None:
        raise typer.BadParameter(f"{text!r} counts from a patient's first reading, which a log need not hold")
    return start_ms + round(after * 1_000) + SETTLE_MS


def stretch(patient: str | None, since: str | None, until: str | None, now_ms: int) -> "Stretch":
    """What was asked for. Raises typer.BadParameter."""
    begin, end = moment(since, now_ms), moment(until, now_ms)
    if begin is not None and end is not None and begin > end:
        raise typer.BadParameter("--since lies after --until")
    from streams.recorded.play import Stretch

    return Stretch(patient, begin, end)
