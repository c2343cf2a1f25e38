"""Whoever no longer watches is told within 6 s of its last progress, in its own words; a healthy ward hears none."""

import signal
import time
from collections.abc import Iterator

from tests.field.claims import Claim, none, within
from tests.field.installation import Field

IN_CI = True
TOLD_S = 6.0


def run(field: Field) -> Iterator[Claim]:
    """One installation with default settings; each fault, and the quiet after it."""
    page, (worker,) = field.watched()
    began = time.monotonic()
    time.sleep(20)
    yield none("a healthy ward: words in the banner", [word.kinds for word in page.said_since(began) if word.kinds])

    worker.process.send_signal(signal.SIGSTOP)
    yield within("stopped: silence is told", page.first("silent", time.monotonic(), 20), TOLD_S)
    worker.process.send_signal(signal.SIGCONT)
    yield within("continued: nothing is wrong any more", page.quiet(time.monotonic(), 60), 45.0)

    worker.process.kill()
    killed = time.monotonic()
    yield within("killed: silence is told", page.first("silent", killed, 20), TOLD_S)
    yield none("killed: other words", [word.kinds for word in page.said_since(killed) if word.kinds - {"silent"}])
    second = field.worker("second").ready()
    yield within("another worker: nothing is wrong any more", page.quiet(time.monotonic(), 60), 30.0)
    second.stop()
