"""A FHIR server on loopback, to try a notifier with: prints what each transaction puts, takes it, and keeps nothing."""

import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = 8090
MOST_BYTES = 262_144
STATED = ("status", "code", "payload", "valueQuantity")


class Record(BaseHTTPRequestHandler):
    """200 to a transaction, 400 to anything else."""

    timeout = 10

    def do_POST(self) -> None:
        """Takes one bundle."""
        said = self.headers.get("Content-Length", "")
        length = int(said) if re.fullmatch("[0-9]{1,7}", said) else 0
        try:
            bundle = json.loads(self.rfile.read(length)) if 0 < length <= MOST_BYTES else {}
            entries = bundle["entry"] if bundle["type"] == "transaction" else []
            for entry in entries:
                told = {name: entry["resource"][name] for name in STATED if name in entry["resource"]}
                sys.stdout.write(f"PUT {entry['request']['url']} {json.dumps(told, ensure_ascii=False)}\n")
            sys.stdout.flush()
        except (ValueError, KeyError, TypeError):
            self._answer(400, {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "invalid"}]})
            return
        taken = [{"response": {"status": "200"}} for _ in entries]
        self._answer(200, {"resourceType": "Bundle", "type": "transaction-response", "entry": taken})

    def _answer(self, status: int, said: dict[str, object]) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: what was taken is printed."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", PORT), Record).serve_forever()
