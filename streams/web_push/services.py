"""The browsers' makers' push services, which carry what they cannot read."""

from typing import Final
from urllib.parse import urlsplit

SERVICES: Final = (
    "fcm.googleapis.com",
    "jmt17.google.com",  # Chromium as Linux distributions build it, and Chrome before it is released
    "updates.push.services.mozilla.com",
    "web.push.apple.com",
    "*.notify.windows.com",
)
"""Of the browsers that there are."""


def allowed(endpoint: str, services: list[str]) -> bool:
    """Whether it is at one of these hosts; `*.` stands for any name below.

    >>> services = ["push.example", "*.notify.example"]
    >>> [allowed(f"https://{one}/x", services) for one in ("push.example", "db1.notify.example", "evil.example")]
    [True, True, False]
    """
    host = urlsplit(endpoint).hostname or ""
    return any(host == one or (one.startswith("*.") and host.endswith(one[1:])) for one in services)
