"""What is remembered of the measuring of one patient as a whole."""

from msgspec import Struct


class Signals(Struct, array_like=True):
    """What is remembered of the measuring as a whole."""

    disagreeing: int = 0
    disagreeing_hold: int = 0
    unattached: bool = False
    lost_until: int = 0  # told for a while after readings were lost
    rebuilt_until: int = 0  # or after the patient's history was
    unseen: list[tuple[str, float, int]] = []  # what was red or extreme while nobody could see it
    unseen_until: int = 0
    merged: list[str] = []  # what stood open under an id that was merged into this one
    merged_until: int = 0
