"""The demo's notifier, the real `vigilward notify` in a process of its own, and a webhook of ours that hears it.

Made-up patients never reach people: the webhook is a machine's, and hears of high alerts, signed as every event is.
"""

import json
import secrets
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from schemas.action import Step
from streams.demo.board import STOPS_WITHIN_S
from streams.demo.process import begun, ended, surroundings
from streams.notify.channels.webhook import signature

SHOWN: Final = 4
MOST_BYTES: Final = 65_536
PEOPLE: Final = "".join(
    f'[[recipient]]\nname = "{step}"\nrole = "{step}"\nchannel = "webhook"\nWHERE\n' for step in Step
)
"""Whom a notifier that starts needs; nothing of a demo is told to them."""
MACHINE: Final = (
    '[[recipient]]\nname = "display"\naudience = "machine"\npriorities = ["high"]\nchannel = "webhook"\nWHERE\n'
)


class Phone:
    """Starts both. `told`: the newest sentences; `tell` hears each as it comes."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.told: deque[str] = deque(maxlen=SHOWN)
        self.tell: Callable[[str], object] = lambda words: None
        self._key = secrets.token_hex(16).encode()
        self._folder = tempfile.TemporaryDirectory(prefix="vigilward-demo-")
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._process: subprocess.Popen[bytes] | None = None
        key, routes = Path(self._folder.name) / "key", Path(self._folder.name) / "routes.toml"
        key.write_bytes(self._key)
        where = f'url = "http://127.0.0.1:{self._server.server_port}/"\nkey_id = "demo"\nkey_file = "{key}"\n'
        routes.write_text((PEOPLE + MACHINE).replace("WHERE", where))
        self.routes = {"VIGILWARD_NOTIFY_ROUTES": str(routes)}
        """What the board is told too, so that it knows whom a step reaches."""
        self._environment = surroundings(settings, self.routes | {"VIGILWARD_NOTIFY_PORT": "0"})

    def start(self) -> None:
        """Starts them, and does not wait: the ward goes on without."""
        threading.Thread(target=self._server.serve_forever, name="webhook", daemon=True).start()
        self._process = begun("notify", self._environment)

    def stop(self) -> None:
        """Asks the notifier to end, and insists if it does not."""
        if self._process is not None:
            ended(self._process, STOPS_WITHIN_S)
            self._server.shutdown()
        self._server.server_close()
        self._folder.cleanup()

    def hear(self, body: bytes, header: str) -> int:
        """An event; the status that it is answered with."""
        parts = dict(part.partition("=")[::2] for part in header.split(","))
        at = parts.get("t", "")
        known = at.isascii() and at.isdecimal() and len(at) < 13
        if not known or not secrets.compare_digest(signature(self._key, "demo", int(at), body), header):
            return 401
        said = json.loads(body)["data"]
        words = f"{said['phase']}: {said['text']}"
        self.told.append(words)
        self.tell(words)
        return 204

    def _handler(phone) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_POST(self) -> None:
                said = self.headers.get("Content-Length", "")
                length = int(said) if said.isascii() and said.isdecimal() and len(said) < 7 else MOST_BYTES + 1
                status = 413
                if length <= MOST_BYTES:
                    status = phone.hear(self.rfile.read(length), self.headers.get("Vigilward-Signature", "").strip())
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing: what was heard is shown."""

        return Handler
