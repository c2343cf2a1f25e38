"""Why a message or a value was refused: a closed list of codes, each with a remedy in plain words."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Refusal(StrEnum):
    """Stable codes of refusals; they may be added to, never renamed."""

    # the whole record cannot be read
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    MISSING_FIELD = "missing_field"
    BAD_FIELD = "bad_field"
    BAD_TIME = "bad_time"
    NO_VITALS = "no_vitals"
    UNSUPPORTED_VERSION = "unsupported_version"
    BAD_SIGNATURE = "bad_signature"
    UNKNOWN_RECORD = "unknown_record"
    BAD_RECORD = "bad_record"
    NOT_APPROVED = "not_approved"
    UNREADABLE_BATCH = "unreadable_batch"
    FLOOD = "flood"
    # a readable reading is refused whole
    WRONG_PARTITION = "wrong_partition"
    WRONG_MODE = "wrong_mode"
    CLOCK_AHEAD = "clock_ahead"
    MERGED = "merged"
    RESERVED_ID = "reserved_id"
    # a patient record that may do nothing to the stay
    OTHER_ENCOUNTER = "other_encounter"
    OLD_RECORD = "old_record"
    TOO_MANY_PLANNED = "too_many_planned"
    # one vital of a readable reading
    UNKNOWN_VITAL = "unknown_vital"
    BAD_SHAPE = "bad_shape"
    MISSING_UNIT = "missing_unit"
    UNKNOWN_UNIT = "unknown_unit"
    UNKNOWN_QUALITY = "unknown_quality"
    BAD_VALUE = "bad_value"
    NO_VALUE = "no_value"
    IMPOSSIBLE = "impossible"
    NOT_USABLE = "not_usable"
    FRACTION = "fraction"
    NOT_MEASURED = "not_measured"
    NOTHING_TO_CORRECT = "nothing_to_correct"
    # an action that came too late, or that nobody in this role may do
    UNKNOWN_ALERT = "unknown_alert"
    ALERT_OVER = "alert_over"
    ALERT_CHANGED = "alert_changed"
    NOT_ALLOWED = "not_allowed"
    OVER_LIMIT = "over_limit"
    NOTHING_TO_UNDO = "nothing_to_undo"
    NO_SUCH_STEP = "no_such_step"
    ALREADY_OWNED = "already_owned"
    DISCHARGE_CONFIRMED = "discharge_confirmed"


class Level(StrEnum):
    """How much a refusal takes with it."""

    RECORD = "record"
    READING = "reading"
    VITAL = "vital"
    ACTION = "action"


REMEDIES: Final[Mapping[Refusal, tuple[Level, str]]] = MappingProxyType(
    {
        Refusal.EMPTY: (Level.RECORD, "Send a JSON object as the value; a record without a value says nothing."),
        Refusal.TOO_LARGE: (Level.RECORD, "Send one reading of one patient a record, of at most 65,536 bytes."),
        Refusal.NOT_JSON: (
            Level.RECORD,
            "Send JSON (RFC 8259) in UTF-8, without a byte order mark, and nothing after it.",
        ),
        Refusal.NOT_AN_OBJECT: (Level.RECORD, "Send one JSON object a record, not a list or a bare value."),
        Refusal.MISSING_FIELD: (Level.RECORD, "Add the named field; `vigilward schema reading` prints the contract."),
        Refusal.BAD_FIELD: (Level.RECORD, "Give the field the type and length that `vigilward schema reading` prints."),
        Refusal.BAD_TIME: (Level.RECORD, "Send times as RFC 3339 text with a zone, such as 2026-11-22T12:00:00.123Z."),
        Refusal.NO_VITALS: (
            Level.RECORD,
            "Send at least one vital; only a reading that withdraws another (`corrects`) may have none.",
        ),
        Refusal.UNSUPPORTED_VERSION: (Level.RECORD, "Send version 1, or leave `version` out."),
        Refusal.BAD_SIGNATURE: (
            Level.RECORD,
            "Only workers write control records: check VIGILWARD_CONTROL_RECORD_KEY on every worker.",
        ),
        Refusal.UNKNOWN_RECORD: (Level.RECORD, "Leave out the `forwarded` header: it belongs to workers."),
        Refusal.BAD_RECORD: (
            Level.RECORD,
            "Check the message against `vigilward schema`: the named field is at fault.",
        ),
        Refusal.NOT_APPROVED: (
            Level.RECORD,
            "Send rules with an approver's Ed25519 signature (`vigilward rules enact FILE --signature FILE.sig`) whose "
            "public key stands in VIGILWARD_RULES_APPROVERS of every worker.",
        ),
        Refusal.UNREADABLE_BATCH: (
            Level.RECORD,
            "Send the records of these offsets again: the record batch that holds them cannot be unpacked (its codec, "
            "its compressed bytes or its record headers are damaged); header names are UTF-8.",
        ),
        Refusal.FLOOD: (
            Level.RECORD,
            "Mend the sender: so many of its records are refused that only some come back whole; the others lie in the "
            "log at these offsets, good ones among them.",
        ),
        Refusal.WRONG_PARTITION: (
            Level.READING,
            "Key every record by patient_id and partition by murmur2 (librdkafka: partitioner=murmur2_random).",
        ),
        Refusal.WRONG_MODE: (
            Level.READING,
            "Send to a worker of this mode, or set `mode` to the worker's (VIGILWARD_MODE).",
        ),
        Refusal.CLOCK_AHEAD: (
            Level.READING,
            "Set the clock and the zone: taken_at lies in the future by this log's time.",
        ),
        Refusal.MERGED: (
            Level.READING,
            "Send under the patient's new id: this one was merged into it.",
        ),
        Refusal.RESERVED_ID: (
            Level.READING,
            "Give the patient another id: those that begin with vigilward-canary are the watch's own.",
        ),
        Refusal.OTHER_ENCOUNTER: (
            Level.ACTION,
            "It names another encounter than the patient's present one, and changes nothing: admit the patient first.",
        ),
        Refusal.OLD_RECORD: (
            Level.ACTION,
            "A newer record has taken effect already: send records in the order of what happened, or check `at`.",
        ),
        Refusal.TOO_MANY_PLANNED: (
            Level.ACTION,
            "Send what is planned nearer to its time: sixteen records of this patient wait already.",
        ),
        Refusal.UNKNOWN_VITAL: (Level.VITAL, "Use a vital of the closed list; `vigilward schema vitals` prints it."),
        Refusal.BAD_SHAPE: (Level.VITAL, 'Send a vital as an object such as {"value": 82, "unit": "/min"}.'),
        Refusal.MISSING_UNIT: (Level.VITAL, "Name the unit (UCUM); units are never guessed from the magnitude."),
        Refusal.UNKNOWN_UNIT: (
            Level.VITAL,
            "Use one of the vital's units (consciousness and supplemental_oxygen have none); `vigilward schema vitals` "
            "prints them.",
        ),
        Refusal.UNKNOWN_QUALITY: (
            Level.VITAL,
            "Use a quality of the closed list; `vigilward schema reading` prints it.",
        ),
        Refusal.BAD_VALUE: (
            Level.VITAL,
            "Send a finite number, without quotes (consciousness: one of A, C, V, P, U in capitals; "
            "supplemental_oxygen: true or false; gcs: a whole number).",
        ),
        Refusal.NO_VALUE: (Level.VITAL, "Send a value, or say by `quality` why there is none."),
        Refusal.IMPOSSIBLE: (
            Level.VITAL,
            "No patient can have this value, nor a sensor measure it: check the sensor and the unit.",
        ),
        Refusal.NOT_USABLE: (
            Level.VITAL,
            "The device itself calls this value unusable (`quality`): check the sensor on the patient.",
        ),
        Refusal.FRACTION: (
            Level.VITAL,
            'A saturation of 1 or less is a fraction: send 97 under "%", or 0.97 under "1".',
        ),
        Refusal.NOT_MEASURED: (
            Level.VITAL,
            "This value stands for `no value` on many devices: send none, with `quality` not available; where it is a "
            "device's own sign, name it in the rules (`intake.sentinels`).",
        ),
        Refusal.NOTHING_TO_CORRECT: (
            Level.READING,
            "Name in `corrects` the sequence of a reading of the same device that is still in force.",
        ),
        Refusal.UNKNOWN_ALERT: (Level.ACTION, "Name an alert of this patient that stands open or ended lately."),
        Refusal.ALERT_OVER: (Level.ACTION, "Nothing is left to do: the alert has come to rest. Look at the patient."),
        Refusal.ALERT_CHANGED: (
            Level.ACTION,
            "Look at the newest revision and act again: the patient has become worse since the one you saw.",
        ),
        Refusal.NOT_ALLOWED: (Level.ACTION, "Ask someone whose role may do this; the second review was the last."),
        Refusal.OVER_LIMIT: (Level.ACTION, "Ask for fewer minutes: `snooze_left_minutes` says how many are left."),
        Refusal.NOTHING_TO_UNDO: (
            Level.ACTION,
            "Act anew: an action can be undone for ten seconds, by the name in `undo_of`.",
        ),
        Refusal.NO_SUCH_STEP: (Level.ACTION, "Confirm only a step that stands in the alert's `steps`."),
        Refusal.ALREADY_OWNED: (
            Level.ACTION,
            "Acknowledge to take it over: someone owns it, and quiet is granted already.",
        ),
        Refusal.DISCHARGE_CONFIRMED: (Level.ACTION, "Admit the patient first: the discharge is confirmed."),
    }
)


class Unreadable(ValueError):
    """A record that cannot be read at all: its code, the field at fault, and what is wrong in words.

    `more`: what else is wrong with it, each told in the same way, so that an integrator mends all at once.
    """

    def __init__(self, code: Refusal, field: str | None = None, detail: str = "") -> None:
        super().__init__(f"{code}: {field or 'record'}: {detail or REMEDIES[code][1]}")
        self.code, self.field, self.detail = code, field, detail
        self.more: tuple[Unreadable, ...] = ()
