"""One patient's watch, from samples to alerts."""

from detectors.vigil.action_dispatch import Acted
from detectors.vigil.intake import Taken
from detectors.vigil.telling import Said
from detectors.vigil.vigil import SnapshotError, Vigil

__all__ = ["Acted", "Said", "SnapshotError", "Taken", "Vigil"]
