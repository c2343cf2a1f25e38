"""What only silence can bring, or the end of an order: values gone stale, a patient never seen or to be forgotten."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from detectors.rules import Rules
from detectors.vigil.asking import red_due as slow_red_due
from detectors.vigil.assessment import expires, first_expiry
from detectors.vigil.intake_by_age import IntakeByAge
from detectors.vigil.loss import loss_due
from detectors.vigil.orders import warns_at
from detectors.vigil.persistence import Persistence
from detectors.vigil.telling import PHYSIOLOGICAL
from schemas.times import HOUR_MS, MINUTE_MS, NEVER
from schemas.vitals import STREAM_LATENESS

if TYPE_CHECKING:
    from detectors.vigil.vigil import Vigil


def quiet_until(vigil: "Vigil", now: int) -> int:
    """The next moment after `now` with something to do although no window closes; NEVER if there is none."""
    stay, rules, signals = vigil.stay, vigil.rules, vigil.signals
    soonest = first_expiry(vigil.tracks, now) if vigil.tracks else never_seen_at(vigil)
    if soonest <= now:
        soonest = NEVER
    ends = (
        stay.due,
        vigil.intake.clock_doubt_at(now, rules.technical.late_minutes),
        signals.lost_until,
        signals.rebuilt_until,
        signals.unseen_until,
        signals.merged_until,
        vigil.intake.crossed_until if isinstance(vigil.intake, IntakeByAge) else NEVER,
        warns_at(stay, rules.calling.order_warning_minutes),
        vigil.lifecycle_due
        if vigil.lifecycle_due > now
        else now + 1,  # an undone answer may leave a step that was due before
        forget_at(vigil) if may_forget(vigil, soonest) else NEVER,
        NEVER if vigil.concern is None else vigil.concern.until,
        red_due(vigil.persistence, rules),
        step_due(vigil, rules),
        loss_due(vigil, now),
    )
    for moment in ends:
        if now < moment < soonest:
            soonest = moment
    return soonest


def red_due(persistence: Persistence, rules: Rules) -> int:
    """When a red value that is measured now and then may call without being repeated; NEVER if none may."""
    if rules.watch is not None:
        return slow_red_due(persistence, rules)
    return persistence.red_due(rules) if persistence.reds else NEVER


def step_due(vigil: "Vigil", rules: Rules) -> int:
    """As `red_due`, of a value that is worse by a step than at the last call or answer."""
    episode = vigil.register.deterioration
    return NEVER if episode is None or episode.mark is None else episode.mark.waits_until(rules)


def go_stale(vigil: "Vigil", due: int) -> bool:
    """Marks vitals whose last value is no longer valid; says whether there is a new one."""
    changed = False
    for name, track in vigil.tracks.items():
        known = track.known
        if known is None or track.stale or expires(name, track) > due:
            continue
        seen = vigil.intake.seen_since(name, due - STREAM_LATENESS)
        if seen is not None and seen > known.at:
            track.known = replace(known, at=seen)
            if expires(name, track) > due:
                continue
        track.stale, track.opinions, changed = True, (), True
    if not vigil.never_seen and never_seen_at(vigil) <= due:
        vigil.never_seen = changed = True
    if vigil.never_seen and any(track.known for track in vigil.tracks.values()):
        vigil.never_seen = False
    return changed


def never_seen_at(vigil: "Vigil") -> int:
    """When it is told that a patient whose devices are named has sent nothing; NEVER where that is no matter."""
    stay = vigil.stay
    if vigil.never_seen or not stay.devices or stay.discharged or vigil.tracks:
        return NEVER
    return stay.admitted_at + int(vigil.rules.technical.never_seen_minutes * MINUTE_MS)


def forget_at(vigil: "Vigil") -> int:
    """When a patient is forgotten who was discharged, or whom nobody ever admitted."""
    stay = vigil.stay
    if not stay.discharged:
        hours = vigil.rules.forget_unadmitted_hours
        since = None if hours is None else idle_since(vigil)
        return NEVER if since is None or hours is None else since + int(hours * HOUR_MS)
    wait = int(vigil.rules.forget_discharged_hours * HOUR_MS)
    if stay.confirmed:
        return stay.discharged_at + wait
    newest = max((track.known.at for track in vigil.tracks.values() if track.known), default=stay.discharged_at)
    return max(stay.discharged_at, newest) + wait


def may_forget(vigil: "Vigil", by: int) -> bool:
    """Whether `forget_at` may lie before or at a moment: asked at every window, where nearly every patient was just
    heard of.
    """
    hours = vigil.rules.forget_unadmitted_hours
    if vigil.stay.discharged:
        return True
    if hours is None or vigil.stay.assigned:
        return False
    wait = int(hours * HOUR_MS)
    for track in vigil.tracks.values():
        known = track.known
        if known is not None and known.at + wait > by:
            return False
    return True


def idle_since(vigil: "Vigil") -> int | None:
    """When a patient was last heard of whom nobody admitted and who has no alert but of the measuring; else None."""
    if vigil.stay.assigned or vigil.concern is not None:
        return None
    if any(episode.kind == PHYSIOLOGICAL for episode in vigil.register.alive):
        return None
    heard = [getattr(device, "heard", device.newest) for device in vigil.intake.devices.values()]
    known = [track.known.at for track in vigil.tracks.values() if track.known]
    newest = max((*heard, *known), default=0)
    return newest if newest > 0 else max(0, vigil.now)
