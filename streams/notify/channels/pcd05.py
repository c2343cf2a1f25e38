"""IHE PCD-05: what became of an alert, as ORA^R41 from the alarm manager, each acknowledged when it stands in Kafka."""

import re
from typing import Final

from streams.formats.hl7v2_text import Segment, decode, split
from streams.notify.channels.pcd04 import escaped
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

    The status word is the first that stands in an OBX-5 or a PRT field; delimiters, escapes and characters are as the
    message's own header says. Raises ValueError for what is no ORA^R41.

    >>> read_status(b"MSH|^~\\\\&|AM||||1||ORA^R41^ORA_R41|9|P|2.6" + bytes([13]) + b"MSA|AA|4711" + bytes([13])
    ...     + b"OBX|1|ST|68487^MDC_ATTR_ALERT_STATUS^MDC||Read")[1].word
    <DeviceWord.SEEN: 'seen'>
    """
    held = split(decode(message)[0]).messages
    if not held or held[0].header.first(9)[:2] != ["ORA", "R41"]:
        raise ValueError("no ORA^R41")
    said, control = held[0], held[0].control_id
    about = next((one.text(2) for one in said.all("MSA")), "")
    who = next((name for one in said.all("PRT") if (name := _person(one))), None)
    spoken = [_plain(one.text(5)) for one in said.all("OBX")]
    parts = [part for one in said.all("PRT") for n in range(1, len(one.fields) + 1) for part in one.first(n)]
    spoken += [_plain(part) for part in parts]
    word = next((WORDS[one] for one in spoken if one in WORDS), None)
    if not about or (word is None and WITHOUT_A_DEED.isdisjoint(spoken)):
        raise ValueError("no MSA-2, or no status word of the profile")
    if word is DeviceWord.ACCEPTED and who is None:
        word = DeviceWord.SEEN  # nobody owns an alert without a name
    return control, None if word is None else DeviceReceipt(about, word, who)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())


def _person(part: Segment) -> str | None:
    """The name in a PRT-5, else the identifier; of a name made of parts the first."""
    marks = part.marks
    raw = part.raw(5).split(marks.repetition)[0].split(marks.component)
    parts = [marks.unescape(one.split(marks.sub)[0]).strip() for one in raw]
    identifier, family, given = (*parts, "", "", "")[:3]
    return " ".join(name for name in (given, family) if name) or identifier or None


def acknowledgement(wanted: str, code: str, text: str, now: str) -> bytes:
    """The ACK^R41 of a message: AA once it is stored, AE (207) where it is to come again, AR for no ORA^R41."""
    error = {"AE": "207^Application internal error^HL70357", "AR": "200^Unsupported message type^HL70357"}.get(code)
    lines = [
        f"MSH|^~\\&|VIGILWARD||||{now}||ACK^R41^ACK|A{escaped(wanted)[:18]}|P|2.6",
        f"MSA|{code}|{escaped(wanted)}",
    ]
    if error:
        lines.append(f"ERR|||{error}|E||||{escaped(text)}")
    return ("\r".join(lines) + "\r").encode()
