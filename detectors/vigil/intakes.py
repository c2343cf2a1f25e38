"""Which intake the rules ask for, and how one goes on under others."""

from msgspec import msgpack

from detectors.rules import Rules
from detectors.vigil.intake import Intake
from detectors.vigil.intake_by_age import IntakeByAge


def new_intake(event_clock: bool, shift: int, rules: Rules) -> Intake:
    """The intake that the rules ask for."""
    if rules.intake is None:
        return Intake(event_clock, shift)
    return IntakeByAge(event_clock, shift, rules.intake)


def under(rules: Rules, intake: Intake, event_clock: bool) -> Intake:
    """The intake as it goes on under other rules."""
    if isinstance(intake, IntakeByAge) and rules.intake is not None:
        intake.adopt(rules.intake)
        return intake
    if intake.by_age is (rules.intake is not None):
        return intake
    other = new_intake(event_clock, intake.shift, rules)
    other.restore(msgpack.decode(msgpack.encode(intake.state())))
    return other
