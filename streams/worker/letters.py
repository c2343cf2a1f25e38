"""What is on its way to Kafka, and up to which offset everything that was caused has arrived."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Headers = tuple[tuple[str, bytes], ...]

RECORD_OVERHEAD = 128
"""Room for a record's lengths and a batch's header, in bytes (61 for the batch, at most 5 a length)."""


class Receipt:
    """Of one batch of records: how many of the letters that it caused are still on their way."""

    __slots__ = ("_receipts", "next_offset", "outstanding")

    def __init__(self, receipts: "Receipts", next_offset: int, outstanding: int) -> None:
        self._receipts, self.next_offset, self.outstanding = receipts, next_offset, outstanding

    def arrived(self) -> None:
        """One letter more was acknowledged (or refused for good, and counted)."""
        self.outstanding -= 1
        if not self.outstanding:
            self._receipts.settle()


class Receipts:
    """Of one partition: says `safe(next_offset)` as soon as all that came before it is acknowledged.

    >>> receipts = Receipts(print)
    >>> first, second = receipts.open(10, letters=1), receipts.open(20, letters=1)
    >>> second.arrived()
    >>> first.arrived()
    20
    """

    def __init__(self, safe: Callable[[int], None]) -> None:
        self._safe: Callable[[int], None] | None = safe
        self._open: deque[Receipt] = deque()
        self._waiting: dict[asyncio.Future[None], Receipt] = {}

    def open(self, next_offset: int, letters: int) -> Receipt:
        """A batch ending before `next_offset` caused so many letters; none is fine."""
        if not letters and self._open and not self._open[-1].outstanding:
            self._open[-1].next_offset = next_offset
            return self._open[-1]
        receipt = Receipt(self, next_offset, letters)
        self._open.append(receipt)
        if not letters:
            self.settle()
        return receipt

    def settle(self) -> None:
        """Says what became safe."""
        safe = None
        while self._open and not self._open[0].outstanding:
            settled = self._open.popleft()
            safe = settled.next_offset
            for waiter in [waiter for waiter, last in self._waiting.items() if last is settled]:
                del self._waiting[waiter]
                if not waiter.done():
                    waiter.set_result(None)
        if safe is not None and self._safe is not None:
            self._safe(safe)

    async def all_arrived(self) -> None:
        """Waits until all that was caused up to now is acknowledged; cancelled if the partition becomes another's."""
        if self._open:
            waiter = asyncio.get_running_loop().create_future()
            self._waiting[waiter] = self._open[-1]
            await waiter

    def close(self) -> None:
        """The partition is another's: say nothing more."""
        self._safe = None
        for waiter in self._waiting:
            waiter.cancel()

    @property
    def outstanding(self) -> int:
        """Letters still on their way."""
        return sum(receipt.outstanding for receipt in self._open)


@dataclass(slots=True, eq=False)
class Letter:
    """One record to be sent: to a real topic and a certain partition.

    `due` is the moment that caused it, in milliseconds (0: none); `entered` when it was queued, by the loop's clock;
    `size` about what it takes in a batch, in bytes, never less.
    """

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    due: int = 0
    receipt: Receipt | None = None
    entered: float = 0.0
    size: int = field(init=False)

    def __post_init__(self) -> None:
        headers = sum(len(name) + len(fact) + 10 for name, fact in self.headers)
        self.size = RECORD_OVERHEAD + len(self.key or b"") + len(self.value or b"") + headers


def under(receipt: Receipt, letters: Sequence[Letter]) -> Sequence[Letter]:
    """The letters of one batch, each of which answers to its receipt."""
    for letter in letters:
        letter.receipt = receipt
    return letters
