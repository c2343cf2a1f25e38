"""Who is called when nobody answers, and for how long an answer holds: the rules of an alert's lifecycle, as data."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Annotated, Final

from msgspec import Meta, Struct

from detectors.rule_fault import Code, Fault
from schemas.action import ACKNOWLEDGEMENTS, ActionReason, Step
from schemas.patient import Plan
from schemas.times import MINUTE_MS

Minutes = Annotated[float, Meta(gt=0, le=24 * 60)]
Seconds = Annotated[float, Meta(gt=0, le=600)]
PRIORITIES: Final = (None, "low", "medium", "high")
EVERY_WARD: Final = "*"
RANKS: Final[Mapping[str, int]] = {step.value: rank for rank, step in enumerate(Step, 1)}
LONGEST_HOLD_MINUTES: Final = 12 * 60  # one shift: an acknowledgement is no standing order


class EscalationStep(Struct, frozen=True, forbid_unknown_fields=True):
    """One step of an escalation: whom it calls, and how long after the alert began to call."""

    to: Step
    after_minutes: Annotated[float, Meta(ge=0, le=24 * 60)]


class Ladder(Struct, frozen=True, forbid_unknown_fields=True):
    """The steps by priority, in rising order; `extreme`: for a high alert on an extreme value, as `high` without."""

    high: tuple[EscalationStep, ...]
    medium: tuple[EscalationStep, ...]
    low: tuple[EscalationStep, ...]
    extreme: tuple[EscalationStep, ...] | None = None


class ByPriority(Struct, frozen=True, forbid_unknown_fields=True):
    """Minutes by priority."""

    high: Minutes
    medium: Minutes
    low: Minutes

    def ms(self, priority: int) -> int:
        """Milliseconds for a priority of 1 to 3."""
        return int((self.low, self.medium, self.high)[priority - 1] * MINUTE_MS)


class Repeats(Struct, frozen=True, forbid_unknown_fields=True):
    """Minutes after which a call that nobody answers is repeated to everybody whom it has reached."""

    high: Minutes
    medium: Minutes

    def ms(self, priority: int) -> int:
        """Milliseconds for a priority of 2 or 3."""
        return int((self.medium, self.high)[priority - 2] * MINUTE_MS)


class Latches(Struct, frozen=True, forbid_unknown_fields=True):
    """From which priority an alert that ends unseen stays listed, by kind."""

    physiological: Annotated[str, Meta(pattern="^(low|medium|high)$")]
    technical: Annotated[str, Meta(pattern="^(low|medium|high)$")]


class PatientLimit(Struct, frozen=True, forbid_unknown_fields=True):
    """How often learned alerts may call for one patient within some hours; further ones are shown only."""

    calls: Annotated[int, Meta(ge=1, le=1_000)]
    hours: Annotated[float, Meta(gt=0, le=24 * 7)]


class Ward(Struct, frozen=True, forbid_unknown_fields=True):
    """What one ward decided: whether a rapid-response team may be called, and what it holds to be bearable.

    `calls_per_patient_day` is shown beside what the ward bears, and never a gate.
    """

    rapid_response: bool
    calls_per_patient_day: Annotated[float, Meta(gt=0)]


class Calling(Struct, frozen=True, forbid_unknown_fields=True):
    """The rules of an alert's lifecycle. `ladders` by escalation plan, `holds` by reason, `wards` by name (`*`: any
    other).

    `reviews_at_most`: how often a high alert may be acknowledged as seen and reviewing before it takes the shift lead.
    """

    ladders: dict[Plan, Ladder]
    holds: dict[ActionReason, ByPriority]
    reviews_at_most: Annotated[int, Meta(ge=1, le=10)]
    snooze: ByPriority
    undo_seconds: Seconds
    delivered_within_seconds: Seconds
    latch_from: Latches
    concern_minutes: Minutes
    order_warning_minutes: Minutes
    learned_priority: Annotated[str, Meta(pattern="^(low|medium)$")]
    patient_limit: PatientLimit
    wards: dict[str, Ward]
    repeats: Repeats | None = None  # None: the last step is the last word
    last_resort_minutes: Minutes | None = None  # None: there is no last resort

    def ward(self, name: str | None) -> Ward:
        """The options of a ward."""
        return self.wards.get(name or EVERY_WARD) or self.wards[EVERY_WARD]

    def ladder(
        self, plan: str | None, ward: str | None, priority: int, *, extreme: bool = False
    ) -> tuple[EscalationStep, ...]:
        """The steps for a patient; without a plan care is escalated fully. Where a ward has a rapid-response team, it
        comes in place of the doctor who would be called at the same moment.
        """
        ladder = self.ladders[Plan(plan or Plan.FULL)]
        escalation_steps = (ladder.low, ladder.medium, ladder.high)[priority - 1]
        if extreme and ladder.extreme is not None:
            escalation_steps = ladder.extreme
        if not self.ward(ward).rapid_response:
            return tuple(
                escalation_step for escalation_step in escalation_steps if escalation_step.to is not Step.RAPID_RESPONSE
            )
        teams = {
            escalation_step.after_minutes
            for escalation_step in escalation_steps
            if escalation_step.to is Step.RAPID_RESPONSE
        }
        return tuple(
            escalation_step
            for escalation_step in escalation_steps
            if escalation_step.to is not Step.DOCTOR or escalation_step.after_minutes not in teams
        )

    def hold_ms(self, reason: ActionReason, priority: int) -> int:
        """How long an acknowledgement holds."""
        return self.holds[reason].ms(priority)


def faults(calling: Calling) -> Iterator[Fault]:
    """What would leave an alert without an answer or without an end."""
    missing = [("ladders", plan.value) for plan in Plan if plan not in calling.ladders]
    missing += [("holds", reason.value) for reason in ACKNOWLEDGEMENTS if reason not in calling.holds]
    missing += [("wards", EVERY_WARD)] if EVERY_WARD not in calling.wards else []
    for part, name in missing:
        yield Fault(
            Code.UNANSWERED, f"calling.{part}.{name}", f"`calling` says nothing of {name}", f"add `{name}` to `{part}`"
        )
    for plan, ladder in calling.ladders.items():
        by_name = (
            ("extreme", ladder.extreme or ()),
            ("high", ladder.high),
            ("medium", ladder.medium),
            ("low", ladder.low),
        )
        for name, escalation_steps in by_name:
            if any(not _rises(one, other) for one, other in pairwise(escalation_steps)):
                yield Fault(
                    Code.STEPS_DO_NOT_RISE,
                    f"calling.ladders.{plan}.{name}",
                    f"the {name} steps of the plan `{plan}` do not rise in whom they call and when",
                    f"order them {', '.join(RANKS)}, each later than the one before",
                )
        if not ladder.high:
            yield Fault(
                Code.UNANSWERED,
                f"calling.ladders.{plan}.high",
                f"the plan `{plan}` calls nobody at high priority",
                "name at least one step",
            )
    for reason, hold in calling.holds.items():
        field = f"calling.holds.{reason}"
        if reason not in ACKNOWLEDGEMENTS:
            yield Fault(
                Code.NO_REASON_TO_HOLD,
                field,
                f"`{reason}` is no reason to acknowledge",
                f"take it out; reasons are {', '.join(sorted(ACKNOWLEDGEMENTS))}",
            )
        if max(hold.high, hold.medium, hold.low) > LONGEST_HOLD_MINUTES:
            yield Fault(
                Code.HOLDS_TOO_LONG,
                field,
                f"`{reason}` holds longer than a shift: that would be a standing order",
                f"write at most {LONGEST_HOLD_MINUTES} minutes",
            )
        if hold.high > hold.medium:
            yield Fault(
                Code.HOLDS_TOO_LONG,
                f"{field}.high",
                f"`{reason}` holds longer at high than at medium priority",
                f"write at most {hold.medium:g} minutes for `high`",
            )


def _rises(one: EscalationStep, other: EscalationStep) -> bool:
    """Whether a step comes after another; a rapid-response team may be called when the doctor is, in place of whom."""
    together = one.to is Step.DOCTOR and other.to is Step.RAPID_RESPONSE and one.after_minutes == other.after_minutes
    return RANKS[one.to] < RANKS[other.to] and (one.after_minutes < other.after_minutes or together)
