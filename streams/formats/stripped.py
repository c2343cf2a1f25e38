"""A message without what names a person, kept so that it can be converted again: identifiers and results stay.

What cannot be taken apart cannot be cleared of names: of it only the shape is kept.
"""

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
_WHOLE: Final = frozenset({"MSH", "FHS", "BHS", "BTS", "FTS", "MSA"})
# Of these all but the fields in which people stand: who ordered, collected, read, was called back, took part.
_BUT: Final = {
    "OBR": frozenset({10, 16, 17, 28, 32, 33, 34, 35, 39, 46}),
    "OBX": frozenset({16, 23, 24, 25}),
    "PRT": frozenset({5, 6, 7, 8, 9, 14, 15}),
}
_FREE: Final = frozenset({"FT", "TX", "ED", "RP"})
_SHORT: Final = 40  # a text value that is longer is a note
SHAPE: Final = 4_096
_PATIENT: Final = frozenset({"resourceType", "id", "meta", "identifier", "birthDate", "gender"})
_NAMING: Final = frozenset({"display", "text", "div", "note", "name", "telecom", "address", "photo", "contact"})
# Keys of vendors' JSON, in small letters and without what stands between words.
_PERSONAL: Final = re.compile(
    r"(first|last|middle|given|family|full|patient|person|user|maiden|nick|sur|birth|display|contact)name"
    r"|^(name|forename|initials|title)$|address|street|postcode|zipcode|phone|mobile|email|mail|telecom|ssn|photo"
    r"|comment|remark|^notes?$|freetext"
)


def without_names(data: bytes) -> tuple[bytes, bool]:
    """The message with names, addresses and free notes left out; and whether it can be converted again.

    HL7 v2, FHIR, and JSON that can be read are taken apart. Of all else only the shape is kept, and it cannot.

    >>> without_names(b"MSH|^~\\\\&|A\\rPID|1||42||Doe^Jane||19510730|F|||1 Road\\rNTE|1||she said")
    (b'MSH|^~\\\\&|A\\rPID|1||42||||19510730|F\\r', True)
    >>> without_names(b'{"name": "Doe", 42')
    (b'{"xxxx": "xxx", 99', False)
    """
    head = in_utf8(data).lstrip(b"\xef\xbb\xbf \t\r\n\x0b")
    if head[:3] in (b"MSH", b"FHS", b"BHS"):
        return _hl7(head), True
    if head[:1] in (b"{", b"["):
        return _documents(head)
    if head[:1] == b"<":
        return _xml(head)
    begins = head[:8192].find(b"MSH|")  # noise before it is no part of the message
    return (shape_of(head), False) if begins < 0 else (_hl7(head[begins:]), True)


def shape_of(data: bytes) -> bytes:
    """How bytes that cannot be read look: letters as x, digits as 9, of the first 4,096; enough to see what they are.

    >>> shape_of("Müller;36,8".encode())
    b'xxxxxxx;99,9'
    """
    return data[:SHAPE].translate(_MASKED)


def _documents(data: bytes) -> tuple[bytes, bool]:
    """One document, or one a line; of what is no JSON the shape."""
    try:
        return msgspec.json.encode(_json(msgspec.json.decode(data))), True
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        lines = data.splitlines()
        if len(lines) < 2:
            return shape_of(data), False
        kept = [_documents(line) for line in lines]
        return b"\n".join(line for line, _ in kept), any(readable for _, readable in kept)


def _xml(data: bytes) -> tuple[bytes, bool]:
    """A FHIR resource, as JSON; of any other XML the shape: a phone's export names its owner in every device."""
    if root_name(data) == "HealthData":
        return shape_of(data), False
    try:
        return msgspec.json.encode(_json(resource_of(data))), True
    except XmlError:
        return shape_of(data), False


_MASKED: Final = bytes(
    57 if 48 <= letter < 58 else 120 if letter >= 128 or 65 <= letter < 91 or 97 <= letter < 123 else letter
    for letter in range(256)
)


def _hl7(data: bytes) -> bytes:
    mark = data[3:4]
    kept: list[bytes] = []
    for line in re.split(rb"[\r\n\x0b\x1c]+", data):
        name = line[:3].decode("ascii", "replace")
        if name in _WHOLE:
            kept.append(line)
        elif name in _KEEP or name in _BUT:
            fields = line.split(mark)
            wanted = [part if _stays(name, at, fields) else b"" for at, part in enumerate(fields)]
            while wanted and not wanted[-1]:
                wanted.pop()
            kept.append(mark.join(wanted))
    return b"\r".join(kept) + b"\r"


def _stays(name: str, at: int, fields: list[bytes]) -> bool:
    if at == 0:
        return True
    if name in _KEEP:
        return at in _KEEP[name]
    if name == "OBX" and at == 5 and fields[2].decode("ascii", "replace") in _FREE:
        return len(fields[5]) <= _SHORT
    return at not in _BUT[name]


def _json(value: Any) -> Any:
    if isinstance(value, list):
        return [_json(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get("resourceType") == "Patient":
        return {name: part for name, part in value.items() if name in _PATIENT}
    coded = "code" in value and "system" in value  # a coding's display says what was measured, not of whom
    kept = {name: _json(part) for name, part in value.items() if name not in _NAMING or (coded and name == "display")}
    return {name: part for name, part in kept.items() if not isinstance(part, str) or not _is_personal(name, coded)}


def _is_personal(name: str, coded: bool) -> bool:
    plain = "".join(letter for letter in name.lower() if letter.isalnum())
    return _PERSONAL.search(plain) is not None and not coded
