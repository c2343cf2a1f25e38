"""The stagehand continues whatever it has stopped, or a fault that it armed: else it is the test that is silent."""

import sys

import pytest

from tests.chaos.schedule import Fault
from tests.chaos.stagehand import Stagehand, Times
from tests.integration.staging import WorkerProcess, until

STOPS_ITSELF = "import os, signal, time; os.kill(os.getpid(), signal.SIGSTOP); open('{}', 'w').close(); time.sleep(600)"


class OnePlace:
    """A stage whose workers stop themselves, as one does that comes late by its named point."""

    def __init__(self, folder):
        self.went_on = folder / "went on"

    def worker(self, folder, **_):
        return WorkerProcess(folder, {}, [sys.executable, "-c", STOPS_ITSELF.format(self.went_on)])


@pytest.fixture
def stage(tmp_path):
    return OnePlace(tmp_path)


def test_a_worker_that_comes_by_its_point_late_is_continued_and_counted(stage, tmp_path):
    with Stagehand(stage, None, tmp_path / "w", 1, Times(zombie_s=0.2), print) as hand:
        until(stage.went_on.exists, hand.workers[0].fate)

    assert hand.happened.done == {Fault.ZOMBIE_AT_POINT: 1}
