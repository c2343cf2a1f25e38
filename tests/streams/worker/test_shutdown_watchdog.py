"""A worker that ends is gone, whatever holds it."""

import subprocess
import sys

HELD = """
import threading
from streams.worker.shutdown_watchdog import ShutdownWatchdog
ShutdownWatchdog(0.2, 3).arm()
threading.Thread(target=threading.Event().wait, name="waits for a broker").start()
"""
NOT_HELD = """
from streams.worker.shutdown_watchdog import ShutdownWatchdog
ShutdownWatchdog(600.0, 3).arm()
"""


def test_a_thread_that_waits_for_ever_does_not_keep_the_process_and_is_named():
    ended = subprocess.run([sys.executable, "-c", HELD], capture_output=True, text=True, timeout=60, check=False)

    assert ended.returncode == 3
    assert "still held this worker" in ended.stderr and "in wait" in ended.stderr


def test_a_worker_that_nothing_holds_ends_by_itself():
    assert subprocess.run([sys.executable, "-c", NOT_HELD], timeout=60, check=False).returncode == 0
