"""What one look at a patient finds: what is asked for, or held back, and what is wrong with the measuring."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from detectors.vigil.asking import ask
from detectors.vigil.assessment import Assessment
from detectors.vigil.concern import with_concern
from detectors.vigil.contradicted import contradicted
from detectors.vigil.device_clock import NOWHERE
from detectors.vigil.holding import heard_from, through_a_pause
from detectors.vigil.intake_by_age import IntakeByAge
from detectors.vigil.loss import all_silent, losses, lost_at, one_cause
from detectors.vigil.maternity import asked
from detectors.vigil.orders import warns_at
from detectors.vigil.persistence import LOW, AlertRequest
from detectors.vigil.technical import SHARED, Condition, conditions
from detectors.vigil.timing import timing
from detectors.vigil.track import IN_ORDER
from detectors.vigil.window import Decided
from detectors.vigil.windows import ITEMS
from schemas.alert_reason import Reason
from schemas.times import NEVER

if TYPE_CHECKING:
    from detectors.vigil.vigil import Vigil


def demanded(vigil: "Vigil", assessment: Assessment, fresh: dict[str, Decided], *, entered: bool) -> AlertRequest:
    """What is asked for now: held back where monitoring is paused, where the plan of care says so, or where learned
    alerts have called enough.
    """
    rules, stay, at = vigil.rules, vigil.stay, assessment.at
    risk = vigil.risk_forecast.asking(at)
    if rules.watch is None:
        noticed, broken = bool(assessment.noticed()), bool(assessment.broken())
        request = vigil.persistence.note(assessment.score, fresh, noticed, broken, at, entered, rules, risk)
    else:
        risk = risk if risk and at >= heard_from(stay, vigil.first_at, rules.watch) else 0
        alert_open = vigil.register.deterioration is not None or vigil.register.answered is not None
        request = ask(
            vigil.persistence, assessment, fresh, entered=entered, rules=rules, risk=risk, alert_open=alert_open
        )
        assessment.far = stand_out(request, assessment)
    if request.interrupts and request.reason is Reason.LEARNED and vigil.register.burden.full(at, rules):
        request = replace(request, interrupts=False, suppressed_by="patient_limit")
    if stay.paused(at) and not entered and not through_a_pause(vigil.persistence, request, assessment, rules):
        suppressed_by = "paused" if request.interrupts else request.suppressed_by
        request = replace(request, interrupts=False, suppressed_by=suppressed_by, paused=rules.watch is not None)
    if request.interrupts and rules.watch is not None and stay.plan == "comfort":
        request = replace(request, interrupts=False, suppressed_by="care_plan")  # only a concern calls
    return with_concern(request, vigil.concern)


def stand_out(request: AlertRequest, assessment: Assessment) -> tuple[str, ...]:
    """The vitals that are extreme, or behind a criterion that is met where NEWS2 is silent."""
    if not request.far and not request.reds:
        return ()
    scored = {name for name, _ in assessment.points()}
    met = [
        name for item in request.reds for name in ITEMS[item][:1] if name in assessment.values and name not in scored
    ]
    return tuple(dict.fromkeys((*(name for name in request.far if name in assessment.values), *met)))


def nothing_is_wrong(vigil: "Vigil", assessment: Assessment) -> bool:
    """Whether nothing can be wrong with the measuring, as in nearly all looks: a stream has just told something, and
    none of what `conditions_of` looks for has begun. Otherwise that has to look.
    """
    seen, signals, stay, intake, at = vigil.watched, vigil.signals, vigil.stay, vigil.intake, assessment.at
    if vigil.rules.watch is None or not isinstance(intake, IntakeByAge) or not vigil.rules.technical.flat_line:
        return False
    if seen.usable_at != at or seen.unsteady_since < NEVER or seen.unknown_since < NEVER or vigil.overdue[0] <= at:
        return False
    if (seen.ecg > 1 and seen.pulse_at > -NEVER) or vigil.never_seen or at < intake.crossed_until:
        return False
    if signals.disagreeing_hold or signals.unattached or at < signals.lost_until or at < signals.rebuilt_until:
        return False
    if at < signals.unseen_until or at < signals.merged_until:
        return False
    if stay.discharged or stay.shares or stay.scale != 1 or stay.maternity is not None:
        return False
    for device in intake.devices.values():
        if device.charts or device.late_since != NOWHERE or device.delay:
            return False
    for track in vigil.tracks.values():
        if track.signs is not IN_ORDER or track.stale or track.unmoved or track.entered is not None or track.slow:
            return False
    return True


def conditions_of(vigil: "Vigil", assessment: Assessment) -> list[Condition]:
    """What is wrong with the measuring now."""
    return [] if nothing_is_wrong(vigil, assessment) else all_conditions_of(vigil, assessment)


def all_conditions_of(vigil: "Vigil", assessment: Assessment) -> list[Condition]:
    """As `conditions_of`, the long way."""
    stay, episode, rules, at = vigil.stay, vigil.register.deterioration, vigil.rules, assessment.at
    lost = losses(vigil, assessment)
    priority = episode.priority if episode else LOW
    if all_silent(vigil, at) and lost_at(vigil) < NEVER:
        priority = LOW  # one call for all that is lost, and at its own time
    found = conditions(
        vigil.tracks,
        vigil.signals,
        told=vigil.register.open,
        because=episode.because if episode else [],
        priority=priority,
        discharged=stay.discharged
        and any(t.known and not t.stale and t.known.at > stay.discharged_at for t in vigil.tracks.values()),
        paused=stay.paused(at),
        late_devices=vigil.intake.in_doubt(at, rules.technical.late_minutes),
        never_seen=vigil.never_seen and not any(track.known for track in vigil.tracks.values()),
        scale_ends=at >= warns_at(stay, rules.calling.order_warning_minutes),
        at=at,
        rules=rules,
    )
    if isinstance(vigil.intake, IntakeByAge):
        found += timing(vigil.intake, vigil.tracks, vigil.signals, at, rules)
        found += [SHARED[one] for one in vigil.stay.shares if not vigil.stay.discharged]
    found = one_cause(lost, found) + contradicted(assessment, vigil.register.open)
    found += asked(stay, at, rules)
    if rules.watch is not None and stay.plan == "comfort":  # only a concern calls
        found = [replace(one, priority=LOW) for one in found]
    return found
