"""The phones of the demo in docker-compose.yml: takes signed messages on loopback and prints their sentences."""

import hashlib
import hmac
import json
import re
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT = 9000
MOST_BYTES = 65_536
FRESH_S = 300


class Phone(BaseHTTPRequestHandler):
    """204 where the signature is right and fresh, 401 where it is not."""

    timeout = 10
    key = b""

    def do_POST(self) -> None:
        """Takes one event."""
        said = self.headers.get("Content-Length", "")
        length = int(said) if re.fullmatch("[0-9]{1,7}", said) else 0
        if not 0 < length <= MOST_BYTES:
            self._answer(413)
            return
        body = self.rfile.read(length)
        if not self._is_signed(body):
            self._answer(401)
            return
        told = json.loads(body)["data"]
        sys.stdout.write(f"{told['recipient']}: {told['phase']}: {told['text']}\n")
        sys.stdout.flush()
        self._answer(204)

    def _is_signed(self, body: bytes) -> bool:
        found = re.fullmatch(
            r"key=[^,]+,t=([0-9]{1,12}),v1=([0-9a-f]{64})", self.headers.get("Vigilward-Signature", "")
        )
        if found is None or abs(time.time() - int(found[1])) > FRESH_S:
            return False
        right = hmac.new(self.key, f"{found[1]}.".encode() + body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(right, found[2])

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: what was taken is printed."""


if __name__ == "__main__":
    given = Path(sys.argv[sys.argv.index("--key") + 1]) if "--key" in sys.argv else None
    Phone.key = (given or Path(__file__).with_name("demo.key")).read_bytes().strip()
    ThreadingHTTPServer(("127.0.0.1", PORT), Phone).serve_forever()
