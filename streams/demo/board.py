"""The demo's board: the real `vigilward board` in a process of its own, with made-up names."""

import json
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from streams.demo.process import begun, ended, free_port, port_is_free, surroundings

PORT: Final = 8088
STOPS_WITHIN_S: Final = 6.0
HOW: Final = "no board: its page needs Node.js 18 or newer (on Debian: apt-get install nodejs npm), then `make setup`"
FAMILIES: Final = (
    "Adler",
    "Brandt",
    "Costa",
    "Dvorak",
    "Eriksen",
    "Fontaine",
    "Grau",
    "Haas",
    "Ivanova",
    "Jensen",
    "Lind",
)
GIVEN: Final = (
    "Anna",
    "Bruno",
    "Clara",
    "David",
    "Elif",
    "Franz",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Karin",
    "Leo",
    "Mia",
)


def people(admissions: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """A directory of nobody: names for the demo's patients.

    >>> people([{"patient_id": "sim-0001", "age_years": 71}])["sim-0001"]["name"]
    'Adler, Anna'
    """
    made = {}
    for number, record in enumerate(admissions):
        born = 2026 - int(record.get("age_years") or 40 + number * 7 % 50)
        made[record["patient_id"]] = {
            "name": f"{FAMILIES[number % len(FAMILIES)]}, {GIVEN[number % len(GIVEN)]}",
            "born": f"{born}-{1 + number % 12:02d}-{1 + number * 5 % 28:02d}",
            "number": f"DEMO-{4711 + 37 * number}",
        }
    return made


class BoardProcess:
    """Starts the board beside the worker, where its page has been built. `address` is empty where it has not."""

    def __init__(self, settings: Mapping[str, str], names: Mapping[str, Mapping[str, str]]) -> None:
        from streams.board.api.pages import is_built

        self._folder = tempfile.TemporaryDirectory(prefix="vigilward-demo-")
        self._process: subprocess.Popen[bytes] | None = None
        self._port = (PORT if port_is_free(PORT) else free_port()) if is_built() else 0
        self.address = f"http://127.0.0.1:{self._port}/" if self._port else ""
        directory = Path(self._folder.name) / "names.json"
        directory.write_text(json.dumps(names))
        board = {"VIGILWARD_BOARD_PORT": str(self._port), "VIGILWARD_BOARD_DIRECTORY": str(directory)}
        self._environment = surroundings(settings, board)

    def start(self) -> None:
        """Starts it, and does not wait: the ward goes on without it."""
        if self._port:
            self._process = begun("board", self._environment)

    @property
    def words(self) -> str:
        """Where the board is, or how to get it."""
        return f"Board: {self.address}" if self.address else HOW

    def stop(self) -> None:
        """Asks it to end, and insists if it does not."""
        ended(self._process, STOPS_WITHIN_S)
        self._folder.cleanup()
