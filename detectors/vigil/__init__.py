"""One patient's watch, from samples to alerts."""

from detectors.vigil.intake import NEVER, Taken
from detectors.vigil.vigil import Said, SnapshotError, Vigil

__all__ = ["NEVER", "Said", "SnapshotError", "Taken", "Vigil"]
