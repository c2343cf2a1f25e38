"""IHE PCD-05: what became of an alert, as ORA^R41 from the alarm manager, each acknowledged when it stands in Kafka."""

import re
from typing import Final

from streams.notify.receipts import DeviceReceipt, DeviceWord

WORDS: Final = {
    "delivered": DeviceWord.DELIVERED,
    "read": DeviceWord.SEEN,
    "accepted": DeviceWord.ACCEPTED,
    "acceptedpositive": DeviceWord.ACCEPTED,
    "acceptednotrelevant": DeviceWord.SEEN,
    "callbackstart": DeviceWord.SEEN,
    "rejected": DeviceWord.DECLINED,
    "undeliverable": DeviceWord.UNDELIVERABLE,
}
"""The profile's status words. `accepted not relevant` closes no call: somebody has seen it, and it goes on."""
WITHOUT_A_DEED: Final = frozenset({"received", "callbackend", "cancelled", "cancelledother"})
"""Words that are taken, and say nothing of a person."""


def read_status(message: bytes) -> tuple[str, DeviceReceipt | None]:
    """(MSH-10, the receipt; None where there is none). MSA-2 names the PCD-04 message; PRT-5 the person, if anyone.

    The status word is the first that stands in an OBX-5 or a PRT field. Raises ValueError for what is no ORA^R41.

    >>> read_status(b"MSH|^~\\\\&|AM||||1||ORA^R41^ORA_R41|9|P|2.6" + bytes([13]) + b"MSA|AA|4711" + bytes([13])
    ...     + b"OBX|1|ST|68487^MDC_ATTR_ALERT_STATUS^MDC||Read")[1].word
    <DeviceWord.SEEN: 'seen'>
    """
    lines = [line.split("|") for line in re.split(r"[\r\n]+", message.decode("utf-8", "replace")) if line]
    head = lines[0] if lines else []
    if len(head) < 10 or head[0] != "MSH" or not head[8].startswith("ORA^R41"):
        raise ValueError("no ORA^R41")
    about = next((line[2] for line in lines if line[0] == "MSA" and len(line) > 2), "")
    who = next((_person(line[5]) for line in lines if line[0] == "PRT" and len(line) > 5 and line[5]), None)
    spoken = [_plain(line[5]) for line in lines if line[0] == "OBX" and len(line) > 5]
    spoken += [_plain(part) for line in lines if line[0] == "PRT" for field in line[1:] for part in field.split("^")]
    word = next((WORDS[one] for one in spoken if one in WORDS), None)
    if not about or (word is None and WITHOUT_A_DEED.isdisjoint(spoken)):
        raise ValueError("no MSA-2, or no status word of the profile")
    if word is DeviceWord.ACCEPTED and who is None:
        word = DeviceWord.SEEN  # nobody owns an alert without a name
    return head[9], None if word is None else DeviceReceipt(about, word, who)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.partition("^")[0].lower())


def _person(field: str) -> str | None:
    parts = [*field.split("~")[0].split("^"), "", ""]
    given, family = parts[2].strip(), parts[1].split("&")[0].strip()
    return " ".join(part for part in (given, family) if part) or parts[0].strip() or None


def acknowledgement(wanted: str, code: str, text: str, now: str) -> bytes:
    """The ACK^R41 of a message: AA once it is stored, AE (207) where it is to come again, AR for no ORA^R41."""
    error = {"AE": "207^Application internal error^HL70357", "AR": "200^Unsupported message type^HL70357"}.get(code)
    lines = [f"MSH|^~\\&|VIGILWARD||||{now}||ACK^R41^ACK|A{wanted[:18]}|P|2.6", f"MSA|{code}|{wanted}"]
    if error:
        lines.append(f"ERR|||{error}|E||||{text}")
    return ("\r".join(lines) + "\r").encode()
