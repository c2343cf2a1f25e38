"""Whether a patient breathes extra oxygen, from whatever was said of it."""

from detectors.chart_row import finite

ROOM_AIR_PERCENT = 21.0


def on_oxygen(supplemental: bool | None, inspired: float | None = None, flow: float | None = None) -> bool | None:
    """True on oxygen, False on air, None if nothing was said.

    `inspired` is the inspired oxygen in percent, `flow` the flow of oxygen in L/min. Any sign of oxygen counts: where
    they contradict each other the patient is on oxygen, the side that scores more. `ValueError` for a number that is
    not finite.

    Examples
    --------
    >>> on_oxygen(False), on_oxygen(False, inspired=40.0), on_oxygen(None, flow=0.0), on_oxygen(None)
    (False, True, False, None)

    References
    ----------
    Royal College of Physicians, NEWS2 (2017), Chart 1: the item is "air or oxygen". Room air holds 21 % of oxygen.
    """
    if inspired is not None and finite("inspired_oxygen", inspired) > ROOM_AIR_PERCENT:
        return True
    if flow is not None and finite("oxygen_flow", flow) > 0:
        return True
    if supplemental is None and (inspired is not None or flow is not None):
        return False
    return supplemental
