"""Values as they are written: one finite number, a letter of ACVPU, yes or no; anything else is named, not mended."""

import re
from math import isfinite
from typing import Final

from streams.formats.codes import WORDS_OF_LETTERS

_NUMBER: Final = re.compile(r"[+-]?(?:\d{1,20}(?:\.\d{0,15})?|\.\d{1,15})(?:[eE][+-]?\d{1,2})?", re.ASCII)
_YES: Final = frozenset({"y", "yes", "true", "1", "on oxygen", "oxygen"})
_NO: Final = frozenset({"n", "no", "false", "0", "air", "room air", "ra", "none"})


def number_of(text: str) -> float | None:
    """The one finite number that a text is, or None: no comma for the point, no comparator, no unit behind it.

    >>> number_of("36.80"), number_of("36,8"), number_of(">200"), number_of("97 %")
    (36.8, None, None, None)
    """
    text = text.strip(" ")
    if _NUMBER.fullmatch(text) is None:
        return None
    value = float(text)
    return value if isfinite(value) else None


def number_of_hl7(text: str) -> float | None:
    """The same as HL7 v2 writes a number (NM, chapter 2A): digits and a point, no exponent.

    >>> number_of_hl7("+36.80"), number_of_hl7("1.6E1")
    (36.8, None)
    """
    return None if "e" in text or "E" in text else number_of(text)


def letter_of(text: str) -> str | None:
    """The letter of ACVPU that a word stands for.

    >>> letter_of("Alert"), letter_of("New confusion"), letter_of("drowsy")
    ('A', 'C', None)
    """
    return WORDS_OF_LETTERS.get(text.strip().casefold())


def yes_or_no(text: str) -> bool | None:
    """Whether a word says that oxygen is given.

    >>> yes_or_no("Room air"), yes_or_no("Y"), yes_or_no("Venturi")
    (False, True, None)
    """
    word = text.strip().casefold()
    return True if word in _YES else False if word in _NO else None
