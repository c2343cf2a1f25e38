"""MLLP, HL7's minimal lower layer protocol: messages between 0x0B and 0x1C 0x0D, however TCP cuts them."""

from typing import Final

START: Final = 0x0B
END: Final = 0x1C


def no_mllp(first: bytes) -> str:
    """What a connection speaks instead of MLLP, by its first bytes; empty where it may be MLLP.

    >>> no_mllp(b"\\x16\\x03\\x01"), no_mllp(b"MSH|^~"), no_mllp(b"\\x0bMSH|")
    ('TLS at a port without it: set TLS_CERT_FILE and TLS_KEY_FILE', 'HL7 without 0x0B before each message', '')
    """
    return next((said for begins, said in _OTHERS if first.startswith(begins)), "")


_OTHERS: Final = (
    (b"\x16\x03", "TLS at a port without it: set TLS_CERT_FILE and TLS_KEY_FILE"),
    ((b"MSH", b"FHS", b"BHS"), "HL7 without 0x0B before each message"),
    ((b"GET ", b"POST ", b"PUT ", b"HEAD "), "HTTP: health and metrics have a port of their own"),
)


class TooLarge(ValueError):
    """A frame that does not end within what is allowed."""


class Frames:
    """Cuts a stream of bytes into messages.

    >>> frames = Frames(1_000)
    >>> frames.feed(b"\\x0bMSH|a\\x1c\\r\\x0bMSH|"), frames.feed(b"b\\x1c\\r")
    ([b'MSH|a'], [b'MSH|b'])
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = bytearray()
        self._looked = 0

    @property
    def holds(self) -> bool:
        """Whether a message has begun that has not ended."""
        return START in self._held

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are complete now. What is too large is raised (TooLarge) only once there is none before it:
        what came whole in the same read is given first.
        """
        self._refuse_too_large()
        self._held += data
        found: list[bytes] = []
        while (end := self._held.find(END, self._looked)) >= 0:
            frame = bytes(self._held[:end])
            del self._held[: end + 1]
            self._looked = 0
            # what stands before the last start is a message that never ended, or noise: it has no end, so no answer
            found.append(frame[frame.rfind(START) + 1 :])
        self._looked = len(self._held)
        if not found:
            self._refuse_too_large()
        return found

    def _refuse_too_large(self) -> None:
        if len(self._held) > self._limit:
            raise TooLarge(f"a message of more than {self._limit:,} bytes")


def frame(message: bytes) -> bytes:
    """A message as it goes over the wire.

    >>> frame(b"MSH")
    b'\\x0bMSH\\x1c\\r'
    """
    return b"\x0b" + message + b"\x1c\r"
