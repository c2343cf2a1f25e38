"""The maternal early warning criteria on a stream: which are met, which have lasted, and which are severe."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from detectors.maternal import DIASTOLIC_BP, HEART_RATE, RESP_RATE, SPO2, SYSTOLIC_BP
from detectors.rules import Rules
from detectors.vigil.windows import AT, BIT_OF, ITEMS, MEASURED, MEASURES, RED, Window, rows
from schemas.times import MINUTE_MS

if TYPE_CHECKING:
    from detectors.vigil.assessment import Assessment

PRESSURES = frozenset({"systolic_bp", "diastolic_bp", "temperature"})


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

    def severe(self, windows: Sequence[Window], rules: Rules) -> bool:
        """A severe pressure found twice within some minutes (ours; to be held against ACOG before a site arms it)."""
        assert rules.watch is not None
        limits, assessment = rules.watch.maternal, self.assessment
        systolic, diastolic = assessment.value("systolic_bp"), assessment.value("diastolic_bp")
        high = (systolic is not None and systolic >= limits.severe_systolic) or (
            diastolic is not None and diastolic >= limits.severe_diastolic
        )
        if not high:
            return False
        item = "systolic_bp" if systolic is not None and systolic >= limits.severe_systolic else "diastolic_bp"
        since = assessment.at - int(limits.repeat_minutes * MINUTE_MS)
        return len([one for one in windows if one[MEASURED] & MEASURES[item] and one[AT] >= since]) > 1


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
