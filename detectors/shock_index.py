"""Shock index: how fast the heart beats for the pressure it makes; to be read as a trend."""

from detectors.chart_row import finite


def shock_index(heart_rate: float | None, systolic_bp: float | None) -> float | None:
    """Heart rate (/min) by systolic pressure (mmHg); None where one is not known or there is no pressure.

    It carries no limits: published ones differ by population, and none was verified here. `ValueError` for a number
    that is not finite.

    Examples
    --------
    >>> shock_index(70, 140), shock_index(120, 80), shock_index(120, None)
    (0.5, 1.5, None)

    References
    ----------
    Allgöwer and Burri, "Schockindex", Dtsch Med Wochenschr 1967;92:1947: pulse rate by systolic pressure.
    """
    if heart_rate is None or systolic_bp is None:
        return None
    finite("heart_rate", heart_rate)
    if finite("systolic_bp", systolic_bp) <= 0:
        return None
    return heart_rate / systolic_bp
