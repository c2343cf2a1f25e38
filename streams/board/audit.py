"""Who signed in, who opened which patient, who acted: one JSON line each, for the hospital's own trail.

A line is written before the answer is given. Where no file is set nothing is kept.
"""

import json
import logging
import time
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO

log = logging.getLogger(__name__)


class What(StrEnum):
    """What was done: a closed list."""

    SIGNED_IN = "signed_in"
    REFUSED = "sign_in_refused"
    SIGNED_OUT = "signed_out"
    SUBSCRIBED = "subscribed"
    OPENED = "opened_patient"
    ACTED = "acted"
    OBSERVED = "observed"
    ORDERED = "ordered"
    HANDOVER = "handover"


class Audit:
    """Appends to a file that it opens once, and makes readable to its owner alone."""

    def __init__(self, path: Path | None) -> None:
        """Raises OSError where the file cannot be opened."""
        self._file: TextIO | None = None
        if path is not None:
            self._file = path.open("a", encoding="utf-8", buffering=1)
            path.chmod(0o600)

    def record(self, what: What, login: str, *, patient: str | None = None, **facts: Any) -> None:
        """One line. Raises OSError: what cannot be recorded is not done."""
        if self._file is not None:
            said = {"at": round(time.time(), 3), "what": what, "login": login, "patient_id": patient, **facts}
            self._file.write(json.dumps({name: value for name, value in said.items() if value is not None}) + "\n")

    def close(self) -> None:
        """The board ends."""
        if self._file is not None:
            self._file.close()
