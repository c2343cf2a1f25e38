"""Recorded patients as `evaluate` watches them, to be explained: each alone, with the word that alerts were seen."""

from collections.abc import Iterable, Iterator

from detectors.rules import Rules
from streams.lab.evaluation.stream import Bedside
from streams.log import Output, Partition
from streams.recordings.recordings import Recording
from streams.recordings.tables import Recorded, tables_of


class Answered:
    """A recording that plays one patient at a time; its alerts have the ids that `evaluate` tells."""

    def __init__(self, recorded: Recorded, *, source: str | None = None) -> None:
        self.tables = tables_of(recorded, source=source)

    def measured(self) -> Iterator[tuple[int, str]]:
        """When each reading was taken (ms) and of whom."""
        for at, patient, _ in Recording(self.tables).readings():
            yield at, patient

    def play(
        self,
        rules: Rules,
        kind: type[Partition] = Partition,
        *,
        patient: str | None = None,
        until_ms: int | None = None,
    ) -> Iterator[Output]:
        """Everything that is said of `patient`, or of everybody in turn, until a moment at least."""
        recording = Recording(self.tables, patients=None if patient is None else [patient])
        for who, readings in recording.per_patient():
            bed = _Heard(who, rules, str(recording.survey.source), kind)
            for at, value in readings:
                if until_ms is not None and at > until_ms:
                    bed.advance(until_ms)
                    break
                bed.take(value, at)
                yield from bed.heard()
            yield from bed.heard()


class _Heard(Bedside):
    """A bedside that hands on what is said."""

    def __init__(self, patient: str, rules: Rules, source: str, kind: type[Partition]) -> None:
        super().__init__(patient, rules, source, kind)
        self._heard: list[Output] = []

    def heard(self) -> list[Output]:
        """What was said since it was last asked for."""
        said, self._heard = self._heard, []
        return said

    def _note(self, said: Iterable[Output], at: int) -> None:
        said = list(said)
        self._heard += said
        super()._note(said, at)
