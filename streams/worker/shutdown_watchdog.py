"""The last resort of a worker that ends: it leaves, whatever still holds it.

Faust joins its consumer's thread without a limit, and Python waits at the exit for every thread. A thread that waits
for a broker, or for a word of the loop that has just ended, would keep a worker there that watches nobody and is not
replaced, because it still runs.
"""

import faulthandler
import logging
import os
import sys
import threading

log = logging.getLogger(__name__)

MARGIN_S = 20.0
"""Beyond `shutdown_timeout_s`: producers, fenced producers and the web server have limits of their own, together less
than this.
"""


class ShutdownWatchdog:
    """Ends the process `within_s` from `arm`, unless it has ended by then. Of a thread that nobody waits for."""

    def __init__(self, within_s: float, code: int) -> None:
        self._timer = threading.Timer(within_s, self._leave)
        self._timer.daemon = True
        self._within_s, self._code = within_s, code

    def arm(self) -> None:
        """From now on."""
        self._timer.start()

    def _leave(self) -> None:
        log.error("something still held this worker %g s after its end; leaving without it", self._within_s)
        faulthandler.dump_traceback(file=sys.__stderr__ or sys.stderr)
        os._exit(self._code)
