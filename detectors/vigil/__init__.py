"""One patient's watch, from samples to alerts."""

from detectors.vigil.intake import NEVER, Taken
from detectors.vigil.register import Said
from detectors.vigil.vigil import SnapshotError, Vigil

__all__ = ["NEVER", "Said", "SnapshotError", "Taken", "Vigil"]
