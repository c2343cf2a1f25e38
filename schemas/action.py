"""An action: what a person did about an alert, or says of a patient; or a word of what became of a call."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import AliasChoices, Field, ValidationInfo, field_validator

from schemas.base import Identifier, Message, Moment, ShortText, VersionOne
from schemas.reading import Mode

MAX_RECIPIENTS: Final = 1_000
MAX_SNOOZE_MINUTES: Final = 24 * 60  # what can be written; the rules' own limits are far below it


class ActionType(StrEnum):
    """What was done."""

    ACKNOWLEDGE = "acknowledge"
    SNOOZE = "snooze"
    UNDO = "undo"
    CONCERN = "concern"
    FEEDBACK = "feedback"
    SENT = "sent"
    DELIVERED = "delivered"
    SEEN = "seen"
    DECLINED = "declined"
    UNDELIVERABLE = "undeliverable"


class Role(StrEnum):
    """In what capacity. `system` is a board or a notifier that says what it delivered."""

    VIEWER = "viewer"
    NURSE = "nurse"
    SHIFT_LEAD = "shift_lead"
    DOCTOR = "doctor"
    RAPID_RESPONSE = "rapid_response"
    SAFETY_OFFICER = "safety_officer"
    SYSTEM = "system"


class Step(StrEnum):
    """Whom an escalation calls, in rising order."""

    NURSE = "nurse"
    SHIFT_LEAD = "shift_lead"
    DOCTOR = "doctor"
    RAPID_RESPONSE = "rapid_response"
    LAST_RESORT = "last_resort"  # the site's last address: nobody has answered


class ActionReason(StrEnum):
    """Why it was done: the closed list. `REASONS_OF` says which belong to which action type."""

    # acknowledge, snooze
    REVIEWING = "reviewing"
    ESCALATED = "escalated"
    TREATMENT = "treatment"
    OBSERVATIONS = "observations"
    ARTEFACT = "artefact"
    EQUIPMENT = "equipment"
    KNOWN = "known"
    OFF_WARD = "off_ward"
    CARE_PLAN = "care_plan"
    # concern
    BREATHING = "breathing"
    CIRCULATION = "circulation"
    TEMPERATURE = "temperature"
    MENTATION = "mentation"
    AGITATION = "agitation"
    PAIN = "pain"
    NOT_IMPROVING = "not_improving"
    PATIENT_SAYS = "patient_says"
    RELATIVE_SAYS = "relative_says"
    GUT_FEELING = "gut_feeling"
    # feedback
    USEFUL = "useful"
    NOT_USEFUL = "not_useful"


WORDS: Final[Mapping[ActionReason, str]] = MappingProxyType(
    {
        ActionReason.REVIEWING: "seen and reviewing",
        ActionReason.ESCALATED: "escalated to doctor",
        ActionReason.TREATMENT: "treatment started",
        ActionReason.OBSERVATIONS: "repeated observations",
        ActionReason.ARTEFACT: "artefact",
        ActionReason.EQUIPMENT: "equipment",
        ActionReason.KNOWN: "known for this patient",
        ActionReason.OFF_WARD: "off ward",
        ActionReason.CARE_PLAN: "care plan",
        ActionReason.BREATHING: "breathing",
        ActionReason.CIRCULATION: "circulation",
        ActionReason.TEMPERATURE: "feels hot, cold or shivers",
        ActionReason.MENTATION: "not quite herself or himself",
        ActionReason.AGITATION: "agitated",
        ActionReason.PAIN: "pain",
        ActionReason.NOT_IMPROVING: "not getting better as expected",
        ActionReason.PATIENT_SAYS: "the patient says so",
        ActionReason.RELATIVE_SAYS: "a relative says so",
        ActionReason.GUT_FEELING: "cannot be put into words",
        ActionReason.USEFUL: "useful",
        ActionReason.NOT_USEFUL: "not useful",
    }
)

ACKNOWLEDGEMENTS: Final = (
    ActionReason.REVIEWING,
    ActionReason.ESCALATED,
    ActionReason.TREATMENT,
    ActionReason.OBSERVATIONS,
    ActionReason.ARTEFACT,
    ActionReason.EQUIPMENT,
    ActionReason.KNOWN,
    ActionReason.OFF_WARD,
    ActionReason.CARE_PLAN,
)
CONCERNS: Final = (
    ActionReason.BREATHING,
    ActionReason.CIRCULATION,
    ActionReason.TEMPERATURE,
    ActionReason.MENTATION,
    ActionReason.AGITATION,
    ActionReason.PAIN,
    ActionReason.NOT_IMPROVING,
    ActionReason.PATIENT_SAYS,
    ActionReason.RELATIVE_SAYS,
    ActionReason.GUT_FEELING,
)
FEEDBACK: Final = (ActionReason.USEFUL, ActionReason.NOT_USEFUL)
REASONS_OF: Final[Mapping[ActionType, tuple[ActionReason, ...]]] = MappingProxyType(
    {
        ActionType.ACKNOWLEDGE: ACKNOWLEDGEMENTS,
        ActionType.SNOOZE: ACKNOWLEDGEMENTS,
        ActionType.UNDO: (),
        ActionType.CONCERN: CONCERNS,
        ActionType.FEEDBACK: FEEDBACK,
        ActionType.SENT: (),
        ActionType.DELIVERED: (),
        ActionType.SEEN: (),
        ActionType.DECLINED: (),
        ActionType.UNDELIVERABLE: (),
    }
)
NEEDS_REASON: Final = frozenset({ActionType.ACKNOWLEDGE, ActionType.FEEDBACK})
RECEIPTS: Final = frozenset(
    {ActionType.SENT, ActionType.DELIVERED, ActionType.SEEN, ActionType.DECLINED, ActionType.UNDELIVERABLE}
)
"""What became of a call to one recipient of a step."""
NEEDS_ALERT: Final = frozenset({ActionType.ACKNOWLEDGE, ActionType.SNOOZE, ActionType.FEEDBACK}) | RECEIPTS


class Action(Message):
    """The message to the actions topic, keyed by `patient_id`; `action_id` makes a repeat harmless.

    `revision` is the one that the person saw: if the patient has become worse since, the action is refused as
    `alert_changed` instead of being applied to something that nobody saw. `minutes` belongs to a snooze, `undoes` (the
    other's `action_id`) to an undo, `step` to a word of what became of a call. `deed` is what
    `action_type` was called before: logs hold actions under that name, and this version still reads it.

    Of a receipt, and of an acknowledgement that accepts a call: `recipient` is who was called, by the notifier's
    routes, `called_at` when the step was taken, as the alert says, `recipients` to how many the step is told.
    `awaited`: this recipient's device says by itself when it has delivered the call.
    """

    version: VersionOne = 1
    action_id: Identifier
    patient_id: Identifier
    action_type: ActionType = Field(strict=False, validation_alias=AliasChoices("action_type", "deed"))
    alert_id: Identifier | None = Field(None, validate_default=True)
    revision: Annotated[int, Field(ge=1)] | None = None
    who: Identifier
    role: Role = Field(strict=False)
    login: Identifier | None = Field(None, description="The account that was signed in; `who` is the name it shows.")
    reason: ActionReason | None = Field(None, strict=False, validate_default=True)
    text: ShortText | None = None
    minutes: Annotated[int, Field(ge=1, le=MAX_SNOOZE_MINUTES)] | None = Field(None, validate_default=True)
    undoes: Identifier | None = Field(None, validate_default=True)
    step: Step | None = Field(None, strict=False, validate_default=True)
    recipient: Identifier | None = Field(None, validate_default=True)
    called_at: Moment | None = None
    recipients: Annotated[int, Field(ge=1, le=MAX_RECIPIENTS)] | None = None
    awaited: bool = False
    at: Moment
    mode: Mode = Field(Mode.REAL, strict=False)

    @field_validator("alert_id", "minutes", "undoes", "step", "recipient")
    @classmethod
    def _is_there_where_needed(cls, value: object, info: ValidationInfo) -> object:
        action_type = info.data.get("action_type")
        needed = {
            "alert_id": action_type in NEEDS_ALERT,
            "minutes": action_type is ActionType.SNOOZE,
            "undoes": action_type is ActionType.UNDO,
            "step": action_type in RECEIPTS,
            # a board alone says of nobody in particular that a call was delivered
            "recipient": action_type in RECEIPTS and action_type is not ActionType.DELIVERED,
        }
        if value is None and needed[info.field_name or ""]:
            raise ValueError(f"the action_type `{action_type}` needs `{info.field_name}`")
        return value

    @field_validator("reason")
    @classmethod
    def _is_a_reason_for_this(cls, value: ActionReason | None, info: ValidationInfo) -> ActionReason | None:
        action_type = info.data.get("action_type")
        if action_type is None or (value is None and action_type not in NEEDS_REASON):
            return value
        if value not in REASONS_OF[action_type]:
            raise ValueError(
                f"a reason to {action_type} is one of: {', '.join(REASONS_OF[action_type]) or 'none at all'}"
            )
        return value
