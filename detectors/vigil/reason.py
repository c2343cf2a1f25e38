"""Why an episode was or was not changed: `schemas.alert_reason`, which the alert carries."""

from schemas.alert_reason import Reason

__all__ = ["Reason"]
