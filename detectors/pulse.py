"""Whether the pulse felt at the wrist or finger and the heart rate seen by the ECG contradict each other."""

from math import isfinite

from detectors.chart_row import finite

APART_BPM = 10
APART_PERCENT = 15


def disagree(pulse_rate: float, heart_rate: float) -> bool:
    """Whether both rates lie further apart than 10 /min or 15 % of the ECG's, whichever is more.

    In atrial fibrillation not every beat reaches the wrist; a loose lead or clip does the same. Either may be true.
    `ValueError` for a number that is not finite.

    Examples
    --------
    >>> disagree(60, 70), disagree(60, 71), disagree(70, 90), disagree(128, 150), disagree(127, 150)
    (False, True, True, False, True)

    References
    ----------
    No standard gives a figure. "Pulse rate disagrees with the ECG's heart rate by more than about 10 to 15 %: keep
    both" is general monitoring practice; the greater of both limits is this product's choice.
    """
    apart = abs(pulse_rate - heart_rate)
    if not isfinite(apart):
        finite("pulse_rate", pulse_rate)
        finite("heart_rate", heart_rate)
    # In hundredths: 0.15 is no exact float, and a limit that is met exactly must not be passed by rounding.
    return apart > APART_BPM and apart * 100 > heart_rate * APART_PERCENT
