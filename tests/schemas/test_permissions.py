"""One table of permissions: whoever may act on a board has actions that count, and nobody else."""

import pytest

from schemas.action import ActionType, Role, Step
from schemas.permissions import REACHED, RIGHTS, ROLES_OF, May
from streams.board.accounts import role_of

PEOPLE = [role for role in Role if role is not Role.SYSTEM]


@pytest.mark.parametrize("role", PEOPLE)
def test_everybody_can_sign_in_and_may_act_just_where_the_core_takes_it(role):
    """A doctor's acknowledgement counted, and no doctor could sign in."""
    assert role_of(role.replace("_", " ")) is role
    for kind in (ActionType.ACKNOWLEDGE, ActionType.SNOOZE, ActionType.UNDO, ActionType.CONCERN):
        assert (role in ROLES_OF[kind]) == (May.ACT in RIGHTS[role])


def test_no_board_signs_in_and_only_a_board_says_what_it_delivered():
    assert Role.SYSTEM not in RIGHTS
    assert ROLES_OF[ActionType.DELIVERED] == {Role.SYSTEM}


def test_the_tables_are_whole():
    assert set(ROLES_OF) == set(ActionType) and set(REACHED) == set(Step)
