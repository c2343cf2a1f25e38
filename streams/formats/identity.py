"""Whose a message is: which identifier names the patient, which patient a device or a bed belongs to, and pseudonyms.

Where a message carries several identifiers, the first of the stated order counts: by assigner and type as the site sets
them, otherwise a medical record number before any other. With a key the id is a keyed HMAC of assigner and identifier,
so that the log holds no hospital number; the key's id stands in front of it. Where an older key is set beside the new
one, the first time that a patient is named tells which pseudonyms are the same patient's: a watch follows by a merge.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Final

from streams.formats.hl7v2_text import Segment

# HL7 table 0203: medical record number, patient internal identifier, patient's number of this visit's hospital.
TYPES: Final = ("MR", "MRN", "PI", "PT", "PN", "VN", "AN")


UNASSIGNED: Final = "unassigned:"
"""Begins the id of whoever is named by no message and no device."""
DIGEST_LETTERS: Final = 32
_DIGEST: Final = re.compile(rf"[0-9a-f]{{{DIGEST_LETTERS}}}")
TOLD: Final = 100_000  # patients whose older pseudonyms were told by this process


@dataclass(frozen=True, slots=True)
class Preference:
    """One line of the order in which identifiers are chosen; an empty part matches anything."""

    assigner: str = ""
    type: str = ""

    def fits(self, assigner: str, type_: str) -> bool:
        """Whether an identifier of this assigner and type is meant."""
        return self.assigner in ("", assigner) and self.type in ("", type_)


@dataclass(frozen=True, slots=True)
class Identity:
    """How patients are named here. `key` with its `key_id` makes pseudonyms; `beds` names who lies where.

    `older` are earlier keys with their ids, as long as patients of their time are here. `renamed` holds, until it is
    taken, the older pseudonyms of patients who were named, each with the one that stays.
    """

    order: tuple[Preference, ...] = tuple(Preference(type=one) for one in TYPES)
    key: bytes = b""
    key_id: str = ""
    older: tuple[tuple[str, bytes], ...] = ()
    beds: dict[str, str] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    def of_hl7(self, pid: Segment) -> str | None:
        """The patient of a PID segment: PID-3, else PID-2 of the versions before 2.3.1."""
        for number in (3, 2):
            listed = [_identifier(parts) for parts in pid.repetitions(number)]
            if found := self.chosen([one for one in listed if one[0]]):
                return found
        return None

    def of_merged(self, mrg: Segment) -> str | None:
        """The id that goes in a merge: MRG-1, by the same order."""
        listed = [_identifier(parts) for parts in mrg.repetitions(1)]
        return self.chosen([one for one in listed if one[0]])

    def chosen(self, listed: list[tuple[str, str, str]]) -> str | None:
        """The id by the first line of the order that fits one of (identifier, assigner, type); else the first."""
        for wanted in self.order:
            for value, assigner, type_ in listed:
                if wanted.fits(assigner, type_):
                    return self.named(value, assigner)
        return self.named(*listed[0][:2]) if listed else None

    def of_bed(self, location: list[str]) -> str | None:
        """The patient who lies at a PV1-3 location, by the admissions that came through here; else None."""
        return self.beds.get(_bed(location))

    def lies(self, patient: str, location: list[str] | None) -> None:
        """Notes where a patient lies from now on; None: nowhere any more. A bed holds one patient."""
        for bed in [bed for bed, who in self.beds.items() if who == patient]:
            del self.beds[bed]
        if location and (bed := _bed(location)):
            self.beds[bed] = patient

    def named(self, value: str, assigner: str = "") -> str:
        """The id under which a patient is known here: as it was sent, or its pseudonym where a key is set.

        >>> Identity(key=b"0123456789abcdef", key_id="k1").named("42", "H")[:3]
        'k1-'
        """
        if not self.key:
            return value
        name = _pseudonym(self.key_id, self.key, assigner, value)
        if self.older and name not in self._told:
            if len(self._told) >= TOLD:  # told again then: a merge that was told does nothing
                self._told.clear()
            self._told.add(name)
            self.renamed.update((_pseudonym(key_id, key, assigner, value), name) for key_id, key in self.older)
        return name

    def known_as(self, value: str) -> str:
        """The same of an id by which the site itself names a patient: a topic's, a login's, a native reading's.

        What is a pseudonym already (under a key id that is known here), or the id of nobody, stays as it is.

        >>> ours = Identity(key=b"0123456789abcdef", key_id="k1")
        >>> ours.known_as(ours.named("42")) == ours.known_as("42") == ours.named("42")
        True
        """
        if not value or value.startswith(UNASSIGNED) or self._is_pseudonym(value):
            return value
        return self.named(value)

    def _is_pseudonym(self, value: str) -> bool:
        key_id, dash, digest = value.rpartition("-")
        return (
            bool(dash)
            and key_id in (self.key_id, *(known for known, _ in self.older))
            and _DIGEST.fullmatch(digest) is not None
        )


def _pseudonym(key_id: str, key: bytes, assigner: str, value: str) -> str:
    digest = hmac.new(key, f"{assigner}\x1f{value}".encode("utf-8", "replace"), hashlib.sha256)
    return f"{key_id}-{digest.hexdigest()[:DIGEST_LETTERS]}"


def _bed(location: list[str]) -> str:
    """A location of ward, room and bed; empty where no bed is named: a ward is no place to know a patient by."""
    said = [part.strip() for part in location[:3]]
    return "^".join(said) if len(said) == 3 and said[2] else ""


def _identifier(parts: list[str]) -> tuple[str, str, str]:
    padded = [part.strip() for part in parts] + [""] * 5
    value = "" if padded[0] == '""' else padded[0]
    return value, padded[3].split("&")[0], padded[4]
