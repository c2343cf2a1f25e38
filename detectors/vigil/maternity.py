"""The maternal early warning criteria on a stream: which are met, which have lasted, and which are severe."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from detectors.maternal import DIASTOLIC_BP, HEART_RATE, RESP_RATE, SPO2, SYSTOLIC_BP
from detectors.rules import Rules
from detectors.vigil.persistence import LOW
from detectors.vigil.stay import Stay
from detectors.vigil.technical import Condition
from detectors.vigil.windows import AT, BIT, BIT_OF, EXTREME, ITEMS, MEASURED, MEASURES, RED, Window, rows
from schemas.times import DAY_MS, MINUTE_MS

if TYPE_CHECKING:
    from detectors.vigil.assessment import Assessment

PRESSURES = frozenset({"systolic_bp", "diastolic_bp", "temperature"})
SEVERE = BIT["diastolic_bp"]  # among the extremes of a window: a severe pressure


class Maternal(NamedTuple):
    """The items whose criterion is met now (Mhyre 2014; temperature: Shields 2016), and the assessment they are met
    in.
    """

    items: tuple[str, ...]
    assessment: "Assessment"

    def lasts(self, item: str, windows: Sequence[Window], rules: Rules) -> bool:
        """Whether the criterion calls: entered at once, a pressure or temperature on a repeat, others once they have
        lasted.
        """
        watch, assessment = rules.watch, self.assessment
        assert watch is not None
        if item == "consciousness" or any(assessment.entered(name) for name in ITEMS[item]):
            return True
        limits, at = watch.maternal, assessment.at
        found = rows(windows, MEASURES[item], RED, BIT_OF[item], at - int(watch.lasting.slow_minutes * MINUTE_MS))
        run = 0
        for _, shown in reversed(found):
            if not shown:
                break
            run += 1
        if not run:
            return False
        began = found[-run][0]
        if item in PRESSURES:
            return run > 1 or at - began >= rules.cuff_red_minutes * MINUTE_MS
        recent = [shown for moment, shown in found if moment > at - limits.lasts_minutes * MINUTE_MS]
        mostly = sum(recent) >= watch.lasting.share * len(recent)
        return at - began >= (limits.lasts_minutes - 0.5) * MINUTE_MS and mostly

    def severe(self, windows: Sequence[Window], rules: Rules) -> tuple[str, ...]:
        """What is severe, found so twice within some minutes (ours; to be held against ACOG before a site arms it)."""
        assert rules.watch is not None
        within = int(rules.watch.maternal.repeat_minutes * MINUTE_MS)
        times = [one[AT] for one in windows if one[EXTREME] & SEVERE]
        return self.severe_now(rules) if len(times) > 1 and times[-1] - times[-2] <= within else ()

    def severe_now(self, rules: Rules) -> tuple[str, ...]:
        """The pressures in force that are severe."""
        assert rules.watch is not None
        limits = rules.watch.maternal
        bounds = ("systolic_bp", limits.severe_systolic), ("diastolic_bp", limits.severe_diastolic)
        return tuple(name for name, bound in bounds if (self.assessment.value(name) or 0) >= bound)

    def seen(self, window: Window, rules: Rules) -> Window:
        """A window with what was severe in it."""
        if not any(window[MEASURED] & BIT[name] for name in self.severe_now(rules)):
            return window
        at, score, measured, red, extreme, unsteady, wild = window
        return at, score, measured, red, extreme | SEVERE, unsteady, wild


POSTNATAL: Final = Condition(
    "postnatal", LOW, (), "Postnatal for six weeks by now", "Say whether the maternal criteria still apply."
)


def asked(stay: Stay, at: int, rules: Rules) -> list[Condition]:
    """Whether it has to be said anew that a woman has lately given birth; until then her criteria go on."""
    if rules.watch is None or stay.maternity != "postnatal" or stay.discharged:
        return []
    return [POSTNATAL] if at >= stay.maternity_at + int(rules.watch.maternal.postnatal_days * DAY_MS) else []


def criteria(assessment: "Assessment", rules: Rules) -> Maternal | None:
    """The criteria that are met, of a woman who is pregnant or has lately given birth; None for anybody else."""
    watch = rules.watch
    if watch is None or assessment.stay.maternity not in ("pregnant", "postnatal"):
        return None
    limits, value = watch.maternal, assessment.value
    rate = value("heart_rate") if value("pulse_rate") is None else value("pulse_rate")
    temperature = value("temperature")
    letter, gcs = assessment.mind()
    met = {
        "systolic_bp": SYSTOLIC_BP.meets(value("systolic_bp")),
        "diastolic_bp": DIASTOLIC_BP.meets(value("diastolic_bp")),
        "pulse_rate": HEART_RATE.meets(rate),
        "resp_rate": RESP_RATE.meets(value("resp_rate")),
        "spo2": SPO2.meets(value("spo2")),
        "consciousness": (letter is not None and letter != "A") or (gcs is not None and gcs < 15),
        "temperature": temperature is not None
        and not limits.temperature_below <= temperature <= limits.temperature_above,
    }
    return Maternal(tuple(item for item, holds in met.items() if holds), assessment)
