"""HL7 v2 acknowledgements: original and enhanced mode, with an ERR segment for everything that was not taken.

AA: taken, or nothing in it is for us, or what is missing is nobody's fault; AE: the content has to be mended; AR: type,
event or version are not taken, or Kafka did not have it in time. In enhanced mode MSH-15 asks for a commit (CA, CE,
CR), MSH-16 for the application's answer. Chapter 2 of HL7 v2.9; tables 0008, 0155, 0357, 0516.
"""

import re
from datetime import datetime
from functools import lru_cache
from typing import Final

from schemas.reasons import Refusal
from streams.formats.findings import Converted, Finding, Level, Outcome, Sign
from streams.formats.hl7v2_text import CHARSETS, Segment

MOST_ERRORS: Final = 20
# Table 0357.
_CODES: Final[dict[Sign | Refusal, tuple[int, str]]] = {
    **dict.fromkeys(
        (Sign.NO_VALUE, Sign.NO_TIME, Sign.NO_PATIENT, Sign.MISSING_UNIT, Sign.NO_TIME_ZONE, Sign.TIME_IMPRECISE),
        (101, "Required field missing"),
    ),
    **dict.fromkeys(
        (Sign.INEXACT_VALUE, Sign.WRONG_TYPE, Sign.TIME_INVALID, Sign.TIME_AMBIGUOUS, Sign.REPEATED_VALUE),
        (102, "Data type error"),
    ),
    **dict.fromkeys(
        (
            Sign.UNKNOWN_UNIT,
            Sign.UNMAPPED,
            Sign.CODE_MISMATCH,
            Sign.STATUS,
            Sign.OTHER_SCALE,
            Sign.AGGREGATE,
            Sign.IN_ADMISSION,
        ),
        (103, "Table value not found"),
    ),
    Sign.MALFORMED: (100, "Segment sequence error"),
    Sign.NOT_A_RESULT: (200, "Unsupported message type"),
    Sign.NO_EVENT: (201, "Unsupported event code"),
    Sign.UNSUPPORTED_VERSION: (203, "Unsupported version id"),
}
_OTHER: Final = (207, "Application internal error")
_REJECTED: Final = frozenset({Sign.NO_EVENT, Sign.UNSUPPORTED_VERSION, Sign.NOT_RECOGNISED})
# Not to be mended by a sender: an engine that waits for its mending would stand still.
_NOBODYS_FAULT: Final = frozenset(
    {Sign.STATUS, Sign.DATA_ABSENT, Sign.NO_VALUE, Sign.AGGREGATE, Sign.PRESSURES_SWAPPED, Sign.HELD_WITH_PAIR,
     Sign.CONTRADICTION, Sign.IN_ADMISSION, Refusal.NOT_USABLE, Refusal.NO_VALUE, Refusal.IMPOSSIBLE}
)  # fmt: skip
_PLACE: Final = re.compile(r"([A-Z][A-Z0-9]{2})\[(\d+)\](?:\.(\d+))?")


def acknowledge(one: Converted, at: datetime, *, stored: bool = True) -> list[bytes]:
    """The acknowledgements that the sender of a message asks for, in their order; none for an acknowledgement.

    `at`: now, aware. `stored`: whether Kafka has what came of it.
    """
    header: Segment | None = one.header
    if header is None:
        return [_message(None, "AR", one, at)]
    if header.text(9).upper() == "ACK":
        return []
    code = "R" if not stored else _code(one)
    if not (header.text(15) or header.text(16)):
        return [_message(header, f"A{code}", one, at, stored)]
    asked = ((header.text(15), "C"), (header.text(16), "A"))
    return [_message(header, mode + code, one, at, stored) for when, mode in asked if _wanted(when, code)]


@lru_cache(maxsize=8)
def _written(second: datetime) -> str:
    return second.strftime("%Y%m%d%H%M%S%z")


def _wanted(when: str, code: str) -> bool:
    return when == "AL" or (when == "ER" and code != "A") or (when == "SU" and code == "A")


def _code(one: Converted) -> str:
    codes = {finding.code for finding in one.findings if finding.level is Level.FINDING}
    if codes & _REJECTED or _foreign(one):
        return "R"
    return "E" if one.outcome is Outcome.REFUSED and not codes <= _NOBODYS_FAULT else "A"


def _foreign(one: Converted) -> bool:
    """Whether it is a kind of message that has no business here; an admission of no interest has."""
    header: Segment = one.header
    return header.text(9).upper() not in ("ORU", "ADT", "ACK")


def _message(header: Segment | None, code: str, one: Converted, at: datetime, stored: bool = True) -> bytes:
    control = header.raw(10) if header else ""
    version = (header.text(12) if header else "") or "2.6"
    event = header.text(9, 2) if header else ""
    kind = f"ACK^{event}^ACK" if event else "ACK"
    ours = [header.raw(5), header.raw(6), header.raw(3), header.raw(4)] if header else ["", "", "", ""]
    charset = header.text(18) if header else ""
    mark = header.marks if header else None
    sep = mark.field if mark else "|"
    letters = f"{mark.component}{mark.repetition}{mark.escape}{mark.sub}" if mark else "^~\\&"
    stamp = _written(at.replace(microsecond=0))
    if mark:
        kind = kind.replace("^", mark.component)
    name = f"{code}{control}"[:199]
    mode = (header.raw(11) if header else "") or "P"
    head = ["MSH", letters, *ours, stamp, "", kind, name, mode, version, "", "", "", "", "", charset]
    rows = [sep.join(head).rstrip(sep), sep.join(("MSA", code, control))]
    if not stored:
        rows.append(_error(Finding(Sign.MALFORMED, ""), version, letters, sep, unsaved=True))
    else:
        told = [finding for finding in one.findings if finding.level is Level.FINDING or code[1] == "R"]
        rows += [_error(finding, version, letters, sep) for finding in told[:MOST_ERRORS]]
    return ("\r".join(rows) + "\r").encode(CHARSETS.get(charset.upper(), "utf-8"), "replace")


def _error(finding: Finding, version: str, letters: str, sep: str, *, unsaved: bool = False) -> str:
    component, escape = letters[0], letters[2]
    number, text = _OTHER if unsaved else _CODES.get(finding.code, _OTHER)
    found = _PLACE.match(finding.place)
    place = component.join(part for part in found.groups() if part) if found else ""
    severity = "E" if unsaved or finding.code not in _NOBODYS_FAULT else "W"
    name = "not_stored" if unsaved else str(finding.code)
    words = "Send it again: it is not stored." if unsaved else f"{finding.place}: {finding.remedy}"
    for letter, sequence in ((escape, "E"), (sep, "F"), (component, "S"), (letters[1], "R"), (letters[3], "T")):
        words = words.replace(letter, f"{escape}{sequence}{escape}") if letter != escape else words
    coded = component.join((str(number), text, "HL70357"))
    if _before_2_5(version):
        return sep.join(("ERR", component.join((place or component * 2, coded.replace(component, letters[3])))))
    return sep.join(("ERR", "", place, coded, severity, component.join((name, "", "VIGILWARD")), "", "", words))


def _before_2_5(version: str) -> bool:
    parts = version.split(".")
    return len(parts) > 1 and parts[0] == "2" and parts[1][:1] in tuple("01234")
