"""What every open page hears: one row of changes, encoded once, numbered, and kept for a while for those who were away.

A page that names the last event it heard gets what it missed; if that is no longer kept, or was said by a board that
has since been restarted, it gets the whole picture anew.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Final

from streams.board.view import View

KEPT_EVENTS: Final = 2_000
KEPT_BYTES: Final = 32 * 2**20
PIECE_BYTES: Final = 2**16


def event_bytes(name: str, body: bytes, identity: str | None = None) -> bytes:
    """One server-sent event. `body` is JSON in one line.

    >>> event_bytes("pulse", b"{}", "a-1")
    b'id: a-1\\nevent: pulse\\ndata: {}\\n\\n'
    """
    head = b"" if identity is None else b"id: " + identity.encode() + b"\n"
    return head + b"event: " + name.encode() + b"\ndata: " + body + b"\n\n"


def pieces(event: bytes) -> Iterator[bytes]:
    """An event in pieces: whoever does not read has one of them lying here, not the whole.

    >>> [len(piece) for piece in pieces(bytes(100_000))]
    [65536, 34464]
    """
    for begin in range(0, len(event), PIECE_BYTES):
        yield event[begin : begin + PIECE_BYTES]


class Stream:
    """The row of changes. `whole()` gives the picture as it is now, as JSON bytes."""

    def __init__(self, whole: Callable[[], bytes], *, kept: int = KEPT_EVENTS, kept_bytes: int = KEPT_BYTES) -> None:
        self.origin = secrets.token_hex(4)
        self._whole, self._most, self._most_bytes = whole, kept, kept_bytes
        self._kept: deque[bytes] = deque()
        self._bytes = 0
        self._first = 1  # the number of the oldest event kept
        self._woken = asyncio.Event()
        self._closed = False
        self._picture: tuple[int, bytes] | None = None
        self.listeners = 0

    @property
    def last(self) -> int:
        """The number of the newest event; 0 before the first."""
        return self._first + len(self._kept) - 1

    def say(self, name: str, body: bytes) -> None:
        """Tell everybody."""
        event = event_bytes(name, body, f"{self.origin}-{self.last + 1}")
        self._kept.append(event)
        self._bytes += len(event)
        while len(self._kept) > self._most or (self._bytes > self._most_bytes and len(self._kept) > 1):
            self._bytes -= len(self._kept.popleft())
            self._first += 1
        self._woken.set()
        self._woken = asyncio.Event()

    def close(self) -> None:
        """End every page's stream."""
        self._closed = True
        self._woken.set()

    def place_of(self, identity: str | None) -> int | None:
        """The number after an event heard, if everything since is still kept; None: the whole picture is needed."""
        origin, _, number = (identity or "").rpartition("-")
        if origin != self.origin or not number.isdigit():
            return None
        after = int(number) + 1
        return after if self._first <= after <= self.last + 1 else None

    async def listen(self, after: str | None, alive: Callable[[], bool]) -> AsyncIterator[bytes]:
        """Events as they come, from the one after `after`; ends when the board does or `alive()` is false."""
        place = self.place_of(after)
        self.listeners += 1
        try:
            while not self._closed and alive():
                if place is None or place < self._first:
                    place = self.last + 1
                    for piece in pieces(self._picture_now()):
                        yield piece
                elif place > self.last:
                    woken = self._woken
                    await woken.wait()
                else:
                    event = self._kept[place - self._first]
                    place += 1
                    for piece in pieces(event):
                        yield piece
        finally:
            self.listeners -= 1

    def _picture_now(self) -> bytes:
        # Fifty pages that come back at once, after a restart, are served the same bytes.
        if self._picture is None or self._picture[0] != self.last:
            self._picture = (
                self.last,
                event_bytes("whole", self._whole(), f"{self.origin}-{self.last}"),
            )
        return self._picture[1]


class Streams:
    """One row of changes for each set of wards that somebody looks at: a page is told of its own patients alone."""

    def __init__(self, whole: Callable[[View], bytes]) -> None:
        self._whole = whole
        self._rows: dict[frozenset[str] | None, tuple[View, Stream]] = {}
        self.of(None)

    def __iter__(self) -> Iterator[tuple[View, Stream]]:
        return iter(self._rows.values())

    @property
    def listeners(self) -> int:
        """Pages that listen now."""
        return sum(stream.listeners for _, stream in self)

    @property
    def last(self) -> int:
        """Events said since the start to whoever sees everything."""
        return self.of(None).last

    def of(self, wards: frozenset[str] | None) -> Stream:
        """The row of these wards; one that nobody listens to makes room for a new one."""
        if wards not in self._rows:
            for other in [one for one, (_, stream) in self._rows.items() if one is not None and not stream.listeners]:
                del self._rows[other]
            view = View(wards)
            self._rows[wards] = view, Stream(partial(self._whole, view))
        return self._rows[wards][1]

    def say(self, name: str, body: Callable[[View], bytes]) -> None:
        """Tell everybody what is theirs."""
        for view, stream in self:
            stream.say(name, body(view))

    def close(self) -> None:
        """End every page's stream."""
        for _, stream in self:
            stream.close()
