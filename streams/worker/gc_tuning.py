"""Keeps the pauses short in which Python looks for garbage: what has stayed is looked at once, not again and again.

A patient is hundreds of small objects; a full collection that walks through thousands of patients stops the worker for
a good part of a second. Nothing of a Vigil refers back to itself, so it goes the moment nobody holds it, collected or
not. Only what partitions that changed hands leave behind may need another full look.
"""

import asyncio
import gc
from collections.abc import Callable
from typing import Final

EVERY_S: Final = 30.0
THRESHOLDS: Final = (10_000, 20, 20)
"""New objects between two looks at the newest: a batch of thousands of records comes and goes as one."""


class GcTuning:
    """`generation` counts the times that partitions were dealt."""

    def __init__(self, generation: Callable[[], int]) -> None:
        self._generation = generation
        self._looked_in = 0

    def look(self) -> None:
        """Throws away what nobody can reach, and leaves aside what is left; after a new deal all is looked at anew."""
        if self._generation() != self._looked_in:
            self._looked_in = self._generation()
            gc.unfreeze()
        gc.collect()
        gc.freeze()

    async def run(self) -> None:
        """Looks now and again, for ever."""
        gc.set_threshold(*THRESHOLDS)
        while True:
            self.look()
            await asyncio.sleep(EVERY_S)
