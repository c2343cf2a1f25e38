"""The contracts as documents: valid themselves, and of one opinion with the decoder."""

import json

import jsonschema
import pytest
from pydantic_core import from_json

from schemas.alert import Alert
from schemas.control_record import ControlRecord, encode_control_record
from schemas.decode import decode_slowly
from schemas.documents import MESSAGES, document, refusals_table, vitals_table
from schemas.judge import judge
from schemas.reasons import Refusal, Unreadable
from schemas.rejection import Rejection
from schemas.status import Status
from schemas.trend import Trend
from schemas.vitals import SCALES, Vital
from tests.schemas.messages import Maker

RULES = {"name": "packaged", "version": "1", "sha256": "0" * 64}
LIFE = {
    "status": "acknowledged",
    "owner": {"who": "n-9", "role": "nurse"},
    "snoozed_by": None,
    "reason": "reviewing",
    "text": None,
    "since": "2026-11-22T12:00:01.000Z",
    "until": "2026-11-22T12:15:01.000Z",
    "undo_of": "a-1",
    "undo_until": "2026-11-22T12:00:11.000Z",
    "notified_at": None,
    "steps": [{"step": "nurse", "at": "2026-11-22T12:00:00.000Z", "delivery": "delivered", "recipients": []}],
    "next_step": None,
    "next_step_at": None,
    "step": "nurse",
    "repeats": 0,
    "nobody_answered": False,
    "returned": 0,
    "unacknowledged": None,
    "reviews_left": 1,
    "snooze_left_minutes": 5,
}
NEWS2 = {
    "score_min": 7,
    "score_max": 10,
    "complete": False,
    "previous": None,
    "scale": 1,
    "parts": {"resp_rate": 3},
    "missing": ["temperature"],
    "red": ["resp_rate"],
}
EXAMPLES = {
    "reading": {
        "patient_id": "p-7f3a",
        "device_id": "mon-12",
        "source": "monitor",
        "taken_at": "2026-11-22T12:00:00.123Z",
        "sequence": 48151,
        "vitals": {
            "heart_rate": {"value": 82, "unit": "/min"},
            "spo2": {"value": 97, "unit": "%", "quality": "valid"},
            "consciousness": {"value": "A"},
            "supplemental_oxygen": {"value": False, "unit": None},
            "temperature": {"value": None, "quality": "not available"},
        },
    },
    "patient": {
        "event": "pause",
        "patient_id": "p-7f3a",
        "at": "2026-11-22T12:00:00Z",
        "pause": {"reason": "scan", "until": "2026-11-22T13:00:00Z"},
        "date_of_birth": "1951-07-30",
        "limits": [{"vital": "heart_rate", "high": 120, "author": "Dr B.", "reason": "known fast AF"}],
    },
    "action": {
        "action_id": "a-1",
        "patient_id": "p-7f3a",
        "action_type": "acknowledge",
        "alert_id": "x",
        "who": "n-9",
        "role": "nurse",
        "reason": "reviewing",
        "at": "2026-11-22T12:00:00Z",
    },
    "alert": {
        "version": 1,
        "alert_id": "x",
        "revision": 1,
        "state": "raised",
        "kind": "physiological",
        "subject": "deterioration",
        "priority": "high",
        "interrupts": True,
        "suppressed_by": None,
        "patient_id": "p-7f3a",
        "encounter": None,
        "ward": "5 West",
        "bed": "12",
        "mode": "real",
        "started_at": "2026-11-22T11:59:45.000Z",
        "at": "2026-11-22T12:00:02.000Z",
        "headline": "Resp rate 26/min, usual 16; NEWS2 at least 7 (temperature missing)",
        "reason": "persisted",
        "news2": NEWS2,
        "findings": [
            {
                "detector": "baseline",
                "vital": "resp_rate",
                "value": 26.0,
                "usual": 16.0,
                "unit": "/min",
                "score": 4.2,
                "reason": "above usual",
            }
        ],
        "monitoring_lost": [],
        "clears_when": "NEWS2 below 5",
        "advice": None,
        "lifecycle": LIFE,
        "action": {
            "action_id": "a-1",
            "action_type": "acknowledge",
            "who": "n-9",
            "role": "nurse",
            "reason": "reviewing",
            "text": None,
            "at": "2026-11-22T12:00:00.000Z",
        },
        "rules": RULES,
    },
    "status": {
        "version": 1,
        "patient_id": "p-7f3a",
        "encounter": None,
        "ward": None,
        "bed": None,
        "mode": "real",
        "at": "2026-11-22T12:00:02.000Z",
        "assigned": False,
        "coverage": "covered",
        "coverage_reason": None,
        "unknown": ["age"],
        "news2": NEWS2,
        "advice": None,
        "observation_due_at": None,
        "vitals": {
            "spo2": {
                "state": "live",
                "value": 97.0,
                "unit": "%",
                "taken_at": "2026-11-22T12:00:00.000Z",
                "valid_until": "2026-11-22T12:02:00.000Z",
                "source": "monitor",
                "suspect": False,
                "usual": None,
            }
        },
        "alerts": [
            {
                "alert_id": "x",
                "revision": 3,
                "state": "acknowledged",
                "kind": "physiological",
                "subject": "deterioration",
                "priority": "high",
                "interrupts": False,
                "suppressed_by": "acknowledged",
                "started_at": "2026-11-22T11:59:45.000Z",
                "headline": "Resp rate 26/min, usual 16; NEWS2 7",
                "reason": "news2_high",
                "lifecycle": LIFE,
            }
        ],
        "resolved": [],
        "ended": [
            {
                "alert_id": "w",
                "kind": "technical",
                "subject": "spo2 stale",
                "priority": "low",
                "headline": "Over: SpO2 is no longer being received",
                "reason": "condition_over",
                "started_at": "2026-11-22T10:59:45.000Z",
                "ended_at": "2026-11-22T11:09:45.000Z",
                "useful": None,
            }
        ],
        "concern": {
            "who": "n-9",
            "role": "nurse",
            "reason": None,
            "text": None,
            "at": "2026-11-22T12:00:00.000Z",
            "until": "2026-11-22T13:00:00.000Z",
        },
        "orders": [
            {
                "order": "limit",
                "value": None,
                "vital": "heart_rate",
                "low": None,
                "high": 120.0,
                "author": "Dr B.",
                "reason": "known fast AF",
                "until": None,
                "ends_soon": False,
            }
        ],
        "actions": [
            {
                "action_id": "a-1",
                "action_type": "acknowledge",
                "alert_id": "x",
                "at": "2026-11-22T12:00:01.000Z",
                "refused": None,
                "field": None,
            }
        ],
        "calls": 3,
        "calls_bearable": 2.3,
        "paused_until": None,
        "learning": True,
        "rules": RULES,
    },
    "trend": {
        "version": 1,
        "patient_id": "p-7f3a",
        "mode": "real",
        "minute": "2026-11-22T12:00:00.000Z",
        "at": "2026-11-22T12:00:02.000Z",
        "vitals": {"spo2": {"value": 97.0, "usual": 96.5, "low": 94.1, "high": 98.9}},
        "news2": {"score_min": 7, "score_max": 10},
        "priority": "high",
    },
    "rejection": Rejection.of(Refusal.EMPTY, None, "vitals.readings", 3, 17).model_dump(mode="json"),
    "forwarded": json.loads(encode_control_record(ControlRecord("vitals.patients", 3, 17, "p-7f3a", b"{}"))),
}


def is_valid(name, message):
    return jsonschema.Draft202012Validator(document(name)).is_valid(message)


@pytest.mark.parametrize("name", MESSAGES)
def test_every_document_is_json_schema_of_2020_and_takes_the_example(name):
    jsonschema.Draft202012Validator.check_schema(document(name))
    jsonschema.validate(EXAMPLES[name], document(name), jsonschema.Draft202012Validator)


@pytest.mark.parametrize("name", MESSAGES)
def test_no_document_takes_an_example_without_what_it_needs(name):
    for field in document(name)["required"]:
        without = {key: value for key, value in EXAMPLES[name].items() if key != field}
        assert not is_valid(name, without), field


@pytest.mark.parametrize("model", [Alert, Status, Trend])
def test_what_we_send_leaves_no_field_out(model):
    described = document(model.__name__.lower())

    assert set(described["required"]) == set(described["properties"]) == set(model.model_fields)


def test_what_we_send_is_written_as_the_example_has_it():
    for name, model in (("alert", Alert), ("status", Status), ("trend", Trend)):
        assert json.loads(model.model_validate(EXAMPLES[name]).model_dump_json()) == EXAMPLES[name]


def test_no_document_shows_our_own_tests():
    assert ">>>" not in json.dumps([document(name) for name in MESSAGES])


def test_a_message_that_does_not_exist_is_named_with_those_that_do():
    with pytest.raises(KeyError, match="known: reading, patient"):
        document("observation")


def test_the_tables_have_a_row_for_every_vital_and_every_code():
    assert [row["vital"] for row in vitals_table()] == list(Vital)
    assert [row["units"][0] for row in vitals_table() if row["units"]] == [s.unit for s in SCALES.values() if s.units]
    assert [row["code"] for row in refusals_table()] == list(Refusal)


def makers_messages():
    """The messages that hold the decoder to the contract, those of them that JSON Schema can speak about."""
    for value in Maker(7).messages(1_500):
        try:
            body = from_json(value, allow_inf_nan=False)
        except ValueError:
            continue
        if isinstance(body, dict) and "." not in str(body.get("version")):  # 1.0 is whole to JSON Schema
            yield value, body


# What a schema cannot say without repeating the table of ranges, or because the quality decides.
BEYOND_SCHEMA = {
    *(Refusal.BAD_TIME, Refusal.MISSING_UNIT, Refusal.NO_VALUE, Refusal.NOT_USABLE, Refusal.IMPOSSIBLE),
    Refusal.UNKNOWN_UNIT,  # "" as the unit of a number: missing there, unknown here
}


def test_the_document_of_readings_and_the_decoder_are_of_one_opinion():
    validator, seen = jsonschema.Draft202012Validator(document("reading")), {True: 0, False: 0}
    for value, body in makers_messages():
        try:
            decoded = decode_slowly(value)
            codes = {refused.code for refused in decoded.refused}
            judged = [judge(name, measure) for name, measure in decoded.reading.vitals.items()]
            codes |= {one.code for one in judged if hasattr(one, "code")}
        except Unreadable as refusal:
            codes = {refusal.code}
        valid = validator.is_valid(body)
        seen[valid] += 1
        if not codes:
            assert valid, body
        if valid:
            assert codes <= BEYOND_SCHEMA, body
    assert min(seen.values()) > 50
