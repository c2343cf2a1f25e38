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
CHECK_S: Final = 0.1
MANY: Final = 200
"""So many new patients are looked at together: about 10 ms. Eighty thousand stopped everything for two seconds."""

THRESHOLDS: Final = (10_000, 20, 20)
"""New objects between two looks at the newest: a batch of thousands of records comes and goes as one."""


class GcTuning:
    """`generation` counts the times that partitions were dealt; `patients` says how many are watched."""

    def __init__(self, generation: Callable[[], int], patients: Callable[[], int] = lambda: 0) -> None:
        self._generation, self._patients = generation, patients
        self._looked_in = self._known = 0
        self._next_s = 0.0

    def is_due(self, now: float) -> bool:
        """By time, or by how many patients have come; `now` in seconds of a monotonic clock."""
        self._known = min(self._known, patients := self._patients())
        if now < self._next_s and patients < self._known + MANY:
            return False
        self._next_s, self._known = now + EVERY_S, patients
        return True

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
            if self.is_due(asyncio.get_running_loop().time()):
                self.look()
            await asyncio.sleep(CHECK_S)
