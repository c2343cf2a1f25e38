"""How deep a JSON text nests, found without reading it: what nests beyond all measure is refused before it is read."""

import re
from typing import Final

MOST_NESTING: Final = 64
"""Our messages nest eight deep at most."""

_STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_OTHERS: Final = bytes(set(range(256)) - set(b"[]{}"))


class TooDeep(ValueError):
    """A text that nests deeper than any message of ours."""


def refuse_too_deep(value: bytes, most: int = MOST_NESTING) -> None:
    """Raises TooDeep where the text nests deeper than `most`; what is no JSON is left to whoever reads it.

    >>> refuse_too_deep(b'{"a": [[1], "[[["]}', most=3)
    >>> refuse_too_deep(b'{"a": [[1], "[[["]}', most=2)
    Traceback (most recent call last):
    schemas.nesting.TooDeep: nests deeper than 2
    """
    if value.count(b"[") + value.count(b"{") <= most:  # brackets in texts counted too: it cannot be deeper
        return
    depth = 0
    for bracket in _STRINGS.sub(b"", value).translate(None, _OTHERS):
        depth += 1 if bracket in b"[{" else -1
        if depth > most:
            raise TooDeep(f"nests deeper than {most}")
