"""XML read safely: no document type with entities, bounded depth; attributes and children as they come."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from xml.parsers import expat

DEEPEST: Final = 64
CHUNK: Final = 1 << 16


class XmlError(ValueError):
    """What cannot be read as XML, and where."""


@dataclass(slots=True)
class Element:
    """One element: its name without the namespace, attributes, children, text."""

    name: str
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    text: str = ""


class _Reader:
    """Builds elements; hands over those of `wanted` names as they end and forgets them, so that a file may be long."""

    def __init__(self, wanted: frozenset[str], doctype: bool) -> None:
        self.wanted, self.done = wanted, []  # type: ignore[var-annotated]
        self.root: Element | None = None
        self._open: list[Element] = []
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.EntityDeclHandler = self._refuse
        if not doctype:
            self._parser.StartDoctypeDeclHandler = self._refuse

    def feed(self, data: bytes, last: bool) -> list[Element]:
        """Reads on; what of the wanted has ended. Raises XmlError."""
        try:
            self._parser.Parse(data, last)
        except expat.ExpatError as error:
            raise XmlError(f"line {error.lineno}: {expat.ErrorString(error.code)}") from error
        except (LookupError, UnicodeError, ValueError) as error:
            raise error if isinstance(error, XmlError) else XmlError("an encoding that is not known") from error
        done, self.done = self.done, []
        return done

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= DEEPEST:
            raise XmlError(f"deeper than {DEEPEST} elements")
        one = Element(name.rpartition(":")[2], attributes)
        if self.root is None:
            self.root = one
        elif self._open and not (self.wanted and len(self._open) == 1 and one.name in self.wanted):
            self._open[-1].children.append(one)
        self._open.append(one)

    def _end(self, _: str) -> None:
        one = self._open.pop()
        if one.name in self.wanted and len(self._open) == 1:
            self.done.append(one)

    def _characters(self, text: str) -> None:
        if self._open and len(self._open[-1].text) < 10_000:
            self._open[-1].text += text

    def _refuse(self, *_: Any) -> None:
        raise XmlError("a document type with entities is not read")


def read(data: bytes) -> Element:
    """The root element of a document without a document type. Raises XmlError.

    >>> read(b'<a xmlns="x"><b value="1"/></a>').children[0].attributes["value"]
    '1'
    """
    reader = _Reader(frozenset(), doctype=False)
    reader.feed(data, True)
    if reader.root is None:
        raise XmlError("no element")
    return reader.root


def stream(data: bytes, wanted: frozenset[str]) -> Iterator[Element]:
    """The wanted elements right below the root, one after the other. Raises XmlError."""
    reader = _Reader(wanted, doctype=True)
    for at in range(0, len(data), CHUNK):
        yield from reader.feed(data[at : at + CHUNK], False)
    yield from reader.feed(b"", True)


def root_name(data: bytes) -> str:
    """The name of the root element, found without reading on; empty if there is none."""
    reader = _Reader(frozenset(), doctype=True)
    with contextlib.suppress(XmlError):
        reader.feed(data[:8192], False)
    return reader.root.name if reader.root else ""
