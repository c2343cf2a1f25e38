"""Which steps of the ladders in force reach nobody: neither an account of this board, nor a route that it was told of.

A page is shown a call in front of somebody whose role the step is for; a route reaches as the notifier's file says.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from detectors.rules import Rules
from schemas.action import Step
from schemas.permissions import REACHED
from streams.board.accounts import Account
from streams.board.view import View
from streams.config.settings_problems import SettingsError
from streams.notify.reach import calls_of
from streams.notify.routes import Audience, Recipient, Routes, RoutesFault, read_routes
from streams.notify.settings import load_notify

log = logging.getLogger(__name__)


class Unreached(NamedTuple):
    """A step that reaches nobody in a ward (`` stands for no ward), from this time of day on; None: at no time."""

    ward: str
    step: str
    hour: str | None


def unreached(
    rules_of: Mapping[str, Iterable[Rules]], routes: Routes | None, accounts: Iterable[Account]
) -> list[Unreached]:
    """By ward the rules in force there; `routes` None: this board was told of none."""
    people, recipients = list(accounts), () if routes is None else routes.recipients
    found = []
    for ward in sorted(rules_of):
        calls = [call for one in rules_of[ward] for call in calls_of(one, ward)]
        for step in Step:
            ours = [call for call in calls if call.step is step]
            seen = any(one.role in REACHED[step] and View(one.wards).sees(ward or None) for one in people)
            if not ours or seen:
                continue
            if routes is None or not any(_ever(one, step, ward) for one in recipients):
                found.append(Unreached(ward, step.value, None))
                continue
            hours = (routes.nobody_from(step, ward, call.priority, call.kind) for call in ours)
            if (hour := min((one for one in hours if one is not None), default=None)) is not None:
                found.append(Unreached(ward, step.value, hour))
    return found


def _ever(one: Recipient, step: Step, ward: str) -> bool:
    return one.audience is Audience.PEOPLE and one.role is step and (not one.wards or ward in one.wards)


def routes_told() -> Routes | None:
    """The notifier's routes, where this process is told of them as `vigilward doctor` is; None where it is not."""
    try:
        own = load_notify()
        return None if own.routes is None else read_routes(own.routes, own.zone)
    except (SettingsError, RoutesFault) as fault:
        log.warning("the notifier's routes are not known here, and no step counts as reached by them: %s", fault)
        return None
