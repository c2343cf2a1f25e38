"""A receiver of PCD-04 on loopback, to try a notifier with: prints each ORU^R40 and acknowledges it."""

import socketserver
import sys

PORT = 2576
MOST_BYTES = 65_536


class Pager(socketserver.StreamRequestHandler):
    """One connection; each message ends with 0x1C 0x0D."""

    timeout = 900

    def handle(self) -> None:
        """Until the sender hangs up."""
        held = b""
        while len(held) < MOST_BYTES and (data := self.request.recv(4096)):
            held += data
            while b"\x1c\r" in held:
                message, _, held = held.partition(b"\x1c\r")
                lines = message.lstrip(b"\x0b").decode("utf-8", "replace").split("\r")
                sys.stdout.write("\n".join(lines) + "\n")
                sys.stdout.flush()
                control = lines[0].split("|")[9]
                self.request.sendall(
                    f"\x0bMSH|^~\\&|PAGER|||||||ACK^R40^ACK|1|P|2.6\rMSA|AA|{control}\r\x1c\r".encode()
                )


if __name__ == "__main__":
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    socketserver.ThreadingTCPServer(("127.0.0.1", PORT), Pager).serve_forever()
