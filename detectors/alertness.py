"""Whether a patient is awake and clear in mind, from the ACVPU letter or the Glasgow coma scale."""

from math import floor

from detectors.chart_row import HAIR, finite
from schemas.vitals import LETTERS, SCALES, Vital

# LETTERS: alert; C is *new* confusion; V, P, U: responds to voice, to pain, to nothing (RCP, NEWS2, 2017).
GCS_LOWEST, GCS_FULL = SCALES[Vital.GCS].impossible


def not_alert(consciousness: str | None, gcs: float | None, long_standing_confusion: bool = False) -> bool | None:
    """True if not alert, False if alert, None if it cannot be told.

    A letter overrides the coma scale (the caller passes on the newer of both alone). A coma scale below 15 is not
    alert; between whole numbers it is rounded, a half downwards. Confusion that was there before is no new confusion: C
    then counts as alert, and a coma scale of 14, which may be nothing else, tells nothing. `ValueError` for another
    letter or a coma scale outside 3 to 15.

    Examples
    --------
    >>> not_alert("V", None), not_alert(None, 15), not_alert(None, None)
    (True, False, None)
    >>> not_alert("C", None, long_standing_confusion=True), not_alert(None, 14, long_standing_confusion=True)
    (False, None)

    References
    ----------
    Royal College of Physicians, National Early Warning Score (NEWS) 2, 2017: A against C, V, P or U, C being new
    confusion.
    """
    if consciousness is not None:
        if consciousness not in LETTERS:
            raise ValueError(f"{consciousness!r} is not a level of consciousness; known: {', '.join(LETTERS)}")
        return consciousness != "A" and not (consciousness == "C" and long_standing_confusion)
    if gcs is None:
        return None
    whole = floor(finite("gcs", gcs) + 0.5 - HAIR)
    if not GCS_LOWEST <= whole <= GCS_FULL:
        raise ValueError(f"a coma scale of {gcs!r} does not exist; it runs from {GCS_LOWEST} to {GCS_FULL}")
    if long_standing_confusion and whole == GCS_FULL - 1:
        return None
    return whole < GCS_FULL
