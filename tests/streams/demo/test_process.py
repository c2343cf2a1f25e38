"""The demo's worker in a process of its own: what it said last outlives it."""

import pytest

from streams.demo.process import WorkerFailed, WorkerProcess


def test_a_worker_that_does_not_start_is_told_with_its_own_words_and_its_log_is_closed():
    worker = WorkerProcess({"VIGILWARD_CLOCK": "sundial"})
    for _ in range(2):
        with pytest.raises(WorkerFailed, match="sundial"):
            worker.start()
        log = worker._log

        assert worker.stop() == 2
        assert worker.stop() == 2, "asked twice"
        assert "sundial" in worker.last_words()
        assert log.closed, "a file left open is a warning, and a warning fails a test"


def test_a_worker_that_was_never_started_has_said_nothing():
    worker = WorkerProcess({})

    assert worker.stop() is None
    assert worker.last_words() == ""
