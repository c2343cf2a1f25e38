"""SIRS: four signs that the whole body is inflamed; without a blood count only three of them can be told."""

from enum import StrEnum
from math import inf
from typing import Final

from detectors.chart_row import HAIR, finite
from detectors.criteria import Criteria


class Sign(StrEnum):
    """The four criteria, a point each."""

    TEMPERATURE = "temperature"
    HEART_RATE = "heart_rate"
    BREATHING = "breathing"
    WHITE_CELLS = "white_cells"


# Bone et al., "Definitions for sepsis and organ failure", Chest 1992;101:1644: above 38 or below 36 °C; above 90 /min;
# above 20 /min or PaCO2 below 32 mmHg (4.3 kPa); white cells above 12 or below 4 x 10^9/L or above 10 % immature; two
# or more.
TEMPERATURE_LOW, TEMPERATURE_HIGH = 36.0, 38.0
HEART_RATE_HIGH, RESP_RATE_HIGH = 90.0, 20.0
PACO2_MMHG: Final = 32.0
WHITE_CELLS_LOW, WHITE_CELLS_HIGH = 4.0, 12.0
BANDS_PERCENT: Final = 10.0
NEEDED: Final = 2


def sirs(
    temperature: float | None,
    heart_rate: float | None,
    resp_rate: float | None,
    *,
    paco2_mmhg: float | None = None,
    white_cells: float | None = None,
    bands_percent: float | None = None,
) -> Criteria:
    """Judge the four criteria; degrees Celsius, /min, /min, mmHg, 10^9/L, %, None where there is no valid value.

    Not `complete` means partial. Nothing is rounded: the limits are strict, and 38.04 lies above 38. PaCO2 and immature
    cells are asked for rarely: absent, the respiratory rate or the white-cell count decides alone; alone, they can only
    say yes. `ValueError` for a number that is not finite.

    Examples
    --------
    >>> bedside = sirs(38.4, 96, 18)
    >>> bedside.positive, bedside.score_min, bedside.score_max, bedside.complete
    (True, 2, 3, False)

    References
    ----------
    Bone et al., Chest 1992;101:1644. A later British variant (above 38.3 °C, glucose, confusion) is another instrument.
    """
    return Criteria.of(
        {
            Sign.TEMPERATURE: _beyond("temperature", temperature, TEMPERATURE_HIGH, TEMPERATURE_LOW),
            Sign.HEART_RATE: _beyond("heart_rate", heart_rate, HEART_RATE_HIGH),
            Sign.BREATHING: _either(
                _beyond("resp_rate", resp_rate, RESP_RATE_HIGH),
                paco2_mmhg is not None and finite("paco2_mmhg", paco2_mmhg) < PACO2_MMHG,
            ),
            Sign.WHITE_CELLS: _either(
                None
                if white_cells is None
                else not WHITE_CELLS_LOW <= finite("white_cells", white_cells) <= WHITE_CELLS_HIGH,
                bands_percent is not None and finite("bands_percent", bands_percent) > BANDS_PERCENT,
            ),
        },
        NEEDED,
    )


def _beyond(name: str, value: float | None, high: float, low: float = -inf) -> bool | None:
    """Whether a value lies strictly above or below; a mean of floats that is equal but for a hair is equal."""
    return None if value is None else finite(name, value) > high + HAIR or value < low - HAIR


def _either(usual: bool | None, rare: bool) -> bool | None:
    return True if rare else usual
