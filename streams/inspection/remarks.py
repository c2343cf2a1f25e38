"""What can be said of an integrator's message: refused and why, or taken and still worth a word."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from schemas.reasons import REMEDIES, Refusal


class Level(StrEnum):
    """A finding must be mended before going live, a note is worth reading."""

    FINDING = "finding"
    NOTE = "note"


class Sign(StrEnum):
    """Codes of remarks about messages that would be read; those about refused ones are `schemas.reasons.Refusal`."""

    DUPLICATE = "duplicate"
    LATE = "late"
    BEHIND_OTHERS = "behind_others"
    TABLE = "table"
    REPEATED_NAME = "repeated_name"
    SUSPECT = "suspect"
    UNKNOWN_FIELD = "unknown_field"
    OUT_OF_ORDER = "out_of_order"
    DELAYED = "delayed"
    AHEAD_ONCE = "ahead_once"
    CLOCK_WENT_BACK = "clock_went_back"
    CLOCK_STUCK = "clock_stuck"
    FLAT = "flat"
    PRESSURES_CROSSED = "pressures_crossed"
    SHARED_DEVICE = "shared_device"
    SAME_BED = "same_bed"
    SAME_DEVICE = "same_device"
    NOT_ADMITTED = "not_admitted"
    REPEATED_RECORD = "repeated_record"
    PLANNED = "planned"
    NO_MOMENT = "no_moment"
    NO_SEQUENCE = "no_sequence"
    SEQUENCE_GAP = "sequence_gap"
    NOT_SEEN_HERE = "not_seen_here"
    AHEAD_OF_NOW = "ahead_of_now"
    NOT_REAL = "not_real"
    PADDED_ID = "padded_id"
    BYTE_ORDER_MARK = "byte_order_mark"


SIGNS: Final[Mapping[Sign, tuple[Level, str]]] = MappingProxyType(
    {
        Sign.DUPLICATE: (
            Level.FINDING,
            "Count `sequence` up with every reading: a vital that comes again with the same device, source, sequence "
            "and taken_at is a repeat, and ignored; others of that moment may come in messages of their own.",
        ),
        Sign.LATE: (
            Level.FINDING,
            "Send in the order of measuring: a monitor's value is scored up to 15 minutes late, a wearable's 30, a "
            "spot check 12 hours; a vital that has gone on since is not.",
        ),
        Sign.BEHIND_OTHERS: (
            Level.FINDING,
            "In a replay it is late or too far ahead because of other patients: sort the file by taken_at, or give "
            "each patient a clock of its own (replay --alone).",
        ),
        Sign.TABLE: (Level.NOTE, "docs/recordings.md lists the signals, units and labels that are read."),
        Sign.AHEAD_ONCE: (
            Level.FINDING,
            "Check the clock: a single time of the future is refused, and only that message.",
        ),
        Sign.CLOCK_WENT_BACK: (
            Level.FINDING,
            "Set clocks by small steps: until the new time has been learnt, half a minute is left out.",
        ),
        Sign.CLOCK_STUCK: (
            Level.FINDING,
            "Check the device's clock: each measurement has a moment of its own, and taken_at moves with it.",
        ),
        Sign.PRESSURES_CROSSED: (
            Level.FINDING,
            "Check which field holds which: a diastolic above its systolic is not scored, and is told as an alert.",
        ),
        Sign.FLAT: (
            Level.FINDING,
            "Check that the sensor measures somebody: a rate that does not move for ten minutes is told as an alert.",
        ),
        Sign.SHARED_DEVICE: (
            Level.FINDING,
            "Send a monitor's values under one patient: check who lies where, and which monitor is whose.",
        ),
        Sign.SAME_BED: (
            Level.FINDING,
            "Discharge or transfer the patient who lay there: two in one bed are told to both.",
        ),
        Sign.SAME_DEVICE: (
            Level.FINDING,
            "Take the device off the other patient first: two on one device are told to both.",
        ),
        Sign.NOT_ADMITTED: (Level.NOTE, "Send the admission first; until then the patient is watched as unassigned."),
        Sign.REPEATED_RECORD: (Level.NOTE, "It is known already and changes nothing; sent once is enough."),
        Sign.PLANNED: (Level.NOTE, "It takes effect at the moment that it names; if it has happened, correct `at`."),
        Sign.NO_MOMENT: (Level.NOTE, "Send `at`: without it a record that comes late counts as of now."),
        Sign.DELAYED: (Level.NOTE, "It is scored and said to be delayed: send values when they are measured."),
        Sign.REPEATED_NAME: (Level.FINDING, "Name each field once: of two, only the last is read."),
        Sign.SUSPECT: (
            Level.NOTE,
            "It is scored and flagged, and not learned from. If no patient was that ill, check sensor and unit.",
        ),
        Sign.UNKNOWN_FIELD: (Level.NOTE, "It is ignored and counted; `vigilward schema reading` prints those we know."),
        Sign.OUT_OF_ORDER: (Level.NOTE, "It is in time, but a slower connection would make it late."),
        Sign.NO_SEQUENCE: (
            Level.NOTE,
            "Send `sequence`, counting up for each device: without it a reading cannot be corrected later.",
        ),
        Sign.SEQUENCE_GAP: (Level.NOTE, "Numbers are missing: see whether readings were lost on the way."),
        Sign.NOT_SEEN_HERE: (
            Level.NOTE,
            "`corrects` names a sequence of the same device that is still in force; it is not among these messages.",
        ),
        Sign.AHEAD_OF_NOW: (
            Level.NOTE,
            "Check the device's clock and zone: taken_at lies ahead of this machine's clock.",
        ),
        Sign.NOT_REAL: (
            Level.NOTE,
            "Only workers of this mode (VIGILWARD_MODE) take it; leave `mode` out for real patients.",
        ),
        Sign.PADDED_ID: (
            Level.NOTE,
            "Send ids without spaces around them or control characters in them: they would name another patient.",
        ),
        Sign.BYTE_ORDER_MARK: (Level.NOTE, "It is passed over in a file; at the start of a record it is refused."),
    }
)


class Remark(NamedTuple):
    """One thing to say of one line; `what` is what we saw, `remedy` what to do."""

    line: int
    code: Refusal | Sign
    field: str | None
    what: str

    @property
    def level(self) -> Level:
        """Whether it must be mended."""
        return Level.FINDING if isinstance(self.code, Refusal) else SIGNS[self.code][0]

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return REMEDIES[self.code][1] if isinstance(self.code, Refusal) else SIGNS[self.code][1]

    def as_dict(self) -> dict[str, Any]:
        """As it is written out."""
        return {
            "line": self.line,
            "level": str(self.level),
            "code": str(self.code),
            "field": self.field,
            "what": self.what,
            "remedy": self.remedy,
        }
