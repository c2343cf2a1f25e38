"""How the watch behaves, as data: what must last, what breaks an answer, what is remembered, when silence calls.

Rules without this part watch as those before version 5 did.
"""

from typing import Annotated

from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=1, le=1_000)]
Positive = Annotated[float, Meta(gt=0)]
Share = Annotated[float, Meta(gt=0, le=1)]


class LastingRules(Struct, frozen=True, forbid_unknown_fields=True):
    """When something has lasted, beside the windows in a row of `stream` and `spot`.

    `share` of at least `least` measured windows of `share_minutes`; where values come more than `slow_seconds` apart,
    two of the last three within `slow_minutes`. A score of 7 or more has lasted after `high_seconds`, of 5 or 6 after
    `medium_seconds`, in at least three windows. `extreme_seconds`: an extreme whose
    values come further apart waits for a second one, unless another vital or its own course supports it. `unsteady`:
    windows after which a scattering extreme calls.
    """

    share: Share
    share_minutes: Positive
    least: Count
    slow_seconds: Positive
    slow_minutes: Positive
    high_seconds: Positive
    medium_seconds: Positive
    extreme_seconds: Positive
    unsteady: Count
    disagreeing: Count
    pause_seconds: Positive


class StepRules(Struct, frozen=True, forbid_unknown_fields=True):
    """How much worse than at the answer breaks it, in the vital's unit. `resp_rate_low`: downwards, from
    `resp_rate_low_from` on.
    """

    spo2: Positive
    systolic_bp: Positive
    rate: Positive
    resp_rate: Positive
    resp_rate_low: Positive
    resp_rate_low_from: Positive
    temperature: Positive
    oxygen_flow: Positive
    inspired_oxygen: Positive
    reentry_minutes: Positive


class MemoryRules(Struct, frozen=True, forbid_unknown_fields=True):
    """How long an answer covers the same again, and how far out of it a value has to come to have left it."""

    clear_minutes: Positive
    hours: Positive
    score: Count
    spo2: Positive
    resp_rate: Positive
    rate: Positive
    systolic_bp: Positive
    temperature: Positive


class EnteredRules(Struct, frozen=True, forbid_unknown_fields=True):
    """For how long what a person measured outranks a stream."""

    resp_rate_minutes: Positive
    other_minutes: Positive
    air_percent: Positive


class LossRules(Struct, frozen=True, forbid_unknown_fields=True):
    """When what can no longer be measured calls, in minutes."""

    high_minutes: Positive
    medium_minutes: Positive
    low_monitor_minutes: Positive
    low_wearable_minutes: Positive
    pulse_off_minutes: Positive
    pulse_minutes: Positive
    unsteady_minutes: Positive
    unknown_from: Count
    unknown_minutes: Positive
    overdue_part: Positive
    overdue_least_minutes: Positive


class MaternalRules(Struct, frozen=True, forbid_unknown_fields=True):
    """The maternal criteria on a stream: pressures and temperature on a repeat, the others once they have lasted."""

    repeat_minutes: Positive
    lasts_minutes: Positive
    temperature_below: Positive
    temperature_above: Positive
    severe_systolic: Positive
    severe_diastolic: Positive
    postnatal_days: Positive


class WatchRules(Struct, frozen=True, forbid_unknown_fields=True):
    """All of it. `approver` of the rules signs for these numbers; those of ours have no other source."""

    lasting: LastingRules
    steps: StepRules
    memory: MemoryRules
    entered: EnteredRules
    loss: LossRules
    maternal: MaternalRules
    learned_silent_hours: Positive
