"""What the consumer asks of whoever takes its batches."""

from typing import Protocol

from faust.types import TP


class Positions(Protocol):
    """Who takes the batches, and how far each partition was taken."""

    def expected(self, tp: TP) -> int | None:
        """The next offset to take; None while nobody here takes this partition."""

    async def stands(self, tp: TP, epoch: int) -> bool:
        """Whether what was taken still stands in the log, from which comes what a leader of this epoch wrote."""

    async def is_same(self) -> bool:
        """Whether the topics are still those that were taken: asked where offsets went back."""

    def lost(self, tp: TP, expected: int, start: int) -> None:
        """The log begins at `start`, beyond the expected offset: records were deleted before they were taken."""
