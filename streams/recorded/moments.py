"""Moments and stretches as they are written on the command line."""

from datetime import timedelta

import typer

from schemas.base import read_moment
from schemas.times import to_ms
from streams.recorded.play import Stretch
from streams.ward.pace import seconds


def moment(text: str | None, now_ms: int) -> int | None:
    """RFC 3339 with its zone, or so long ago (`90m`, `2h`), in milliseconds. Raises typer.BadParameter.

    >>> moment("2026-11-22T12:00:00Z", 0), moment("1h", 7_200_000)
    (1795348800000, 3600000)
    """
    if text is None:
        return None
    try:
        return to_ms(read_moment(text))
    except ValueError as refusal:
        try:
            return now_ms - round(timedelta(seconds=seconds(text)).total_seconds() * 1_000)
        except ValueError:
            raise typer.BadParameter(f"{text!r}: {refusal}; or so long ago, such as 90m") from None


def stretch(patient: str | None, since: str | None, until: str | None, now_ms: int) -> Stretch:
    """What was asked for. Raises typer.BadParameter."""
    asked = Stretch(patient, moment(since, now_ms), moment(until, now_ms))
    if asked.since_ms is not None and asked.until_ms is not None and asked.since_ms > asked.until_ms:
        raise typer.BadParameter("--since lies after --until")
    return asked
