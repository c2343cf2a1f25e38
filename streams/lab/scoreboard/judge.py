"""What counts: within what time somebody has to be called, and how many calls are too many."""

from typing import Final, NamedTuple

from streams.lab.scoreboard.made import EVERY_S, MadeUp
from streams.lab.scoreboard.patient import Cadence, Must, Urgency
from streams.lab.scoreboard.ward import Call, Taken

# Seconds from the first value that says so. Slower than one a minute: the second sample for extremes, the third for
# the rest; a cuff's: its repeat or five minutes; entered: at once. Ours.
_WITHIN: Final = {
    Cadence.SECOND: {Urgency.EXTREME: 45, Urgency.SEVEN: 90, Urgency.RED: 120, Urgency.FIVE: 240},
    Cadence.MINUTE: {Urgency.EXTREME: 120, Urgency.SEVEN: 180, Urgency.RED: 240, Urgency.FIVE: 360},
}
_FLICKER_S, _CUFF_S, _MATERNAL_S, _AT_ONCE_S, _DECIDED_S = 600, 300, 300, 5, 20
_HIGH: Final = frozenset({Urgency.EXTREME, Urgency.SEVEN})
_OVER: Final = 2.0
DAY_MS: Final = 86_400_000


class Moment(NamedTuple):
    """One must-call moment, judged: `late_s` is how much later than allowed, None where nobody was called at all."""

    urgency: str
    within_s: float
    took_s: float | None

    @property
    def missed(self) -> bool:
        """Nobody was called."""
        return self.took_s is None

    @property
    def late(self) -> bool:
        """Somebody was called, too late."""
        return self.took_s is not None and self.took_s > self.within_s

    @property
    def far_too_late(self) -> bool:
        """Later than twice the time."""
        return self.took_s is not None and self.took_s > _OVER * self.within_s


def allowed_s(made: MadeUp, must: Must) -> float:
    """Seconds from the first value on."""
    cadence, urgency = made.cadence, must.urgency
    if urgency is Urgency.FLICKER:
        return _FLICKER_S
    if cadence is Cadence.SPOT:
        return must.within_s or _AT_ONCE_S
    if must.within_s is not None:
        return must.within_s
    if _by_cuff(made):
        return _CUFF_S + _DECIDED_S
    if urgency is Urgency.MATERNAL:
        return _MATERNAL_S + 60 if cadence in _WITHIN else 2 * EVERY_S[cadence] + _DECIDED_S
    if cadence in _WITHIN:
        return _WITHIN[cadence][urgency]
    return (1 if urgency is Urgency.EXTREME else 2) * EVERY_S[cadence] + _DECIDED_S


def _by_cuff(made: MadeUp) -> bool:
    only = set(made.kind.paths) <= {"systolic_bp"} and bool(made.kind.paths)
    return only and made.cadence in (Cadence.SECOND, Cadence.CUFF)


def first_value_ms(made: MadeUp, must: Must, taken: list[Taken]) -> int | None:
    """When the first value was taken that says so; None where none ever was."""
    onset = made.onset_ms(must.minute)
    if must.urgency is Urgency.LOSS:
        return onset
    kind = made.kind
    telling = {*kind.paths, *kind.turns, *(name for one in kind.charted for name in one.values)}
    telling |= {kind.flicker[0]} if kind.flicker else set()
    if not telling:
        return onset
    return next((one.at for one in taken if one.at >= onset and not telling.isdisjoint(one.vitals)), None)


def judged(made: MadeUp, calls: list[Call], taken: list[Taken]) -> list[Moment]:
    """Each must-call moment of one patient: its time runs from the first value that says so until the first that says
    the next.
    """
    musts = [must for must in made.kind.musts if must.only is None or made.cadence in must.only]
    found = []
    for place, must in enumerate(musts):
        since, within = first_value_ms(made, must, taken), allowed_s(made, must)
        if since is None:
            continue
        later = musts[place + 1] if place + 1 < len(musts) else None
        until = None if later is None else first_value_ms(made, later, taken) or made.onset_ms(later.minute)
        high = must.urgency in _HIGH if must.high is None else must.high
        until = min(1 << 62 if until is None else until, since + 4 * 3_600_000)
        measuring = must.urgency is Urgency.LOSS  # only then a word about the measuring is an answer
        fitting = [
            call.at
            for call in calls
            if since <= call.at < until
            and call.new
            and (measuring or call.kind == "physiological")
            and (call.priority == "high" or (not high and call.priority == "medium"))
        ]
        found.append(Moment(must.urgency.value, within, (fitting[0] - since) / 1_000 if fitting else None))
    return found


class Burden(NamedTuple):
    """How often somebody was asked for: by the patient, by the measuring, by steps of a ladder; reminders of a high
    alert whose answer ended; and whether ten calls came within ten minutes.
    """

    calls: int
    technical: int
    steps: int
    reminders: int
    flood: bool


def burden_of(calls: list[Call]) -> Burden:
    """The burden of one patient's calls."""
    new = [call for call in calls if call.new]
    reminders = [
        c for c in new if c.kind == "physiological" and c.reason == "acknowledgement_expired" and c.priority == "high"
    ]
    times = [call.at for call in calls]
    flood = any(later - earlier <= 600_000 for earlier, later in zip(times, times[9:], strict=False))
    technical = sum(call.kind == "technical" for call in new)
    return Burden(len(new) - technical - len(reminders), technical, len(calls) - len(new), len(reminders), flood)
