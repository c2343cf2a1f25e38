"""An hour of a healthy ward of sixty beds says nothing false: no word in the banner, no finding, always ready."""

import os
import time
from collections.abc import Iterator

from tests.field.claims import Claim, equal, none
from tests.field.installation import Field

MINUTES = float(os.environ.get("HEALTHY_MINUTES", "60"))


def run(field: Field) -> Iterator[Claim]:
    """Default settings, two workers; looked at every ten seconds."""
    page, crew = field.watched(workers=2)
    began, pulses, unready = time.monotonic(), page.pulses, []
    while time.monotonic() < began + MINUTES * 60:
        time.sleep(10)
        unready += [text for one in crew if (text := one.get("/readyz")[1]) and '"ready": true' not in text]
    took = time.monotonic() - began
    yield none("words in the banner", [word.told(began) for word in page.said_since(began) if word.kinds])
    yield none("looks at which a worker was not ready", unready)
    yield none("findings of `doctor` about the watch", [one for one in field.findings() if one.startswith("watch_")])
    yield equal("a pulse for nearly every second", page.pulses - pulses >= 0.95 * took, True)
