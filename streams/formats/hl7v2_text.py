"""HL7 v2 as text: batches into messages, messages into segments, fields, repetitions, components.

Reads what senders write: CR, LF or CRLF between segments, MLLP's frames, a byte order mark, FHS/BHS batches, several
messages in one text, a message whose frame lacks its last CR. Chapter 2 of HL7 v2.9.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import msgspec

BOM: Final = b"\xef\xbb\xbf"
_LINES: Final = re.compile(r"[\r\n\x0b\x1c]+")
_SEGMENT: Final = re.compile(r"[A-Z][A-Z0-9]{2}$")
_HEADERS: Final = frozenset({"MSH", "BHS", "FHS"})
_ESCAPE: Final = re.compile(r"\\([^\\\r\n]{0,64})\\")
# HL7 table 0211, as Python names its codecs; what is UTF-16 indeed is known by how it begins.
CHARSETS: Final = {
    "": "utf-8", "ASCII": "ascii", "8859/1": "latin-1", "8859/2": "iso8859-2", "8859/3": "iso8859-3",
    "8859/4": "iso8859-4", "8859/5": "iso8859-5", "8859/6": "iso8859-6", "8859/7": "iso8859-7",
    "8859/8": "iso8859-8", "8859/9": "iso8859-9", "8859/15": "iso8859-15", "ISO IR14": "shift_jis",
    "ISO IR87": "iso2022_jp", "GB 18030-2000": "gb18030", "BIG-5": "big5", "KS X 1001": "euc_kr",
    # not in the table, and often sent
    "UTF-8": "utf-8", "UTF8": "utf-8", "UNICODE UTF8": "utf-8", "ISO-8859-1": "latin-1", "ISO8859-1": "latin-1",
    "8859-1": "latin-1", "ISO8859/1": "latin-1", "ISO-8859-15": "iso8859-15", "WINDOWS-1252": "cp1252",
    "US-ASCII": "ascii", "GB18030": "gb18030",
    "UNICODE": "utf-8", "UNICODE UTF-8": "utf-8", "UNICODE UTF-16": "utf-8",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Delimiters:
    """MSH-1 and MSH-2."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    sub: str = "&"

    def unescape(self, text: str) -> str:
        """The text with its escape sequences resolved; what is not known stays as it is.

        >>> Delimiters().unescape(r"2.73x10\\S\\-7")
        '2.73x10^-7'
        """
        if self.escape not in text:
            return text
        plain = text if self.escape == "\\" else text.replace(self.escape, "\\")
        return _ESCAPE.sub(self._resolve, plain)

    def _resolve(self, found: re.Match[str]) -> str:
        said = found[1]
        simple = {"F": self.field, "S": self.component, "R": self.repetition, "E": self.escape, "T": self.sub}
        if said in simple:
            return simple[said]
        if said.startswith("X") and len(said) % 2 == 1:
            try:
                return bytes.fromhex(said[1:]).decode("latin-1")
            except ValueError:
                return found[0]
        return "\n" if said in (".br", ".sp") else found[0]


class Segment(msgspec.Struct, frozen=True, gc=False):
    """One segment: its name, its place among those of its name, and its fields as they are written (1-based)."""

    name: str
    index: int
    fields: tuple[str, ...]
    marks: Delimiters

    def raw(self, number: int) -> str:
        """Field `number` as it is written; empty if it is not there."""
        return self.fields[number - 1] if number <= len(self.fields) else ""

    def repetitions(self, number: int) -> list[list[str]]:
        """The repetitions of a field, each a list of components, escapes resolved."""
        raw = self.raw(number)
        return [self._components(one) for one in raw.split(self.marks.repetition)] if raw else []

    def first(self, number: int) -> list[str]:
        """The components of the first repetition."""
        raw = self.raw(number)
        return self._components(raw.split(self.marks.repetition, 1)[0]) if raw else []

    def text(self, number: int, component: int = 1) -> str:
        """One component of the first repetition; empty if it is not there. `""` (delete) is empty too."""
        raw = self.raw(number)
        if not raw:
            return ""
        if raw.isalnum():  # most fields: nothing to take apart
            return raw if component == 1 else ""
        parts = self.first(number)
        said = parts[component - 1].strip() if component <= len(parts) else ""
        return "" if said == '""' else said

    def place(self, number: int | None = None) -> str:
        """Such as `OBX[3].5`."""
        return f"{self.name}[{self.index}]" + (f".{number}" if number else "")

    def _components(self, text: str) -> list[str]:
        parts = text.split(self.marks.component)
        return [self.marks.unescape(part) for part in parts] if self.marks.escape in text else parts


@dataclass(slots=True)
class Message:
    """One message: its segments in order, and the lines that are none."""

    header: Segment
    segments: list[Segment] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def control_id(self) -> str:
        """MSH-10."""
        return self.header.text(10)

    def all(self, name: str) -> Iterator[Segment]:
        """Its segments of one name."""
        return (one for one in self.segments if one.name == name)

    def one(self, name: str) -> Segment | None:
        """Its first segment of that name."""
        return next(self.all(name), None)


@dataclass(slots=True)
class Text:
    """What a text held: messages, how many a trailer counted where it disagrees, and whether anything was no HL7."""

    messages: list[Message] = field(default_factory=list)
    miscounted: list[str] = field(default_factory=list)
    stray: bool = False


def decode(data: bytes) -> tuple[str, bool]:
    """The text of some bytes by the character set of their first MSH-18; whether something could not be read in it."""
    data = data.removeprefix(BOM)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace"), False
    codec = CHARSETS.get(_charset(data), None)
    for one in (codec, "utf-8"):
        if one is None:
            continue
        try:
            return data.decode(one), codec is None
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("latin-1"), True


def _charset(data: bytes) -> str:
    at = data.find(b"MSH")
    if at < 0 or len(data) <= at + 3:
        return ""
    head = re.split(rb"[\r\n]", data[at : at + 4096], maxsplit=1)[0]
    if len(head) < 4:
        return ""
    fields = head.split(head[3:4])
    return re.split(rb"[~^]", fields[17])[0].decode("ascii", "replace").strip().upper() if len(fields) > 17 else ""


def split(text: str) -> Text:
    """The messages in a text.

    >>> held = split("MSH|^~\\\\&|A\\nPID|1\\rMSH|^~\\\\&|B")
    >>> [one.header.text(3) for one in held.messages], held.messages[0].segments[0].place(3)
    (['A', 'B'], 'PID[1].3')
    """
    held, current, since_batch = Text(), None, 0
    for number, line in enumerate(_LINES.split(text)):
        line = line.lstrip("\ufeff \t") if not current else line
        if not line.strip():
            continue
        name = line[:3]
        if name in _HEADERS and len(line) > 3 and not line[3].isalnum():
            current = None
            if name == "MSH":
                current = Message(_header(line))
                held.messages.append(current)
                since_batch += 1
            elif name == "BHS":
                since_batch = 0
        elif name in ("BTS", "FTS"):
            if (
                name == "BTS"
                and (said := line[4:].split("|")[0].strip()).isascii()
                and said.isdigit()
                and int(said[:9]) != since_batch
            ):
                held.miscounted.append(name)
            current = None
        elif current is None:
            held.stray = True
        elif _SEGMENT.match(name) and (len(line) == 3 or line[3] == current.header.marks.field):
            _add(current, name, line)
        else:
            current.broken.append(number)
    return held


def _header(line: str) -> Segment:
    mark = line[3]
    fields = line[4:].split(mark)
    return Segment(line[:3], 1, (mark, *fields), _delimiters(mark, fields[0]))


@lru_cache(maxsize=1_000)
def _delimiters(mark: str, letters: str) -> Delimiters:
    return Delimiters(mark, *list(dict.fromkeys(letters))[:4])  # a repeated delimiter is one


def _add(message: Message, name: str, line: str) -> None:
    number = message.counts[name] = message.counts.get(name, 0) + 1
    marks = message.header.marks
    message.segments.append(Segment(name, number, tuple(line[4:].split(marks.field)), marks))
