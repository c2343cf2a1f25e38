"""The shadow's own process: takes what the worker took, says nothing but counts, and cannot hold anybody up."""

import contextlib
import os
import sys
import traceback
from typing import Any, Final

from detectors.rules import read_rules
from streams.log.shadow import Twin
from streams.worker.shadow_frames import Begin, Drop, Take, frames_from, hello_from, line_of

NICE: Final = 10
"""Behind everything else on this machine: what is armed goes first."""


def main() -> int:
    """Runs until the worker closes the pipe; 1 if it cannot go on."""
    with contextlib.suppress(OSError):
        os.nice(NICE)
    try:
        _run()
    except EOFError:
        return 0
    except Exception as fault:  # its text might hold a patient's data
        where = "".join(traceback.format_list(traceback.extract_tb(fault.__traceback__)))
        sys.stderr.write(f"the shadow cannot go on: {type(fault).__name__}\n{where}")
        return 1
    return 0


def _run() -> None:
    hello = hello_from(sys.stdin.buffer)
    twin = Twin(hello, read_rules(hello.rules))
    out = sys.stdout.buffer
    out.write(line_of([]))
    out.flush()
    told: list[tuple[str, str, str, int, int]] = []
    for frame in frames_from(sys.stdin.buffer):
        if isinstance(frame, Begin):
            twin.begin(frame.partition, frame.checkpoint, frame.states)
        elif isinstance(frame, Drop):
            twin.drop(frame.partition)
        elif isinstance(frame, Take):
            records: list[Any] = [(o, at, key, value, tuple(headers)) for o, at, key, value, headers in frame.records]
            twin.take(frame.partition, records, frame.armed, frame.back_ms)
        rows = twin.counts.rows()
        if rows != told:
            told = rows
            out.write(line_of(rows))
            out.flush()


if __name__ == "__main__":
    sys.exit(main())
