"""What is kept of an alert that has come to rest."""

from msgspec import Struct


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
