"""Named places in the state store's code at which a test may kill or stop the process. In production: one empty call.

`VIGILWARD_FAULT_POINT=before_commit:3:kill` sends SIGKILL to this process when it comes by `before_commit` for the
third time; `stop` sends SIGSTOP, which makes a zombie of it. Read once, when this module is.
"""

import os
import signal
from collections.abc import Callable
from enum import StrEnum


class Point(StrEnum):
    """The places."""

    IN_ASSIGNMENT = "in_assignment"
    IN_RECOVERY = "in_recovery"
    BEFORE_SEND = "before_send"
    BETWEEN_SENDS = "between_sends"
    BEFORE_COMMIT = "before_commit"
    AFTER_COMMIT = "after_commit"


FAULT_POINT = "VIGILWARD_FAULT_POINT"
SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


def hook(text: str, strike: Callable[[signal.Signals], None]) -> Callable[[Point], None]:
    """What is called at every place, from `point:times:kill|stop`. Raises ValueError where that names nothing.

    >>> struck = []
    >>> passed = hook("after_commit:2:stop", struck.append)
    >>> for point in (Point.AFTER_COMMIT, Point.BEFORE_SEND, Point.AFTER_COMMIT, Point.AFTER_COMMIT):
    ...     passed(point)
    >>> [sent.name for sent in struck]
    ['SIGSTOP']
    """
    name, times, what = text.split(":")
    wanted, sent = Point(name), SIGNALS[what]
    left = int(times)

    def passed(point: Point) -> None:
        nonlocal left
        if point is wanted:
            left -= 1
            if left == 0:
                strike(sent)

    return passed


def nothing(point: Point) -> None:
    """In production."""


def _strike(sent: signal.Signals) -> None:
    os.kill(os.getpid(), sent)


passed = hook(os.environ[FAULT_POINT], _strike) if os.environ.get(FAULT_POINT) else nothing
"""Called by the state store's code at each of the places."""
