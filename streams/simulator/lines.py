"""Readings kept in a file, one a line, exactly as they were sent."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
from msgspec import Meta, Struct

from schemas.times import to_ms


class _Address(Struct, gc=False):
    """As much of a reading as is needed to place it."""

    patient_id: str
    taken_at: Annotated[datetime, Meta(tz=True)]


_address = msgspec.json.Decoder(_Address).decode


def read_lines(path: Path | str) -> Iterator[tuple[int | None, str | None, bytes]]:
    """`(taken_at in ms since 1970, patient_id, the line)` of newline-delimited JSON, in the order of the file.

    The bytes are kept as they are, without the line's end. Where time or patient cannot be told both are None: the line
    is still handed over, for it is the intake that refuses, in words. Empty lines are not readings.
    """
    with Path(path).open("rb") as file:
        yield from split_lines(file)


def split_lines(file: BinaryIO) -> Iterator[tuple[int | None, str | None, bytes]]:
    """As `read_lines`, from what is open already, such as standard input."""
    for line in file:
        value = line.rstrip(b"\r\n")
        if not value:
            continue
        try:
            address = _address(value)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            yield None, None, value
        else:
            yield to_ms(address.taken_at), address.patient_id, value
