"""What we think of it: pure opinions on one patient's vital signs."""

from detectors import compiled

compiled.install()
