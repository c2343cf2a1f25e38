"""Actions: who did what about which alert, and why."""

import json

import pytest
from pydantic import ValidationError

from schemas.action import ACKNOWLEDGEMENTS, REASONS_OF, WORDS, Action, Because, Deed, Role

DONE = {"action_id": "a-1", "patient_id": "p-7f3a", "who": "nurse-9", "role": "nurse", "at": "2026-11-22T12:00:00.000Z"}
EACH = {
    Deed.ACKNOWLEDGE: {"alert_id": "x", "revision": 3, "reason": "reviewing", "text": "with the patient"},
    Deed.SNOOZE: {"alert_id": "x", "minutes": 5},
    Deed.UNDO: {"undoes": "a-0"},
    Deed.CONCERN: {"reason": "gut_feeling"},
    Deed.FEEDBACK: {"alert_id": "x", "reason": "not_useful"},
    Deed.DELIVERED: {"alert_id": "x", "step": "shift_lead", "role": "system"},
}


def at_fault(**fields):
    """Where an action is wrong."""
    with pytest.raises(ValidationError) as error:
        Action.model_validate_json(json.dumps({**DONE, **fields}))
    return [".".join(map(str, one["loc"])) for one in error.value.errors()]


@pytest.mark.parametrize("deed", Deed)
def test_an_action_is_read_and_written_back(deed):
    action = Action.model_validate_json(json.dumps({**DONE, "deed": deed, **EACH[deed]}))

    assert action.deed is deed
    assert Action.model_validate_json(action.model_dump_json()) == action


@pytest.mark.parametrize("field", ["action_id", "patient_id", "deed", "who", "role", "at"])
def test_an_action_without_a_name_behind_it_is_none(field):
    message = {**DONE, "deed": "concern"}
    with pytest.raises(ValidationError) as error:
        Action.model_validate_json(json.dumps({name: value for name, value in message.items() if name != field}))

    assert error.value.errors()[0]["loc"] == (field,)


@pytest.mark.parametrize(
    ("deed", "field"),
    [(deed, field) for deed in Deed for field in EACH[deed] if field not in ("revision", "text", "role")],
)
def test_an_action_lacks_nothing_that_its_deed_needs(deed, field):
    fields = {name: value for name, value in EACH[deed].items() if name != field}
    if (deed, field) == (Deed.CONCERN, "reason"):  # a worry need not be put into words
        Action.model_validate_json(json.dumps({**DONE, "deed": deed, **fields}))
        return

    assert at_fault(deed=deed, **fields) == [field]


@pytest.mark.parametrize("reason", Because)
@pytest.mark.parametrize("deed", Deed)
def test_a_reason_belongs_to_its_deed(deed, reason):
    fields = {**DONE, "deed": deed, **EACH[deed], "reason": reason}
    if reason in REASONS_OF[deed]:
        assert Action.model_validate_json(json.dumps(fields)).reason is reason
    else:
        assert at_fault(**fields) == ["reason"]


def test_nothing_outside_the_closed_lists_is_a_deed_a_role_or_a_reason():
    assert at_fault(deed="ignore", alert_id="x") == ["deed"]
    assert at_fault(deed="concern", role="passer-by") == ["role"]
    assert at_fault(deed="acknowledge", alert_id="x", reason="busy") == ["reason"]
    assert at_fault(deed="snooze", alert_id="x", minutes=0) == ["minutes"]


def test_every_reason_has_words_and_a_place():
    assert set(WORDS) == set(Because)
    assert {reason for reasons in REASONS_OF.values() for reason in reasons} == set(Because)
    assert ACKNOWLEDGEMENTS[0] is Because.REVIEWING and ACKNOWLEDGEMENTS[-1] is Because.CARE_PLAN
    assert set(REASONS_OF) == set(Deed) and Role.SYSTEM in Role
