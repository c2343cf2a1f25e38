"""Maternal Early Warning Criteria: any one of eight calls for a prompt look at a pregnant or newly delivered woman.

For these women it stands in place of NEWS2; whoever calls knows whether she is one.
"""

from enum import StrEnum
from math import inf
from typing import Final

from detectors.alertness import not_alert
from detectors.chart_row import ChartRow
from detectors.criteria import Criteria


class Sign(StrEnum):
    """The eight criteria."""

    SYSTOLIC_BP = "systolic_bp"
    DIASTOLIC_BP = "diastolic_bp"
    HEART_RATE = "heart_rate"
    RESP_RATE = "resp_rate"
    SPO2 = "spo2"
    OLIGURIA = "oliguria"
    ALTERED_MENTATION = "altered_mentation"
    PRE_ECLAMPSIA = "pre_eclampsia"


# Mhyre et al., "The maternal early warning criteria: a proposal from the national partnership for maternal safety",
# Obstet Gynecol 2014;124:782. Systolic below 90 or above 160, diastolic above 100, heart rate below 50 or above 120,
# respiratory rate below 10 or above 30, SpO2 below 95 % on room air at sea level, urine below 35 mL/h for two hours or
# more.
SYSTOLIC_BP: Final = ChartRow("systolic_bp", (89, 1), (160, 0), (inf, 1))
DIASTOLIC_BP: Final = ChartRow("diastolic_bp", (100, 0), (inf, 1))
HEART_RATE: Final = ChartRow("heart_rate", (49, 1), (120, 0), (inf, 1))
RESP_RATE: Final = ChartRow("resp_rate", (9, 1), (30, 0), (inf, 1))
SPO2: Final = ChartRow("spo2", (94, 1), (inf, 0))
URINE: Final = ChartRow("urine_ml_per_h", (34, 1), (inf, 0))
NEEDED: Final = 1


def maternal(
    systolic_bp: float | None,
    diastolic_bp: float | None,
    heart_rate: float | None,
    resp_rate: float | None,
    spo2: float | None,
    oxygen: bool | None,
    consciousness: str | None,
    *,
    gcs: float | None = None,
    agitated: bool | None = None,
    urine_ml_per_h: float | None = None,
    pre_eclampsia_with_headache_or_dyspnoea: bool | None = None,
) -> Criteria:
    """Judge the eight criteria; mmHg, mmHg, /min, /min, %, None where there is no valid value.

    `urine_ml_per_h` is the flow over the last two hours or more; the headache is one that does not remit. Numbers are
    rounded as for NEWS2, ties to the side that calls. SpO2 is meant on room air: below 95 % on oxygen it would be no
    higher on air and calls; from 95 % up on oxygen, or with oxygen unknown, it cannot be told. Alert says nothing of
    agitation: that is a question of its own. `ValueError` for a number that is not finite, an unknown letter or coma
    scale.

    Examples
    --------
    >>> calm = maternal(118, 72, 84, 16, 98, False, "A")
    >>> calm.positive is None, [str(sign) for sign in calm.unknown]
    (True, ['oliguria', 'altered_mentation', 'pre_eclampsia'])
    >>> maternal(164, 98, 84, 16, 98, False, None).positive
    True

    References
    ----------
    Mhyre et al., Obstet Gynecol 2014;124:782.
    """
    dulled = not_alert(consciousness, gcs)
    low_spo2 = SPO2.meets(spo2)
    return Criteria.of(
        {
            Sign.SYSTOLIC_BP: SYSTOLIC_BP.meets(systolic_bp),
            Sign.DIASTOLIC_BP: DIASTOLIC_BP.meets(diastolic_bp),
            Sign.HEART_RATE: HEART_RATE.meets(heart_rate),
            Sign.RESP_RATE: RESP_RATE.meets(resp_rate),
            Sign.SPO2: low_spo2 if low_spo2 or oxygen is False else None,
            Sign.OLIGURIA: URINE.meets(urine_ml_per_h),
            Sign.ALTERED_MENTATION: _any(dulled, agitated),
            Sign.PRE_ECLAMPSIA: pre_eclampsia_with_headache_or_dyspnoea,
        },
        NEEDED,
    )


def _any(*answers: bool | None) -> bool | None:
    """True if one is, False only if all are."""
    if True in answers:
        return True
    return None if None in answers else False
