"""What lasts shows that it goes on: a bar on a terminal, nothing where nobody would see it."""

import contextlib
import os
import pty
import subprocess
import sys

from streams.recordings.samples import folder

SLOW = """
import time
from streams.commands import progress
with progress("waiting") as moved:
    moved(1, 4)
    time.sleep(2.2)
    moved(4, 4)
"""


def on_a_terminal(code, *arguments):
    """What is written on standard error where it is a terminal, piece by piece."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], stderr=theirs, stdout=subprocess.DEVNULL)
    os.close(theirs)
    pieces = []
    with os.fdopen(ours, "rb", buffering=0) as end, contextlib.suppress(OSError):
        while piece := end.read(4096):
            pieces.append(piece.decode(errors="replace"))
    assert process.wait() == 0
    return pieces


def test_the_bar_moves_more_than_once_a_second_while_nothing_is_finished():
    """Its clock is a part of it: between two finished patients it goes on by itself."""
    pieces = [one for one in on_a_terminal(SLOW) if "waiting" in one]

    assert len(pieces) >= 4
    assert any("1/4" in one for one in pieces)
    assert len({one for one in pieces if "1/4" in one}) >= 3


def test_evaluate_shows_one_on_a_terminal():
    code = "from streams.commands import main; main()"
    said = "".join(on_a_terminal(code, "evaluate", str(folder("sepsis2019")), "--replicates", "20"))

    assert "streaming patients" in said and "6/6" in said


def test_where_there_is_no_terminal_nothing_is_drawn():
    code = SLOW.replace("moved(", "print(moved, ")
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

    assert ran.stderr == b""
