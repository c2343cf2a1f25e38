"""Logs that help: a library's repeats are folded, every line says whose it is, and one level is set from outside."""

import io
import json
import logging
from types import SimpleNamespace

import pytest

from streams.config.settings import LogLevel, Settings
from streams.worker.faults import CannotTake, WorkerFault
from streams.worker.logs import FOLDED_FOR_S, FoldRepeats, set_up


def line(name: str, words: str, *values: object) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "file.py", 1, words, values, None)


def test_a_client_that_retries_is_heard_once_a_minute_with_the_count_of_the_rest():
    now = [0.0]
    fold = FoldRepeats(lambda: now[0])

    heard = []
    for second in range(130):
        now[0] = float(second)
        one = line("aiokafka", "Unable to connect to broker %s", second)
        if fold.filter(one):
            heard.append(one.getMessage())

    assert len(heard) == 3
    assert heard[1].endswith(f"({FOLDED_FOR_S - 1:.0f} more like it were left out)")


def test_other_words_and_our_own_lines_are_never_left_out():
    fold = FoldRepeats(lambda: 0.0)

    assert all(fold.filter(line("aiokafka", f"other words {n}")) for n in range(3))
    assert all(fold.filter(line("streams.worker.health", "the same")) for _ in range(3))


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch):
    kept = logging.root.handlers[:], logging.root.level, logging.getLogger("streams").level
    heard = io.StringIO()
    monkeypatch.setattr("streams.worker.logs.sys", SimpleNamespace(stderr=heard))
    yield lambda: [json.loads(one) for one in heard.getvalue().splitlines()]
    logging.root.handlers[:], level, ours = kept[0], kept[1], kept[2]
    logging.root.setLevel(level)
    logging.getLogger("streams").setLevel(ours)


def test_each_line_says_which_process_it_is(written):
    set_up("worker", group="night")
    logging.getLogger("streams.test").warning("something")

    [one] = written()
    assert (one["process"], one["group"], one["level"], one["event"]) == ("worker", "night", "warning", "something")
    assert one["version"] and one["instance"] and one["timestamp"].endswith("Z")


def test_the_level_is_a_setting(written):
    set_up("worker", level=Settings(log_level="warning").log_level.number)
    logging.getLogger("streams.test").info("not this")
    logging.getLogger("streams.test").warning("this")

    assert [one["event"] for one in written()] == ["this"]
    assert LogLevel.DEBUG.number == logging.DEBUG


@pytest.mark.parametrize(("fault", "traced"), [(CannotTake, False), (WorkerFault, True), (ValueError, True)])
def test_what_names_its_remedy_has_no_traceback(written, fault, traced):
    set_up("worker", as_json=True)
    try:
        raise fault("set VIGILWARD_MODE=demo")
    except Exception:
        logging.getLogger("streams.worker").exception("crashed")

    assert ["exception" in one for one in written()] == [traced]
