"""What the care team ordered for a patient: in force, by whom, why, and until when."""

from detectors.vigil.stay import Stay
from schemas.times import MINUTE_MS, NEVER, to_text


def _order(kind: str, by: tuple[str | None, str | None], until: int, at: int, warning: int, **what: object) -> dict:
    return {
        "order": kind,
        "value": None,
        "vital": None,
        "low": None,
        "high": None,
        **what,
        "author": by[0],
        "reason": by[1],
        "until": None if until >= NEVER else to_text(until),
        "ends_soon": until - warning <= at,
    }


def orders_report(stay: Stay, at: int, warning_minutes: float) -> list[dict]:
    """The orders in force as they stand in a status."""
    warning, found = int(warning_minutes * MINUTE_MS), []
    if stay.scale != 1:
        found.append(_order("spo2_scale", stay.scale_by, stay.scale_until, at, warning, value=str(stay.scale)))
    if stay.plan is not None:
        found.append(_order("escalation_plan", stay.plan_by, stay.plan_until, at, warning, value=stay.plan))
    if stay.confusion:
        found.append(_order("long_standing_confusion", stay.confusion_by, stay.confusion_until, at, warning))
    for limit in stay.limits:
        what = {"vital": limit.vital, "low": limit.low, "high": limit.high}
        found.append(_order("limit", (limit.author, limit.reason), limit.until, at, warning, **what))
    if stay.observe_every:
        every = f"{stay.observe_every:g} min"
        found.append(_order("observations", stay.observe_by, stay.observe_until, at, warning, value=every))
    for order in stay.calling_limits:
        what = {"vital": order.vital, "low": order.low, "high": order.high}
        what["value"] = "extreme" if order.extreme else None  # type: ignore[assignment]
        found.append(_order("calling_limit", (order.author, order.reason), order.until, at, warning, **what))
    if stay.paused(at):
        found.append(_order("pause", (stay.pause_author, stay.pause_reason), stay.paused_until, at, warning))
    return found


def warns_at(stay: Stay, warning_minutes: float) -> int:
    """From when it is told that the order for SpO2 scale 2 ends soon (the same values will then score more); NEVER
    where there is nothing to tell.
    """
    if stay.scale != 2 or stay.scale_until >= NEVER:
        return NEVER
    return stay.scale_until - int(warning_minutes * MINUTE_MS)
