"""Who the patient is and what was ordered: the facts of a stay that change how values are judged."""

from datetime import date, timedelta
from typing import Final

import msgspec
from msgspec import Struct

from schemas.patient import Event, Limits, Maternity, PatientRecord, Sex
from schemas.times import EPOCH, NEVER, to_ms

ADULT_YEARS: Final = 16  # RCP, NEWS2 (2017): not to be used under 16 years or in pregnancy
MAX_PAUSE_MS: Final = 2 * 3_600_000
MAX_CALLING_LIMIT_MS: Final = 72 * 3_600_000


class Limit(Struct, array_like=True, frozen=True):
    """A personal limit of one vital, in its own unit, until a moment."""

    vital: str
    low: float | None
    high: float | None
    author: str
    reason: str
    until: int = NEVER

    def broken_by(self, value: float) -> bool:
        """Whether the value lies beyond the limit."""
        return (self.low is not None and value < self.low) or (self.high is not None and value > self.high)


class CallingLimit(Struct, array_like=True, frozen=True):
    """A doctor's order: within these bounds the red item alone calls nobody; `extreme`: nor does an extreme."""

    vital: str
    low: float | None
    high: float | None
    author: str
    reason: str
    until: int
    extreme: bool = False

    def holds(self, value: float) -> bool:
        """Whether the value lies within the order."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


class Stay(Struct, array_like=True, frozen=True):
    """One patient's stay. A patient without an admission record is watched all the same, on scale 1, as unassigned."""

    assigned: bool = False
    encounter: str | None = None
    ward: str | None = None
    bed: str | None = None
    date_of_birth: str | None = None
    age_years: float | None = None
    age_known_at: int = 0
    sex: str | None = None
    maternity: str | None = None
    devices: tuple[str, ...] | None = None
    scale: int = 1
    scale_until: int = NEVER
    plan: str | None = None
    plan_until: int = NEVER
    confusion: bool = False
    confusion_until: int = NEVER
    limits: tuple[Limit, ...] = ()
    paused_until: int = 0
    pause_reason: str | None = None
    admitted_at: int = NEVER
    discharged_at: int = NEVER
    confirmed: bool = False
    scale_by: tuple[str | None, str | None] = (None, None)  # who ordered it, and why
    plan_by: tuple[str | None, str | None] = (None, None)
    confusion_by: tuple[str | None, str | None] = (None, None)
    pause_author: str | None = None
    calling_limits: tuple[CallingLimit, ...] = ()
    observe_every: float = 0.0  # minutes between observations, as ordered; 0: as chart 4 says
    observe_until: int = NEVER
    observe_by: tuple[str | None, str | None] = (None, None)
    # what later patient records are judged by (`admissions`), in milliseconds
    admission: str | None = None  # the admission's content, so that its repeat is known
    admission_at: int = -NEVER
    moved_at: int = -NEVER
    pause_at: int = -NEVER
    left_at: int = -NEVER  # of the newest discharge
    undone_at: int = -NEVER  # of the newest discharge that was taken back
    left: tuple[str, ...] = ()  # encounters of before
    planned: tuple[tuple[int, str], ...] = ()  # records that wait for their moment
    merged_into: str | None = None  # the id under which this patient is watched now
    merged_from: tuple[str, ...] = ()  # ids that were merged into this one
    shares: tuple[str, ...] = ()  # what another patient has too: `bed`, `device`
    maternity_at: int = NEVER  # since when the maternity is known as it is

    @property
    def discharged(self) -> bool:
        """Whether the stay has ended."""
        return self.discharged_at < NEVER

    def paused(self, at: int) -> bool:
        """Whether monitoring is paused."""
        return at < self.paused_until

    def age(self, at: int) -> float | None:
        """Age in years at a moment, or None if it is not known."""
        if self.date_of_birth is not None:
            born = date.fromisoformat(self.date_of_birth)
            today = (EPOCH + timedelta(milliseconds=at)).date()
            return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
        if self.age_years is None:
            return None
        return self.age_years + max(0, at - self.age_known_at) / (365.25 * 86_400_000)

    def not_covered(self, at: int) -> str | None:
        """Why NEWS2 is not valid for this patient, or None where it is."""
        age = self.age(at)
        if age is not None and age < ADULT_YEARS:
            return "under 16 years"
        return "pregnant" if self.maternity == Maternity.PREGNANT.value else None

    def unknown(self, at: int) -> list[str]:
        """What decides whether NEWS2 is valid, and is not known."""
        gaps = ["age"] if self.age(at) is None else []
        if self.maternity is None and self.sex != Sex.MALE.value:
            gaps.append("maternity")
        return gaps

    @property
    def due(self) -> int:
        """When the next order ends."""
        end = min(
            self.scale_until, self.plan_until, self.confusion_until, self.observe_until, self.paused_until or NEVER
        )
        if self.planned:
            end = min(end, self.planned[0][0])
        ends = [limit.until for limit in self.limits] + [limit.until for limit in self.calling_limits]
        return min(end, *ends) if ends else end

    def at(self, now: int) -> "Stay":
        """The stay without the orders that have ended."""
        if self.due > now:
            return self
        stay = self
        if stay.scale_until <= now:
            stay = msgspec.structs.replace(stay, scale=1, scale_until=NEVER)
        if stay.plan_until <= now:
            stay = msgspec.structs.replace(stay, plan=None, plan_until=NEVER)
        if stay.confusion_until <= now:
            stay = msgspec.structs.replace(stay, confusion=False, confusion_until=NEVER)
        if stay.observe_until <= now:
            stay = msgspec.structs.replace(stay, observe_every=0.0, observe_until=NEVER)
        if 0 < stay.paused_until <= now:
            stay = msgspec.structs.replace(stay, paused_until=0, pause_reason=None)
        return msgspec.structs.replace(
            stay,
            limits=tuple(limit for limit in stay.limits if limit.until > now),
            calling_limits=tuple(limit for limit in stay.calling_limits if limit.until > now),
        )


def _until(moment: object) -> int:
    return NEVER if moment is None else to_ms(moment)  # type: ignore[arg-type]


def _limit(limit: Limits) -> Limit:
    return Limit(limit.vital.value, limit.low, limit.high, limit.author, limit.reason, _until(limit.until))


def follow(stay: Stay, record: PatientRecord, at: int) -> Stay:
    """The stay after a patient record, `at` being the log's time. What the record leaves out stays as it was; null
    clears.
    """
    given = record.model_fields_set
    changes: dict[str, object] = {"assigned": True}
    for name in ("encounter", "ward", "bed"):
        if name in given:
            changes[name] = getattr(record, name)
    if "date_of_birth" in given:
        changes["date_of_birth"] = None if record.date_of_birth is None else record.date_of_birth.isoformat()
    if "age_years" in given:
        changes.update(age_years=record.age_years, age_known_at=at)
    for name in ("sex", "maternity"):
        if name in given:
            value = getattr(record, name)
            changes[name] = None if value is None or value == "unknown" else value.value
    if "maternity" in changes and changes["maternity"] != stay.maternity:
        changes["maternity_at"] = at
    if "devices" in given:
        changes["devices"] = None if record.devices is None else tuple(sorted(set(record.devices)))
    if "shares" in given:
        changes["shares"] = tuple(sorted({one.value for one in record.shares or ()}))
    if "spo2_scale" in given:
        order = record.spo2_scale
        changes.update(scale=order.scale if order else 1, scale_until=_until(order.until if order else None))
        changes["scale_by"] = (order.prescriber, order.reason) if order else (None, None)
    if "escalation_plan" in given:
        plan = record.escalation_plan
        changes.update(plan=plan.plan.value if plan else None, plan_until=_until(plan.until if plan else None))
        changes["plan_by"] = (plan.author, plan.reason) if plan else (None, None)
    if "long_standing_confusion" in given:
        confusion = record.long_standing_confusion
        changes.update(
            confusion=bool(confusion and confusion.present),
            confusion_until=_until(confusion.until if confusion else None),
            confusion_by=(confusion.author, confusion.reason) if confusion else (None, None),
        )
    if "limits" in given:
        changes["limits"] = tuple(_limit(limit) for limit in record.limits or ())
    if "observations" in given:
        every = record.observations
        changes.update(
            observe_every=float(every.every_minutes) if every else 0.0,
            observe_until=_until(every.until if every else None),
        )
        changes["observe_by"] = (every.author, every.reason) if every else (None, None)
    if "calling_limits" in given:
        ends = at + MAX_CALLING_LIMIT_MS
        changes["calling_limits"] = tuple(
            CallingLimit(
                one.vital.value, one.low, one.high, one.author, one.reason, min(to_ms(one.until), ends), one.extreme
            )
            for one in record.calling_limits or ()
        )
    if "pause" in given or record.event is Event.RESUME:
        pause = record.pause if record.event is not Event.RESUME else None
        end = min(to_ms(pause.until), at + MAX_PAUSE_MS) if pause else 0
        changes.update(paused_until=end if end > at else 0, pause_reason=pause.reason if pause else None)
        changes["pause_author"] = pause.author if pause else None
    if record.event is Event.DISCHARGE:
        changes.update(discharged_at=min(stay.discharged_at, at), confirmed=record.confirmed)
    elif record.event is Event.ADMIT:
        changes.update(discharged_at=NEVER, confirmed=False)
    if record.event is Event.ADMIT:
        changes["admitted_at"] = at if at > 0 else NEVER  # in event clock there is no time before the first reading
    return msgspec.structs.replace(stay, **changes).at(at)


def begins_anew(stay: Stay, record: PatientRecord) -> bool:
    """Whether the record begins another stay, so that nothing learnt before may count: a new admission or encounter."""
    if record.event is not Event.ADMIT:
        return False
    return stay.discharged or (stay.assigned and (record.encounter is None or record.encounter != stay.encounter))
