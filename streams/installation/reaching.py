"""Whether every step of the ladders in force reaches somebody, by the routes that a notifier would go by."""

from collections.abc import Iterator
from itertools import groupby

from streams.config.settings import Settings
from streams.installation.finding import Code, Finding
from streams.installation.in_force import RulesUnknown, rules_in_force
from streams.notify.reach import gaps, told
from streams.notify.routes import RoutesFault, read_routes
from streams.notify.settings import NotifySettings


def reach_findings(settings: Settings, own: NotifySettings) -> Iterator[Finding]:
    """One finding a ward and step that reaches nobody; nothing where no routes are set, for then no one is promised."""
    if own.routes is None:
        return
    try:
        routes = read_routes(own.routes, own.zone)
    except RoutesFault as fault:
        yield Finding(Code.ROUTES_UNUSABLE, str(own.routes), str(fault), "mend the file; `vigilward notify --dry-run`")
        return
    try:
        found = gaps(routes, rules_in_force(settings))
    except RulesUnknown:  # that Kafka is away is a finding of its own
        return
    for (ward, step), group in groupby(found, key=lambda one: (one.ward, one.call.step)):
        yield Finding(
            Code.STEP_REACHES_NOBODY,
            f"{own.routes}: {step}",
            "; ".join(map(told, group)),
            f"name a recipient with role = {step.value!r} for ward {ward or 'any other'}, or widen wards, priorities, "
            "kinds or shifts",
        )
