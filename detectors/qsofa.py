"""qSOFA: three bedside questions; two yes call for a closer look at how the organs do."""

from enum import StrEnum
from math import inf
from typing import Final

from detectors.alertness import not_alert
from detectors.chart_row import ChartRow
from detectors.criteria import Criteria


class Sign(StrEnum):
    """The three criteria, a point each."""

    RESP_RATE = "resp_rate"
    SYSTOLIC_BP = "systolic_bp"
    ALTERED_MENTATION = "altered_mentation"


# Singer et al., "The Third International Consensus Definitions for Sepsis and Septic Shock (Sepsis-3)", JAMA
# 2016;315:801: 22 /min and more, 100 mmHg and less, altered mentation (a coma scale below 15), two or more.
RESP_RATE: Final = ChartRow("resp_rate", (21, 0), (inf, 1))
SYSTOLIC_BP: Final = ChartRow("systolic_bp", (100, 1), (inf, 0))
NEEDED: Final = 2


def qsofa(
    resp_rate: float | None,
    systolic_bp: float | None,
    consciousness: str | None,
    *,
    gcs: float | None = None,
    long_standing_confusion: bool = False,
) -> Criteria:
    """Judge the three criteria; /min and mmHg, None where there is no valid value.

    Numbers are rounded as for NEWS2, ties to the side that scores. `ValueError` for a number that is not finite, an
    unknown letter or coma scale.

    Examples
    --------
    >>> qsofa(22, 100, "A").positive, qsofa(21, 101, None).positive, qsofa(22, None, "A").positive
    (True, False, None)

    References
    ----------
    Singer et al., JAMA 2016;315:801 (Sepsis-3). Some print ">22" and "<100": the wrong inequalities.
    """
    dulled = not_alert(consciousness, gcs, long_standing_confusion)
    return Criteria.of(
        {
            Sign.RESP_RATE: RESP_RATE.meets(resp_rate),
            Sign.SYSTOLIC_BP: SYSTOLIC_BP.meets(systolic_bp),
            Sign.ALTERED_MENTATION: dulled,
        },
        NEEDED,
    )
