"""What is wrong with a rules file: a code from a closed list, the field, and what to do about it."""

from enum import StrEnum
from typing import NamedTuple


class Code(StrEnum):
    """Why rules cannot be armed; `no_approver` is only a note."""

    NOT_JSON = "not_json"
    REPEATED_NAME = "repeated_name"
    UNKNOWN_FIELD = "unknown_field"
    MISSING_FIELD = "missing_field"
    BAD_VALUE = "bad_value"
    UNKNOWN_DETECTOR = "unknown_detector"
    PROTOCOL = "protocol"
    UNANSWERED = "unanswered"
    STEPS_DO_NOT_RISE = "steps_do_not_rise"
    NO_REASON_TO_HOLD = "no_reason_to_hold"
    HOLDS_TOO_LONG = "holds_too_long"
    ENDS_ABOVE_BEGIN = "ends_above_begin"
    UNVERIFIED = "unverified"
    REFUSED = "refused"
    NO_APPROVER = "no_approver"


class Fault(NamedTuple):
    """One fault: `field` is the way to it, parts apart by dots; None where it is the file as a whole."""

    code: Code
    field: str | None
    says: str
    remedy: str

    @property
    def is_note(self) -> bool:
        """Whether the rules can be armed all the same."""
        return self.code is Code.NO_APPROVER
