"""A message without what names a person, kept so that it can be converted again: identifiers and results stay."""

import re
from typing import Any, Final

import msgspec

from streams.formats.converter import in_utf8
from streams.formats.fhir_xml import resource_of
from streams.formats.xml import XmlError, root_name

_KEEP: Final = {
    "PID": frozenset({1, 2, 3, 4, 7, 8}),
    "PV1": frozenset({1, 2, 3, 19, 44, 45}),
    "MRG": frozenset({1, 2, 3, 4, 5, 6}),
    "EVN": frozenset({1, 2, 6}),
}
_WHOLE: Final = frozenset({"MSH", "OBR", "OBX", "PRT", "FHS", "BHS", "BTS", "FTS", "MSA"})
_PATIENT: Final = frozenset({"resourceType", "id", "meta", "identifier", "birthDate", "gender"})
_NAMING: Final = frozenset({"display", "text", "div", "note", "name", "telecom", "address", "photo", "contact"})


def without_names(data: bytes) -> bytes:
    """The bytes of HL7 v2 or FHIR with names, addresses and free notes left out; anything else as it is.

    >>> without_names(b"MSH|^~\\\\&|A\\rPID|1||42||Doe^Jane||19510730|F|||1 Road\\rNTE|1||she said")
    b'MSH|^~\\\\&|A\\rPID|1||42||||19510730|F\\r'
    """
    head = in_utf8(data).lstrip(b"\xef\xbb\xbf \t\r\n\x0b")
    if head[:3] in (b"MSH", b"FHS", b"BHS"):
        return _hl7(head)
    if head[:1] in (b"{", b"["):
        return _documents(head)
    if head[:1] == b"<":
        return _xml(head)
    begins = head[:8192].find(b"MSH|")  # noise before it is no part of the message
    return data if begins < 0 else _hl7(head[begins:])


def _documents(data: bytes) -> bytes:
    """One document, or one a line; what is no JSON stays as it is."""
    try:
        return msgspec.json.encode(_json(msgspec.json.decode(data)))
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        lines = data.splitlines()
        return data if len(lines) < 2 else b"\n".join(_documents(line) for line in lines)


def _xml(data: bytes) -> bytes:
    """A FHIR resource, as JSON; any other XML as it is."""
    if root_name(data) == "HealthData":
        return data
    try:
        return msgspec.json.encode(_json(resource_of(data)))
    except XmlError:
        return data


def _hl7(data: bytes) -> bytes:
    mark = data[3:4]
    kept: list[bytes] = []
    for line in re.split(rb"[\r\n\x0b\x1c]+", data):
        name = line[:3].decode("ascii", "replace")
        if name in _WHOLE:
            kept.append(line)
        elif name in _KEEP:
            fields = line.split(mark)
            wanted = [part if at == 0 or at in _KEEP[name] else b"" for at, part in enumerate(fields)]
            while wanted and not wanted[-1]:
                wanted.pop()
            kept.append(mark.join(wanted))
    return b"\r".join(kept) + b"\r"


def _json(value: Any) -> Any:
    if isinstance(value, list):
        return [_json(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get("resourceType") == "Patient":
        return {name: part for name, part in value.items() if name in _PATIENT}
    coded = "code" in value and "system" in value  # a coding's display says what was measured, not of whom
    return {name: _json(part) for name, part in value.items() if name not in _NAMING or (coded and name == "display")}
