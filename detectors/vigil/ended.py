"""What is kept of an alert that has come to rest."""

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from detectors.vigil.episode import Episode


class Ended(Struct, array_like=True):
    """An alert that has come to rest: enough to ask whether it was of use."""

    alert_id: str
    kind: str
    subject: str
    priority: int
    headline: str
    reason: str
    started: int
    ended: int
    useful: bool | None


def ended_of(episode: "Episode", at: int) -> Ended:
    """What is kept of an episode that ends now."""
    return Ended(
        episode.alert_id,
        episode.kind,
        episode.subject,
        episode.priority,
        episode.headline,
        episode.reason,
        episode.started,
        at,
        episode.useful,
    )
