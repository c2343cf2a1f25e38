"""Actions: who did what about which alert."""

import json

import pytest
from pydantic import ValidationError

from schemas.action import Action, Deed

DONE = {
    "action_id": "a-1",
    "patient_id": "p-7f3a",
    "deed": "acknowledge",
    "alert_id": "x",
    "who": "nurse-9",
    "role": "nurse",
    "reason": "seen",
    "at": "2026-11-22T12:00:00.000Z",
}


@pytest.mark.parametrize("deed", Deed)
def test_an_action_is_read_and_written_back(deed):
    action = Action.model_validate_json(json.dumps({**DONE, "deed": deed}))

    assert action.deed is deed
    assert Action.model_validate_json(action.model_dump_json()) == action


@pytest.mark.parametrize("field", ["action_id", "patient_id", "deed", "who", "role", "at"])
def test_an_action_without_a_name_behind_it_is_none(field):
    with pytest.raises(ValidationError) as error:
        Action.model_validate_json(json.dumps({name: value for name, value in DONE.items() if name != field}))

    assert error.value.errors()[0]["loc"] == (field,)
