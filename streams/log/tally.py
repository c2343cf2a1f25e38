"""What became of everything that came in: the counts that must add up."""

from collections import Counter
from dataclasses import dataclass, field

from detectors.vigil import Taken


@dataclass(slots=True)
class Tally:
    """Records = readable + unreadable + forwarded; received = accepted + suspect + duplicate + late + rejected, per
    vital.
    """

    records: int = 0
    readable: int = 0
    unreadable: int = 0
    forwarded: int = 0
    received: int = 0
    accepted: int = 0
    suspect: int = 0
    duplicate: int = 0
    late: int = 0
    rejected: int = 0
    unknown_fields: int = 0
    time_went_back: int = 0
    steps_absorbed: int = 0
    forgotten: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)

    def add(self, taken: Taken) -> None:
        """Counts what became of a reading's vitals, but for those accepted, which `run` counts by the batch."""
        rejected = sum(1 for refused in taken.refused if refused.vital)
        self.suspect += taken.suspect
        self.duplicate += taken.duplicate
        self.late += taken.late
        self.rejected += rejected
        self.received += taken.suspect + taken.duplicate + taken.late + rejected

    def adds_up(self) -> bool:
        """Whether nothing was dropped in silence."""
        whole = self.records == self.readable + self.unreadable + self.forwarded
        return whole and self.received == self.accepted + self.suspect + self.duplicate + self.late + self.rejected

    def as_dict(self) -> dict[str, int]:
        """The counts by name."""
        names = [name for name in self.__slots__ if name not in ("refusals", "said")]
        return {name: getattr(self, name) for name in names}
