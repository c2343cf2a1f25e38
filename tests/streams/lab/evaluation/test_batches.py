"""Patients over one process or two: the same patients, in the same order, none twice."""

import multiprocessing
import os
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from streams.lab.evaluation import batches
from streams.lab.evaluation.batches import LARGE_VALUES, Helpers, over, over_patients
from streams.recordings.recordings import Recording
from tests.streams.lab.made import folder

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    return Recording(folder(tmp_path_factory.mktemp("recorded") / "a"))


def test_what_comes_out_does_not_depend_on_the_processes(recording):
    alone = over_patients(sorted, recording, 1, None)

    assert alone == list(recording.per_patient())
    assert over_patients(sorted, recording, 2, None) == alone


def test_progress_is_told_after_each_part_up_to_all_of_them(recording, monkeypatch):
    """A part is closed once it has so many readings: fourteen a patient here."""
    monkeypatch.setattr(batches, "PART", 14 * 25)
    told = []
    over_patients(sorted, recording, 1, lambda done, count: told.append((done, count)))

    assert told == [(25, 60), (50, 60), (60, 60)]


def slowly(number):
    """Stands in a module, as it must."""
    time.sleep(0.02)
    return number * number


def test_helpers_share_what_lasts_and_every_job_is_done_once(monkeypatch):
    monkeypatch.setattr(batches, "LOOK_AT_S", 0.03)
    monkeypatch.setattr(batches, "WORTH_S", 0.1)

    assert sorted(over(slowly, list(range(300)), 2)) == [(place, place * place) for place in range(300)]


def fails(number):
    if number == 7:
        raise ValueError("seven")
    return number


def dies(number):
    """In a helper only: this process goes on."""
    if multiprocessing.parent_process() is not None:
        os._exit(3)
    return number


def told_apart(_):
    return os.getpid()


def test_what_fails_in_a_helper_or_a_helper_that_dies_is_told_and_never_waited_for():
    with Helpers(2) as helpers:
        helpers.start_for(LARGE_VALUES, __name__)
        with pytest.raises(ValueError, match="seven"):
            list(over(fails, list(range(40)), 2, helpers=helpers))
        assert dict(over(fails, [1, 2, 3], 2, helpers=helpers)) == {0: 1, 1: 2, 2: 3}
    with Helpers(2) as helpers:
        helpers.start_for(LARGE_VALUES, __name__)
        with pytest.raises(BrokenProcessPool):
            list(over(dies, list(range(40)), 2, helpers=helpers))


def test_helpers_that_run_take_what_is_largest_first_and_leave_this_process_its_share():
    with Helpers(2) as helpers:
        helpers.start_for(LARGE_VALUES - 1, __name__)
        assert not helpers.started
        helpers.start_for(LARGE_VALUES, __name__)
        helpers.submit(told_apart, 0).result()
        done = list(over(slowly, list(range(100)), 2, sizes=list(range(100)), helpers=helpers))
        assert {place for place, _ in done[:10]} <= set(range(80, 100))
        assert len({found for _, found in over(told_apart, list(range(100)), 2, helpers=helpers)}) > 1


def test_a_short_task_starts_no_helper(monkeypatch):
    monkeypatch.setattr(batches, "ProcessPoolExecutor", None)

    assert dict(over(slowly, [1, 2, 3], 2)) == {0: 1, 1: 4, 2: 9}


SCRIPT = """
from pathlib import Path
from streams.lab.evaluation import batches
from streams.lab.evaluation.evaluate import evaluate
batches.LOOK_AT_S = batches.WORTH_S = 0.0
print("patients:", evaluate(Path({at!r}), workers=2, replicates=20).told["patients"])
"""


def test_a_plain_script_without_a_main_guard_ends_and_runs_once(tmp_path):
    at = folder(tmp_path / "a", patients=30)
    script = tmp_path / "four_lines.py"
    script.write_text(SCRIPT.format(at=str(at)))
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=280, check=False, cwd=ROOT)

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "patients: 30\n", "")
