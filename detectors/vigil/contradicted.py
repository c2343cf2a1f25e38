"""What a person measured as worse than a stream says: both are shown until the rank ends, or it is counted anew."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from detectors.vigil.persistence import LOW
from detectors.vigil.ranks import entered_in_force, points_of
from detectors.vigil.technical import Condition
from detectors.vigil.window import SPOT
from detectors.vigil.wording import capital, value_words, vital_words

if TYPE_CHECKING:
    from detectors.vigil.assessment import Assessment

COUNTED_AGAIN = "resp_rate"  # in doubt until a person counts again


def contradicted(assessment: "Assessment", told: Collection[str]) -> list[Condition]:
    """A condition for each vital that people and a stream tell apart; `told` are the subjects of open alerts: a stream
    that agrees for a moment ends none.
    """
    watch, found = assessment.watch, []
    if watch is None:
        return []
    for name, track in assessment.tracks.items():
        entered, known = track.entered, track.known
        if entered is None or known is None or known.source == SPOT or track.stale:
            continue
        subject, scale = f"{name} contradicted", assessment.stay.scale
        ranks = entered_in_force(name, track, assessment.at, watch)
        apart = points_of(name, entered.value, scale) > points_of(name, known.value, scale)
        if (subject in told or apart) and (ranks or name == COUNTED_AGAIN):
            by_hand, streamed = value_words(name, entered.value), value_words(name, known.value)
            words = f"{capital(vital_words(name))} was {by_hand} by hand, and a device says {streamed}"
            found.append(Condition(subject, LOW, (name,), words, "Measure it again by hand."))
    return found
