"""What a converter has to say of a message: a closed list of codes, each with its level and its remedy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from schemas.reasons import REMEDIES, Refusal
from streams.inspection.remarks import Level


class Sign(StrEnum):
    """Codes of findings about a foreign message; a value that the intake would refuse keeps its `Refusal`."""

    NOT_RECOGNISED = "not_recognised"
    MALFORMED = "malformed"
    WRONG_TYPE = "wrong_type"
    UNSUPPORTED_VERSION = "unsupported_version"
    NO_PATIENT = "no_patient"
    NO_DEVICE = "no_device"
    NO_TIME = "no_time"
    TIME_IMPRECISE = "time_imprecise"
    NO_TIME_ZONE = "no_time_zone"
    TIME_AMBIGUOUS = "time_ambiguous"
    TIME_INVALID = "time_invalid"
    PERIOD = "period"
    AGGREGATE = "aggregate"
    DATA_ABSENT = "data_absent"
    NO_VALUE = "no_value"
    INEXACT_VALUE = "inexact_value"
    REPEATED_VALUE = "repeated_value"
    MISSING_UNIT = "missing_unit"
    UNKNOWN_UNIT = "unknown_unit"
    STATUS = "status"
    NOT_FINAL = "not_final"
    MODIFIED = "modified"
    CODE_MISMATCH = "code_mismatch"
    UNMAPPED = "unmapped"
    NOT_WATCHED = "not_watched"
    OTHER_SCALE = "other_scale"
    CONTRADICTION = "contradiction"
    PRESSURES_SWAPPED = "pressures_swapped"
    HELD_WITH_PAIR = "held_with_pair"
    SIMULATED = "simulated"
    NOTHING_TO_CORRECT = "nothing_to_correct"
    CHARACTER_SET = "character_set"
    COUNT_MISMATCH = "count_mismatch"
    NOT_A_RESULT = "not_a_result"
    NO_EVENT = "no_event"
    IN_ADMISSION = "in_admission"


SIGNS: Final[Mapping[Sign, tuple[Level, str]]] = MappingProxyType(
    {
        Sign.NOT_RECOGNISED: (Level.FINDING, "Name the format with --format; `vigilward convert --help` lists them."),
        Sign.MALFORMED: (
            Level.FINDING,
            "Send the message as its standard writes it; the place says what cannot be read.",
        ),
        Sign.WRONG_TYPE: (Level.FINDING, "Give the element the type that its standard asks for."),
        Sign.UNSUPPORTED_VERSION: (Level.FINDING, "Send HL7 v2.2 to v2.9, or FHIR R4 or R4B."),
        Sign.NO_PATIENT: (
            Level.FINDING,
            "Send the patient's identifier, associate the device with a patient, or name the person with --patient; "
            "until then the reading stands under an `unassigned:` id of its own.",
        ),
        Sign.NO_DEVICE: (Level.NOTE, "Send the device's identifier: without it the sender stands for the device."),
        Sign.NO_TIME: (Level.FINDING, "Send the time of measuring (OBX-14 or OBR-7, effectiveDateTime)."),
        Sign.TIME_IMPRECISE: (
            Level.FINDING,
            "Send the time of measuring to the minute at least: a value without a time of day cannot be watched.",
        ),
        Sign.NO_TIME_ZONE: (Level.FINDING, "Send the offset from UTC, or set the site's zone with --site-zone."),
        Sign.TIME_AMBIGUOUS: (
            Level.FINDING,
            "Send the offset from UTC: this local time comes twice, or not at all, when summer time changes.",
        ),
        Sign.TIME_INVALID: (Level.FINDING, "Send a time that exists, as the standard writes it."),
        Sign.PERIOD: (Level.NOTE, "Send the instant of measuring: of a period its beginning is taken, never fresher."),
        Sign.AGGREGATE: (Level.FINDING, "Send the single measurements: a mean, maximum or minimum is not a reading."),
        Sign.DATA_ABSENT: (Level.FINDING, "Nothing is to be done if it was not measured; the value stays unknown."),
        Sign.NO_VALUE: (Level.FINDING, "Send a value, or a status that says why there is none; empty is never zero."),
        Sign.INEXACT_VALUE: (Level.FINDING, "Send one finite number, written with a decimal point and no comparator."),
        Sign.REPEATED_VALUE: (Level.FINDING, "Send one value an observation: of several none can be preferred."),
        Sign.MISSING_UNIT: (Level.FINDING, "Send the unit's code and its system (UCUM or MDC); it is never guessed."),
        Sign.UNKNOWN_UNIT: (Level.FINDING, "Send a unit of this vital; `vigilward schema vitals` prints them."),
        Sign.STATUS: (Level.FINDING, "A result with this status is not to be used; nothing was taken from it."),
        Sign.NOT_FINAL: (Level.NOTE, "It is taken and marked questionable until it is final."),
        Sign.MODIFIED: (
            Level.FINDING,
            "The element changes what the value means, or whose it is: send vitals of the patient without it.",
        ),
        Sign.CODE_MISMATCH: (
            Level.FINDING,
            "Send codes that say the same: a number and a name, or two codes, that disagree are not mapped.",
        ),
        Sign.UNMAPPED: (
            Level.FINDING,
            "Map the code in a mapping file (--mapping): it looks like a vital.",
        ),
        Sign.NOT_WATCHED: (Level.NOTE, "Nothing is to be done: it is not one of the vitals that are watched."),
        Sign.OTHER_SCALE: (
            Level.FINDING,
            "Send ACVPU for consciousness, or map the coma scale to `gcs` in a mapping file: one is not the other.",
        ),
        Sign.CONTRADICTION: (
            Level.FINDING,
            "Send one value for one vital at one instant: these disagree.",
        ),
        Sign.PRESSURES_SWAPPED: (
            Level.FINDING,
            "Measure again: the diastolic pressure is not below the systolic. The pair is marked questionable.",
        ),
        Sign.HELD_WITH_PAIR: (
            Level.FINDING,
            "Measure again: another value of this measurement cannot be taken, so this one is not taken either.",
        ),
        Sign.SIMULATED: (Level.NOTE, "It is marked as test data; a worker that watches real patients refuses it."),
        Sign.NOTHING_TO_CORRECT: (
            Level.NOTE,
            "The value that it replaces was not seen here: it is taken as new, a withdrawal has no effect.",
        ),
        Sign.CHARACTER_SET: (Level.FINDING, "Name the character set in MSH-18 and send the text in it."),
        Sign.COUNT_MISMATCH: (Level.NOTE, "Let the trailer count what was sent: something may be missing."),
        Sign.NOT_A_RESULT: (Level.NOTE, "Nothing is to be done: this kind of message carries no vital."),
        Sign.NO_EVENT: (Level.FINDING, "Send the trigger event in MSH-9.2 or EVN-1."),
        Sign.IN_ADMISSION: (Level.FINDING, "Send vitals as ORU^R01: of those in an admission none is taken."),
    }
)

Code = Sign | Refusal
TOLD_OF_A_CODE: Final = 100  # a year of a wearable in one file has as many faults as it has readings


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say of a message: what, where in the message, and what was seen (never a patient's value)."""

    code: Code
    place: str
    what: str = ""

    @property
    def level(self) -> Level:
        """Whether it must be mended (`finding`) or is worth reading (`note`)."""
        return Level.FINDING if isinstance(self.code, Refusal) else SIGNS[self.code][0]

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return REMEDIES[self.code][1] if isinstance(self.code, Refusal) else SIGNS[self.code][1]

    def as_dict(self) -> dict[str, Any]:
        """As it is written out."""
        told = {"code": str(self.code), "level": str(self.level), "place": self.place, "remedy": self.remedy}
        return {**told, "what": self.what} if self.what else told


class Outcome(StrEnum):
    """What became of a message: all of its vitals taken, some, none although it has some, or it carries none."""

    TAKEN = "taken"
    PARTLY = "partly"
    REFUSED = "refused"
    IGNORED = "ignored"


@dataclass(slots=True)
class Converted:
    """One foreign message converted.

    `readings` and `patients` are native messages, ready for their topics. `held` are readings as far as they were
    understood that are not to be published: their time lacks what a reading needs. `took` names the rule behind each
    value taken. `header` is what an acknowledgement answers to, where the format has one.
    """

    number: int
    format: str
    readings: list[dict[str, Any]] = field(default_factory=list)
    patients: list[dict[str, Any]] = field(default_factory=list)
    held: list[dict[str, Any]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    took: list[tuple[str, str, str]] = field(default_factory=list)
    control_id: str | None = None
    header: Any = None
    untold: int = 0
    _said: set[Finding] = field(default_factory=set)

    def say(self, code: Code, place: str, what: str = "") -> None:
        """Adds a finding, once; of one code only so many, the others are counted."""
        one = Finding(code, place, what)
        if one in self._said:
            return
        if sum(1 for other in self.findings if other.code is code) >= TOLD_OF_A_CODE:
            self.untold += 1
            return
        self._said.add(one)
        self.findings.append(one)

    @property
    def outcome(self) -> Outcome:
        """The verdict: notes do not count against a message."""
        wrong = any(one.level is Level.FINDING for one in self.findings)
        if self.readings or self.patients:
            return Outcome.PARTLY if wrong else Outcome.TAKEN
        return Outcome.REFUSED if wrong else Outcome.IGNORED

    def verdict(self) -> dict[str, Any]:
        """The verdict as it is written on standard error."""
        told: dict[str, Any] = {"message": self.number, "format": self.format, "verdict": str(self.outcome)}
        if self.control_id:
            told["id"] = self.control_id
        told["findings"] = [one.as_dict() for one in self.findings]
        if self.patients:
            told["patients"] = self.patients
        if self.untold:
            told["untold"] = self.untold
        if self.held:
            told["held"] = self.held[:TOLD_OF_A_CODE]
            if (more := len(self.held) - TOLD_OF_A_CODE) > 0:
                told["held_untold"] = more
        return told
