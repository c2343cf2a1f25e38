"""IHE PCD-04: alerts as ORU^R40 over MLLP, each answered before its connection carries the next one.

Phases start, continue and end; priorities PH, PM, PL, and PN once it has ended; SP for the patient, ST for the
measuring (IHE Devices Technical Framework, Alert Communication Management; codes of IEEE 11073-10101). A message
acknowledged is *sent*: that a person was reached is never concluded from it.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from schemas.alert import Kind, Priority
from streams.gateways.mllp import Frames, TooLarge, frame
from streams.notify.channels import Answer
from streams.notify.notice import Notice, Phase, short
from streams.notify.routes import Recipient

WITHIN_S: Final = 5.0
MOST_BYTES: Final = 65_536
RISES_AFTER_S: Final = 60.0
RISES_AFTER_AT_MOST_S: Final = 3_600.0
PROFILE: Final = "IHE_PCD_ACM_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.4.1^ISO"
PRIORITIES: Final = {Priority.HIGH: "PH", Priority.MEDIUM: "PM", Priority.LOW: "PL"}
TYPES: Final = {Kind.PHYSIOLOGICAL: "SP", Kind.TECHNICAL: "ST"}
PASSING: Final = frozenset({"206", "207"})
ESCAPES: Final = str.maketrans(
    {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\r": " ", "\n": " "}
)


def escaped(text: str) -> str:
    """A text as HL7 v2 carries it.

    >>> escaped("A&E|2")
    'A\\\\T\\\\E\\\\F\\\\2'
    """
    return text.translate(ESCAPES)


def time_text(at: datetime) -> str:
    """An instant with its offset, in milliseconds.

    >>> from datetime import UTC
    >>> time_text(datetime(2026, 11, 22, 12, 0, 0, 123_000, UTC))
    '20261122120000.123+0000'
    """
    return f"{at:%Y%m%d%H%M%S}.{at.microsecond // 1_000:03d}{at:%z}"


def control_id(notice: Notice) -> str:
    """MSH-10: the same for every retry."""
    return short(notice.id)


def message(notice: Notice, recipient: Recipient) -> bytes:
    """The ORU^R40 of a notice."""
    at, ended = time_text(notice.at), notice.phase is Phase.END
    priority, kind = "PN" if ended else PRIORITIES[notice.priority], TYPES[notice.kind]
    patient = escaped(notice.patient_id) if recipient.patient_id else ""
    place = f"{escaped(notice.ward or '')}^^{escaped(notice.bed or '')}"
    facets = [
        ("196616^MDC_EVT_ALARM^MDC", escaped(notice.text), f"{priority}~{kind}"),
        ("68480^MDC_ATTR_ALERT_SOURCE^MDC", escaped(notice.subject), ""),
        ("68481^MDC_ATTR_EVENT_PHASE^MDC", notice.phase.value, ""),
        ("68482^MDC_ATTR_ALARM_STATE^MDC", "inactive" if ended else "active", ""),
        ("68483^MDC_ATTR_ALARM_INACTIVATION_STATE^MDC", "enabled", ""),
        ("68484^MDC_ATTR_ALARM_PRIORITY^MDC", priority, ""),
        ("68485^MDC_ATTR_ALERT_TYPE^MDC", kind, ""),
    ]
    head = f"MSH|^~\\&|VIGILWARD|||{escaped(recipient.name)}|{at}||ORU^R40^ORU_R40|{control_id(notice)}"
    lines = [
        f"{head}|P|2.6|||AL|NE||UNICODE UTF-8|||{PROFILE}",
        f"PID|||{patient}||^^^^^^U",
        f"PV1||U|{place}",
        f"OBR|1||{escaped(notice.alert_id)}^VIGILWARD|196616^MDC_EVT_ALARM^MDC|||{at}",
        *(
            f"OBX|{number}|ST|{code}|1.0.0.0.{number}|{value}|||{flags}|||F|||{at}"
            for number, (code, value, flags) in enumerate(facets, 1)
        ),
    ]
    return ("\r".join(lines) + "\r").encode()


def answer_of(reply: bytes, wanted: str) -> Answer:
    """What an ACK says: AA or CA is taken; AE and CR are final, AR and CE are tried again; ERR-3 knows better.

    An AE finds fault with the content, a CR with type, version or processing id: another try would find the same. AR
    also stands for a receiver that is down, CE for whatever else kept it (HL7 v2.6, 2.9.2 and table 0008). Of ERR-3
    (table 0357) 206 and 207, a record locked and an error of the receiver's own, pass; the others stay.

    >>> answer_of(b"MSA|AA|17", "17").ok, answer_of(b"MSA|CE|17", "17").final
    (True, False)
    """
    code, error = "", ""
    for line in reply.replace(b"\n", b"\r").split(b"\r"):
        parts = line.decode("utf-8", "replace").split("|")
        if parts[0] == "MSA" and len(parts) > 2 and parts[2] == wanted:
            code = parts[1]
        elif parts[0] == "ERR" and len(parts) > 3:
            error = error or parts[3].partition("^")[0]
    if not code:
        return Answer(ok=False, said="an answer to something else")
    passes = error in PASSING if error else code not in ("AE", "CR")
    said = f"MSA-1 {code}, ERR-3 {error}" if error else f"MSA-1 {code}"
    ok = code in ("AA", "CA")
    return Answer(ok=ok, final=not ok and not passes, answered=True, said=said)


@dataclass(slots=True)
class _Line:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    opened: int
    """How often all had been opened anew by then."""
    beside: int
    """So many others were open by then; 0 once something has been answered by it."""


@dataclass(slots=True)
class _Lines:
    """The connections to one receiver: those at rest, and how many are at work. `most`: no more than it lets in.

    `most` rises by one after a time without a fault; that time doubles whenever the one more was not served either.
    """

    idle: list[_Line] = field(default_factory=list)
    working: int = 0
    most: float = float("inf")
    anew: int = 0
    rises_at: float = 0.0
    rises_after_s: float = RISES_AFTER_S
    risen: bool = False
    freed: asyncio.Event = field(default_factory=asyncio.Event)

    def all_anew(self) -> None:
        """After a doubt about one: none that is open now says how many are let in."""
        self.rest()
        self.most, self.rises_after_s, self.risen = float("inf"), RISES_AFTER_S, False
        self.anew += 1

    def has_room(self, now_s: float) -> bool:
        """Whether one more may be at work."""
        if self.working >= self.most and now_s >= self.rises_at:
            self.most, self.risen = self.most + 1, True
            self.rises_at = now_s + self.rises_after_s
        return self.working < self.most

    def lower(self, most: float, now_s: float) -> None:
        """No more than so many from now on."""
        if self.risen:
            self.rises_after_s = min(2 * self.rises_after_s, RISES_AFTER_AT_MOST_S)
        self.most, self.risen, self.rises_at = most, False, now_s + self.rises_after_s

    def rest(self) -> None:
        """Ends those at rest."""
        for line in self.idle:
            line.writer.close()
        self.idle.clear()


class Pcd04:
    """Connections are kept open; all are opened again after any doubt about what was answered.

    Each carries one message at a time. How many there are is the recipient's `connections`; a receiver that lets in
    fewer gets what waits over those, and after a minute is asked whether it lets in one more.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lines: dict[str, _Lines] = {}

    async def send(self, recipient: Recipient, notice: Notice) -> Answer:
        """Sends and waits for the acknowledgement."""
        lines = self._lines.setdefault(recipient.name, _Lines())
        while not lines.has_room(self._clock()):
            lines.freed.clear()
            await lines.freed.wait()
        lines.working += 1
        line = None
        try:
            async with asyncio.timeout(WITHIN_S):
                line = await self._open(recipient, lines)
                if line is not None:
                    answer = await _exchange(line, recipient, notice)
                    line.beside = 0
                    lines.idle.append(line)
                    return answer
        except (OSError, TimeoutError, TooLarge, EOFError) as fault:
            if line is not None:
                line.writer.close()
            if line is None or not line.beside or line.opened != lines.anew:
                lines.all_anew()
                return Answer(ok=False, said=type(fault).__name__)
            lines.lower(min(lines.most, line.beside), self._clock())  # let in, and not served: one more than it serves
            if isinstance(fault, TimeoutError):
                return Answer(ok=False, said=type(fault).__name__)
        finally:
            lines.working -= 1
            lines.freed.set()
        if line is None:
            lines.lower(max(1, lines.working), self._clock())
        return await self.send(recipient, notice)

    async def _open(self, recipient: Recipient, lines: _Lines) -> _Line | None:
        """One at rest, else a new one; None where the receiver lets no more in than are at work."""
        while lines.idle:
            line = lines.idle.pop()
            if not line.reader.at_eof():
                return line
            line.writer.close()
        host, _, port = recipient.address.rpartition(":")
        opened, beside = lines.anew, lines.working - 1
        try:
            return _Line(*await asyncio.open_connection(host, int(port)), opened, beside)
        except OSError:
            if lines.working == 1:
                raise
            return None

    async def close(self) -> None:
        """Ends the connections."""
        for lines in self._lines.values():
            writers = [line.writer for line in lines.idle]
            lines.rest()
            for writer in writers:
                with suppress(OSError):
                    await writer.wait_closed()


async def _exchange(line: _Line, recipient: Recipient, notice: Notice) -> Answer:
    line.writer.write(frame(message(notice, recipient)))
    await line.writer.drain()
    frames, wanted = Frames(MOST_BYTES), control_id(notice)
    while True:
        data = await line.reader.read(MOST_BYTES)
        if not data:
            raise EOFError
        for reply in frames.feed(data):
            answer = answer_of(reply, wanted)
            if answer.answered:
                return answer
