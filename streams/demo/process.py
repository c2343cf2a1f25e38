"""The demo's worker: the real `vigilward worker`, in a process of its own."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import BinaryIO, Final

READY_WITHIN_S: Final = 60.0
STOPS_WITHIN_S: Final = 15.0
LAST_WORDS: Final = 3_000
_SAMPLE: Final = re.compile(r'^(\w+)(?:\{[^}]*?(?:\w+)="([^"]*)"\})? ([0-9.e+-]+)$')


class WorkerFailed(RuntimeError):
    """The worker did not start or did not live; its last words are in the message."""

    exit_code = 3


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def port_is_free(port: int) -> bool:
    """Whether nobody listens on this port of loopback."""
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) != 0


def surroundings(*settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process of the demo: ours without its VIGILWARD_ variables, then these settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("VIGILWARD_")}
    for one in settings:
        inherited |= one
    return inherited


def begun(
    command: str, environment: Mapping[str, str], log: int | BinaryIO = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """`vigilward COMMAND` in a process of its own, which Ctrl-C does not reach: the demo ends it in good order."""
    words = [sys.executable, "-c", "from streams.commands import main; main()", command]
    return subprocess.Popen(words, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0)


def ended(process: subprocess.Popen[bytes] | None, within_s: float) -> None:
    """Asks a process to end in good order, and insists if it does not within this time."""
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class WorkerProcess:
    """Starts `vigilward worker` with settings of its own, waits until it is ready, and asks for its counts."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._port = free_port()
        self._environment = surroundings(settings, {"VIGILWARD_HTTP_PORT": str(self._port)})
        self._log: BinaryIO | None = None
        self._last_words = ""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it. Raises WorkerFailed if it is not ready in time."""
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        self._process = begun("worker", self._environment, self._log)
        until = time.monotonic() + READY_WITHIN_S
        while self._get("/readyz") is None:
            if self._process.poll() is not None or time.monotonic() > until:
                raise WorkerFailed(f"the worker did not become ready:\n{self.last_words()}")
            time.sleep(0.1)

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process is not None and self._process.poll() is None

    def last_words(self) -> str:
        """The end of its log, also after `stop`."""
        if self._log is not None:
            # Not by seeking: the process writes through the same place in the file.
            size = os.fstat(self._log.fileno()).st_size
            said = os.pread(self._log.fileno(), LAST_WORDS, max(0, size - LAST_WORDS))
            self._last_words = said.decode("utf-8", "replace")
        return self._last_words

    def counts(self, family: str) -> dict[str, int]:
        """One metric of the worker by its label, such as `vigilward_vitals_total` by verdict; empty if silent."""
        text = self._get("/metrics") or ""
        found = (_SAMPLE.match(line) for line in text.splitlines() if line.startswith(family))
        return {match[2] or "": int(float(match[3])) for match in found if match and match[1] == family}

    def stop(self) -> int | None:
        """Asks it to end in good order, and insists if it does not; gives its exit code. It may be started again."""
        ended(self._process, STOPS_WITHIN_S)
        self.last_words()
        if self._log is not None:
            self._log.close()
            self._log = None
        return None if self._process is None else self._process.returncode

    def _get(self, path: str) -> str | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=2) as answer:
                return answer.read().decode()
        except (urllib.error.URLError, OSError):
            return None
