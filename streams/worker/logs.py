"""A process's own log: one line an event on standard error; JSON where no person is looking."""

import logging
import os
import sys
import time
from collections.abc import Callable, MutableMapping
from importlib.metadata import version
from typing import Any, Final

import structlog

from streams.worker.faults import CannotTake

OURS, OTHERS = logging.INFO, logging.WARNING
FOLDED_FOR_S: Final = 60.0
SHARED = (
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


class FoldRepeats(logging.Filter):
    """Lets a line of a library through once a minute, and says then how many like it were left out.

    Lines are alike when logger, level and wording without its values are: a client that retries says the same of each
    broker and connection. Lines of ours are never left out.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._said: dict[tuple[str, int, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        if record.name.partition(".")[0] in ("streams", "detectors", "schemas"):
            return True
        kind = (record.name, record.levelno, str(record.msg))
        now = self._clock()
        at, left_out = self._said.get(kind, (-FOLDED_FOR_S, 0))
        if now - at < FOLDED_FOR_S:
            self._said[kind] = (at, left_out + 1)
            return False
        self._said[kind] = (now, 0)
        if left_out:
            record.msg, record.args = f"{record.getMessage()} ({left_out} more like it were left out)", ()
        return True


def without_known_traces(record: logging.LogRecord) -> bool:
    """Takes the traceback from a line about a partition that may not be taken: its words name the remedy."""
    if record.exc_info and isinstance(record.exc_info[1], CannotTake):
        record.exc_info = None
    return True


def set_up(process: str, *, as_json: bool | None = None, level: int = OURS, **facts: str) -> None:
    """Our loggers from `level`, others from WARNING. `as_json`: by default, where standard error is no terminal.

    Each line carries the process (`worker`, `board`, ...), its instance and version, and what else `facts` names, such
    as the group: never a name, an id or a value of a patient.
    """
    if as_json is None:
        as_json = not sys.stderr.isatty()
    about = {
        "process": process,
        "instance": os.environ.get("HOSTNAME") or str(os.getpid()),
        "version": version("vigilward"),
        **facts,
    }

    def with_facts(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {**event, **about} if as_json else event

    last = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(FoldRepeats())
    handler.addFilter(without_known_traces)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                with_facts,
                last,
            ],
        )
    )
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(OTHERS)
    for name in ("streams", "detectors", "schemas"):
        logging.getLogger(name).setLevel(level)
    for name in ("streams.worker.faust_app", "streams.worker.consumer"):
        logging.getLogger(name).setLevel(OTHERS)  # Faust says each of its steps under the names of our subclasses
    # Of each retry and each drop at a rebalance it says what we count; what matters we say ourselves.
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
