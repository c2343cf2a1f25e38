"""Looks over a Vigil's shoulder: the very same watch, and a copy of it from just before each decision it made.

What is said is untouched: a copy is taken, and the Vigil itself decides. The copy can be asked again, and what if.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

from detectors.rules import Rules
from detectors.vigil import Said, Vigil
from detectors.vigil.action_dispatch import Acted
from detectors.vigil.assessment import Assessment
from detectors.vigil.window import Decided
from schemas.action import Action
from streams.log import Output, Partition, Record


class Plays(Protocol):
    """Something recorded that can be sent through partitions of a kind (`streams.recorded.again`)."""

    def play(
        self,
        rules: Rules,
        kind: type[Partition] = Partition,
        *,
        patient: str | None = None,
        until_ms: int | None = None,
    ) -> Iterator[Output]:
        """What it causes; of `patient` at least all that is said of that one, until at least that moment."""
        ...


class Look(NamedTuple):
    """One decision: the state just before it, and what it was about.

    `action`: what a person had just done; otherwise `fresh` were the newly decided values (none: only time had passed).
    `said`: what came of it, to the byte.
    """

    at: int
    before: bytes
    rules: Rules
    fresh: dict[str, Decided]
    status: bool
    action: Action | None
    said: tuple[Said, ...]

    def again(self, vigil: Vigil) -> list[Said]:
        """Lets a vigil restored from `before` decide anew; gives what it says."""
        if self.action is not None:
            return vigil.act(self.action, self.at).said
        out: list[Said] = []
        vigil.decide(self.at, self.fresh, out, status=self.status)
        return out


def looking(
    patient: str, note: Callable[[Look], None], reached: Callable[[int], None] = lambda at: None
) -> type[Partition]:
    """A kind of partition that tells each decision about one patient to `note`, and how far its time has come to
    `reached`.
    """

    class Seen(Vigil):
        """A vigil that is looked at; the others are as they are."""

        __slots__ = ()

        def decide(self, at: int, fresh: dict[str, Decided], out: list[Said], *, status: bool) -> Assessment:
            if self.patient != patient:
                return super().decide(at, fresh, out, status=status)
            before, begin = self.snapshot(), len(out)
            assessment = super().decide(at, fresh, out, status=status)
            note(Look(at, before, self.rules, dict(fresh), status, None, tuple(out[begin:])))
            return assessment

        def act(self, action: Action, at: int) -> Acted:
            """What a person did, seen as well."""
            if self.patient != patient:
                return super().act(action, at)
            before = self.snapshot()
            acted = super().act(action, at)
            note(Look(at, before, self.rules, {}, True, action, tuple(acted.said)))
            return acted

    class SeenPartition(Partition):
        """A partition whose vigils are looked at."""

        vigil = Seen

        def run(self, records: Iterable[Record]) -> list[Output]:
            """The same; how far time has come where the patient is watched is noted."""
            out = super().run(records)
            if patient in self.watches:
                reached(self.time)
            return out

        def advance(self, time: int, limit: int) -> tuple[list[Output], bool]:
            """The same between two readings."""
            done = super().advance(time, limit)
            if patient in self.watches:
                reached(self.time)
            return done

    return SeenPartition
