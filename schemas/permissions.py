"""Who may do what, in one table: the core goes by it when an action counts, the board when somebody signs in."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from schemas.action import ActionType, Role, Step


class May(StrEnum):
    """What may be done on the board."""

    SEE = "see"
    ACT = "act"
    OBSERVE = "observe"
    ORDER = "order"


RIGHTS: Final[Mapping[Role, frozenset[May]]] = MappingProxyType(
    {
        Role.VIEWER: frozenset({May.SEE}),
        Role.NURSE: frozenset({May.SEE, May.ACT, May.OBSERVE}),
        Role.SHIFT_LEAD: frozenset({May.SEE, May.ACT, May.OBSERVE, May.ORDER}),
        Role.DOCTOR: frozenset({May.SEE, May.ACT, May.OBSERVE, May.ORDER}),
        Role.RAPID_RESPONSE: frozenset({May.SEE, May.ACT, May.OBSERVE}),
        Role.SAFETY_OFFICER: frozenset({May.SEE}),
    }
)
"""Who may sign in, and do what. Orders are entered by a shift lead or a doctor; the prescriber is named in each.
`system` signs in nowhere.
"""

SENIOR: Final = frozenset({Role.SHIFT_LEAD, Role.DOCTOR, Role.RAPID_RESPONSE})
"""Whose word that a high alert is being reviewed counts more than twice."""

_CARING: Final = frozenset(role for role, rights in RIGHTS.items() if May.ACT in rights)

ROLES_OF: Final[Mapping[ActionType, frozenset[Role]]] = MappingProxyType(
    {
        ActionType.ACKNOWLEDGE: _CARING,
        ActionType.SNOOZE: _CARING,
        ActionType.UNDO: _CARING,
        ActionType.CONCERN: _CARING,
        ActionType.FEEDBACK: _CARING | {Role.SAFETY_OFFICER},
        ActionType.SENT: frozenset({Role.SYSTEM}),
        ActionType.DELIVERED: frozenset({Role.SYSTEM}),
        ActionType.SEEN: frozenset({Role.SYSTEM}),
        ActionType.DECLINED: _CARING | {Role.SYSTEM},
        ActionType.UNDELIVERABLE: frozenset({Role.SYSTEM}),
    }
)
"""Whose actions count. A viewer only looks; a safety officer judges alerts and answers none."""

REACHED: Final[Mapping[Step, frozenset[Role]]] = MappingProxyType(
    {
        Step.NURSE: frozenset({Role.NURSE, Role.SHIFT_LEAD}),
        Step.SHIFT_LEAD: frozenset({Role.SHIFT_LEAD}),
        Step.DOCTOR: frozenset({Role.DOCTOR}),
        Step.RAPID_RESPONSE: frozenset(),
        Step.LAST_RESORT: frozenset(),
    }
)
"""In front of whom a call counts as delivered; neither a rapid-response team nor a last address is reached by a page on
the ward.
"""
