"""Gateways in processes of their own, and peers that send to them."""

import json
import re
import socket
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from streams.config.topics import Topic
from tests.integration.staging import ROOT, STARTS_WITHIN_S, Stage, WorkerProcess, until

COMMAND = ("-c", "from streams.commands import main; main()", "gateway")


class GateProcess(WorkerProcess):
    """A gateway, started on ports of its own; its log goes into the folder."""

    def __init__(self, stage: Stage, folder: Path, door: str, **own: Any) -> None:
        import sys

        more = {"port": 0, "health_port": 0, "store_within_s": 20, **own}
        environment = {
            **stage.environment,
            **{f"VIGILWARD_GATEWAY_{name.upper()}": str(value) for name, value in more.items()},
        }
        super().__init__(folder, environment, (sys.executable, *COMMAND, door))
        self._said = ""
        try:
            begun = until(
                lambda: [e for e in self.events() if e.startswith(f"gateway {door} ")], self.fate, STARTS_WITHIN_S
            )
            self._said = begun[0]
        finally:
            if not self._said:
                self.__exit__()

    @property
    def door(self) -> int:
        """Where it listens."""
        return int(re.search(r"listens on [\d.]+:(\d+)", self._said)[1])

    def port(self) -> int:
        """Where its health is served."""
        found = re.search(r"http://[\d.]+:(\d+)/metrics", self._said)
        return int(found[1]) if found else self.door


class Mllp:
    """A sender of HL7 v2."""

    def __init__(self, port: int, timeout_s: float = 30, tls: ssl.SSLContext | None = None) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout_s)
        if tls is not None:
            self._socket = tls.wrap_socket(self._socket, server_hostname="127.0.0.1")
        self._held = b""

    def send(self, *messages: bytes) -> None:
        """All messages in one write."""
        self._socket.sendall(b"".join(b"\x0b" + message + b"\x1c\r" for message in messages))

    def raw(self, data: bytes) -> None:
        """Bytes as they are."""
        self._socket.sendall(data)

    def answer(self) -> str:
        """The next acknowledgement; empty when the other side has closed."""
        while b"\x1c\r" not in self._held:
            data = self._socket.recv(65_536)
            if not data:
                return ""
            self._held += data
        frame, _, self._held = self._held.partition(b"\x1c\r")
        return frame.lstrip(b"\x0b").decode()

    def __enter__(self) -> "Mllp":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def ask(port: int, path: str, body: Any = None, method: str | None = None, **headers: str) -> tuple[int, Any, dict]:
    """Status, body (JSON where it is some) and headers."""
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, _body(answer.read()), dict(answer.headers)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, _body(refused.read()), dict(refused.headers)


def _body(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data.decode()


def readings(stage: Stage) -> list[dict[str, Any]]:
    """Every reading on the topic."""
    return [json.loads(one.value()) for one in stage.read(Topic.READINGS)]


__all__ = ["ROOT", "GateProcess", "Mllp", "ask", "readings"]
