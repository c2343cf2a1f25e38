"""The main job as a newcomer starts and ends it: the whole `vigilward demo`, its worker and board in processes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

TIMEOUT_S = 90
VERDICTS = ("accepted", "suspect", "duplicate", "late", "rejected")


@pytest.fixture
def demo():
    begun = []

    def begin(*words):
        # A group of its own, as a shell gives to what it starts: Ctrl-C reaches all that is in it.
        command = [sys.executable, "-c", "from streams.commands import main; main()", "demo", "--patients", "4", *words]
        begun.append(
            subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1, process_group=0
            )
        )
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def children_of(process):
    """Process ids by the last word of their command line."""
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return {Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").rpartition("\0")[2]: int(pid) for pid in found}


def first_told(process):
    """Until the notifier has told a webhook, signed, of a high alert."""
    for line in process.stderr:
        if line.startswith("webhook: ") and "high priority" in line:
            assert "Information, not a certified alarm" in line
            return
    raise AssertionError("it ended before a webhook was told")


def first_alert(process):
    for line in process.stderr:
        if "raised" in line:
            return
    raise AssertionError("it ended before an alert was raised")


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_ctrl_c_ends_it_in_good_order_and_every_vital_is_accounted_for(demo):
    process = demo("--json")
    first_told(process)
    theirs = children_of(process)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=TIMEOUT_S)

    assert process.returncode == 0, err
    told = json.loads(out.splitlines()[-1])
    assert told["vitals"] == sum(told[name] for name in VERDICTS) > 1_000
    assert told["alerts_raised"] >= 1
    assert {"worker", "notify"} <= set(theirs)
    assert not any(alive(pid) for pid in theirs.values())


def test_a_killed_worker_is_told_at_once_and_nothing_is_left_running(demo):
    process = demo()
    first_alert(process)
    theirs = children_of(process)
    os.kill(theirs["worker"], signal.SIGKILL)
    _, err = process.communicate(timeout=TIMEOUT_S)

    assert process.returncode == 3
    assert "the worker has ended and nobody watches" in err
    assert not any(alive(pid) for pid in theirs.values())
