"""Actions: who did what about which alert, and why."""

import json

import pytest
from pydantic import ValidationError

from schemas.action import ACKNOWLEDGEMENTS, REASONS_OF, RECEIPTS, WORDS, Action, ActionReason, ActionType, Role

DONE = {"action_id": "a-1", "patient_id": "p-7f3a", "who": "nurse-9", "role": "nurse", "at": "2026-11-22T12:00:00.000Z"}
EACH = {
    ActionType.ACKNOWLEDGE: {"alert_id": "x", "revision": 3, "reason": "reviewing", "text": "with the patient"},
    ActionType.SNOOZE: {"alert_id": "x", "minutes": 5},
    ActionType.UNDO: {"undoes": "a-0"},
    ActionType.CONCERN: {"reason": "gut_feeling"},
    ActionType.FEEDBACK: {"alert_id": "x", "reason": "not_useful"},
    **{kind: {"alert_id": "x", "step": "shift_lead", "role": "system", "recipient": "phone"} for kind in RECEIPTS},
    ActionType.DELIVERED: {"alert_id": "x", "step": "shift_lead", "role": "system"},  # a board names nobody
}


def at_fault(**fields):
    """Where an action is wrong."""
    with pytest.raises(ValidationError) as error:
        Action.model_validate_json(json.dumps({**DONE, **fields}))
    return [".".join(map(str, one["loc"])) for one in error.value.errors()]


@pytest.mark.parametrize("action_type", ActionType)
def test_an_action_is_read_and_written_back(action_type):
    action = Action.model_validate_json(json.dumps({**DONE, "action_type": action_type, **EACH[action_type]}))

    assert action.action_type is action_type
    assert Action.model_validate_json(action.model_dump_json()) == action


@pytest.mark.parametrize("field", ["action_id", "patient_id", "action_type", "who", "role", "at"])
def test_an_action_without_a_name_behind_it_is_none(field):
    message = {**DONE, "action_type": "concern"}
    with pytest.raises(ValidationError) as error:
        Action.model_validate_json(json.dumps({name: value for name, value in message.items() if name != field}))

    assert error.value.errors()[0]["loc"] == (field,)


@pytest.mark.parametrize(
    ("action_type", "field"),
    [
        (action_type, field)
        for action_type in ActionType
        for field in EACH[action_type]
        if field not in ("revision", "text", "role")
    ],
)
def test_an_action_lacks_nothing_that_its_action_type_needs(action_type, field):
    fields = {name: value for name, value in EACH[action_type].items() if name != field}
    if (action_type, field) == (ActionType.CONCERN, "reason"):  # a worry need not be put into words
        Action.model_validate_json(json.dumps({**DONE, "action_type": action_type, **fields}))
        return

    assert at_fault(action_type=action_type, **fields) == [field]


@pytest.mark.parametrize("reason", ActionReason)
@pytest.mark.parametrize("action_type", ActionType)
def test_a_reason_belongs_to_its_action_type(action_type, reason):
    fields = {**DONE, "action_type": action_type, **EACH[action_type], "reason": reason}
    if reason in REASONS_OF[action_type]:
        assert Action.model_validate_json(json.dumps(fields)).reason is reason
    else:
        assert at_fault(**fields) == ["reason"]


def test_nothing_outside_the_closed_lists_is_a_action_type_a_role_or_a_reason():
    assert at_fault(action_type="ignore", alert_id="x") == ["action_type"]
    assert at_fault(action_type="concern", role="passer-by") == ["role"]
    assert at_fault(action_type="acknowledge", alert_id="x", reason="busy") == ["reason"]
    assert at_fault(action_type="snooze", alert_id="x", minutes=0) == ["minutes"]


def test_every_reason_has_words_and_a_place():
    assert set(WORDS) == set(ActionReason)
    assert {reason for reasons in REASONS_OF.values() for reason in reasons} == set(ActionReason)
    assert ACKNOWLEDGEMENTS[0] is ActionReason.REVIEWING and ACKNOWLEDGEMENTS[-1] is ActionReason.CARE_PLAN
    assert set(REASONS_OF) == set(ActionType) and Role.SYSTEM in Role
