"""The worker's own log: one line an event on standard error; JSON where no person is looking."""

import logging
import sys

import structlog

OURS, OTHERS = logging.INFO, logging.WARNING
SHARED = (
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def set_up(*, as_json: bool | None = None) -> None:
    """Our loggers from INFO, others from WARNING. `as_json`: by default, where standard error is no terminal."""
    if as_json is None:
        as_json = not sys.stderr.isatty()
    last = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                last,
            ],
        )
    )
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(OTHERS)
    for name in ("streams", "detectors", "schemas"):
        logging.getLogger(name).setLevel(OURS)
    for name in ("streams.worker.faust_app", "streams.worker.consumer"):
        logging.getLogger(name).setLevel(OTHERS)  # Faust says each of its steps under the names of our subclasses
    # Of each retry and each drop at a rebalance it says what we count; what matters we say ourselves.
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
