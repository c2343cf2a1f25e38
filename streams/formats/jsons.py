"""JSON documents in some bytes: one, a list of them, or one a line."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

BOM: Final = b"\xef\xbb\xbf"
_UNREADABLE: Final = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)


def documents(data: bytes) -> Iterator[tuple[Any, str]]:
    """Each document and an empty text, or nothing and what is wrong with it.

    >>> list(documents(b'{"a": 1}\\n{"a"')), list(documents(b'[1, 2]'))
    ([({'a': 1}, ''), (None, 'not JSON: Input data was truncated')], [(1, ''), (2, '')])
    """
    body = data.removeprefix(BOM).strip()
    try:
        said = msgspec.json.decode(body)
    except _UNREADABLE as error:
        problem = _words(error)
    else:
        yield from ((one, "") for one in said) if isinstance(said, list) else iter([(said, "")])
        if said == []:
            yield None, "an empty list"
        return
    first = True
    for line in body.splitlines() if b"\n" in body else ():
        if not line.strip():
            continue
        try:
            yield msgspec.json.decode(line), ""
        except _UNREADABLE as error:
            if first:
                break  # not one document a line, then: one complaint is enough
            yield None, _words(error)
        first = False
    if first:
        yield None, problem


def _words(error: Exception) -> str:
    return f"not JSON: {str(error)[:80]}"
