"""A file of messages as `vigilward check` looks through it: one a line, a single one over many lines, or others'."""

import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from schemas.decode import MAX_BYTES
from streams import foreign_check
from streams.formats.converter import recognise
from streams.formats.format import Format
from streams.formats.mapping import Mapping, shipped
from streams.formats.statements import Site
from streams.inspection.inspector import Inspector
from streams.inspection.remarks import Remark, Sign

HEAD: Final = 65_536
BOM: Final = b"\xef\xbb\xbf"
LONGEST: Final = 4 * MAX_BYTES
"""A line longer than any record is cut: it is too large either way."""


def remarks(
    path: Path, inspector: Inspector, form: Format | None, site: Site, mappings: tuple[Mapping, ...]
) -> Iterator[Any]:
    """What there is to say of each message of a file, `-` for standard input. `form`: others' format, which is
    converted first; None where only our own messages are meant.
    """
    with nullcontext(sys.stdin.buffer) if str(path) == "-" else path.open("rb") as whole:
        head = whole.read(HEAD) if form is not None else b""
        file = cast(BinaryIO, _Again(head, whole))
        found = recognise(head, (*mappings, *shipped())) if form is Format.AUTO else form
        if found not in (None, Format.NATIVE):
            yield from foreign_check.look(head + whole.read(), found, site, mappings, inspector)
            return
        yield from _remarks_of(file, inspector)


def _remarks_of(file: BinaryIO, inspector: Inspector) -> Iterator[Remark]:
    for number, message in _messages(file):
        if message.startswith(BOM) and number == 1:
            yield Remark(1, Sign.BYTE_ORDER_MARK, None, "the file begins with one")
            message = message.removeprefix(BOM)
        yield from inspector.look(number, message)


def _messages(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Line number and message; the whole as one message where its first line alone is none."""
    number, line = _next_line(file, 0)
    if line and not _is_json(line.removeprefix(BOM)):
        rest = file.read(LONGEST)
        whole = line + rest
        if len(rest) < LONGEST and _is_json(whole.removeprefix(BOM)):
            yield number, whole.strip()
            return
        file = cast(BinaryIO, _Again(rest, file))
    while line:
        yield number, line.strip(b"\r\n")
        number, line = _next_line(file, number)


def _next_line(file: BinaryIO, number: int) -> tuple[int, bytes]:
    """The next line with something in it, of at most `LONGEST` bytes; nothing at the end."""
    while True:
        number += 1
        line = file.readline(LONGEST)
        while line and not line.endswith(b"\n") and len(line) >= LONGEST and (more := file.readline(LONGEST)):
            if more.endswith(b"\n"):
                break
        if not line or line.strip():
            return number, line


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


class _Again:
    """A file of which the next bytes were read already."""

    def __init__(self, read: bytes, file: BinaryIO) -> None:
        self._read, self._file = read, file

    def readline(self, limit: int) -> bytes:
        line, newline, self._read = self._read.partition(b"\n")
        line += newline
        if len(line) > limit:
            line, self._read = line[:limit], line[limit:] + self._read
            return line
        return line if newline else line + self._file.readline(limit - len(line))

    def read(self, limit: int) -> bytes:
        """What was read already, then the file."""
        held, self._read = self._read[:limit], self._read[limit:]
        return held + self._file.read(limit - len(held))
