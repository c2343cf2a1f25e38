"""A person's worry about the patient: it asks for someone whatever the score says, for a while."""

from msgspec import Struct
from msgspec.structs import replace

from detectors.calling import Calling
from detectors.vigil.persistence import MEDIUM, AlertRequest
from schemas.action import WORDS, Action, ActionReason
from schemas.alert_reason import Reason
from schemas.times import MINUTE_MS


class Concern(Struct, frozen=True, array_like=True):
    """Who is concerned, why, since when and until when; it can be taken back until `undo_until`."""

    action_id: str
    who: str
    role: str
    reason: str | None
    text: str | None
    at: int
    until: int
    undo_until: int

    @classmethod
    def of(cls, action: Action, at: int, calling: Calling) -> "Concern":
        """The concern that an action contributors."""
        reason = None if action.reason is None else action.reason.value
        until, undo_until = at + int(calling.concern_minutes * MINUTE_MS), at + int(calling.undo_seconds * 1_000)
        return cls(action.action_id, action.who, action.role.value, reason, action.text, at, until, undo_until)

    @property
    def words(self) -> str:
        """As it stands in a headline.

        >>> Concern("a-1", "n-9", "nurse", "gut_feeling", None, 0, 1, 1).words
        'Concern voiced by a nurse (cannot be put into words)'
        """
        role = self.role.replace("_", " ")
        return f"Concern voiced by a {role}" + (f" ({WORDS[ActionReason(self.reason)]})" if self.reason else "")

    def finding(self) -> dict[str, object]:
        """As it stands among the findings: what was said in free text is its value."""
        return {
            "detector": "concern",
            "vital": None,
            "value": self.text,
            "usual": None,
            "unit": None,
            "score": None,
            "reason": self.reason or "concern",
        }


def with_concern(request: AlertRequest, concern: Concern | None) -> AlertRequest:
    """What is asked for once a concern is heard: at least medium, now, and never held back."""
    if concern is None:
        return request
    asked = request.priority >= MEDIUM and request.interrupts
    return replace(
        request,
        now=max(request.now, MEDIUM),
        priority=max(request.priority, MEDIUM),
        interrupts=True,
        suppressed_by=None,
        reason=request.reason if asked and request.reason is not Reason.LEARNED else Reason.CONCERN,
        alone=request.now == 0,
    )
