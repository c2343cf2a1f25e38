"""What is kept of one patient beside the vigil."""

from detectors.vigil import Vigil
from schemas.times import NEVER


class Watch:
    """A patient's vigil, the offset it holds up to, and the due moment it stands in the heap with."""

    __slots__ = ("key", "queued", "upto", "vigil")

    def __init__(self, vigil: Vigil, upto: int = 0) -> None:
        self.vigil, self.upto, self.queued = vigil, upto, NEVER
        self.key = vigil.patient.encode()
