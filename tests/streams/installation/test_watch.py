"""What `doctor` says of who watches."""

from schemas.heartbeat import Heartbeat
from streams.config.settings import Settings
from streams.installation.findings import Code
from streams.installation.watch import Watched, other_modes, watch_findings
from streams.liveness import Owned

SETTINGS = Settings(partitions=2)


def heard(number, age_s=0.0, **facts):
    owned = Owned(0.0)
    usual = {"lag_s": 0.0, "stream_time": 0, "wall_time": 0, "unsent_s": 0.0}
    owned.hear(Heartbeat(number, "w", 1, 10, 10, **{**usual, **facts}), 5, 0.0)
    return owned, age_s


def codes(newest):
    return [one.code for one in watch_findings(Watched(newest, 2), SETTINGS)]


def test_where_no_worker_has_ever_run_nothing_is_missing():
    assert codes({}) == []


def test_a_watch_over_everything_is_sound():
    assert codes({0: heard(0), 1: heard(1)}) == []


def test_partitions_without_a_living_worker_are_named():
    found = list(watch_findings(Watched({0: heard(0, age_s=40.0)}, 2), SETTINGS))

    assert [one.subject for one in found] == ["vitals.readings/0", "vitals.readings/1"]
    assert [one.says for one in found] == ["no worker has watched it for 40 s", "no worker has ever watched it"]
    assert {one.code for one in found} == {Code.WATCH_SILENT}


def test_a_worker_of_another_mode_watches_nobody_who_is_meant():
    assert codes({0: heard(0, mode="demo"), 1: heard(1)}) == [Code.WATCH_NOT_READY]
    assert other_modes(Watched({0: heard(0, mode="demo"), 1: heard(1, age_s=60.0)}, 2), "demo") == set()
    assert other_modes(Watched({0: heard(0, mode="real")}, 2), "demo") == {"real"}


def test_each_trouble_has_its_own_code_and_remedy():
    assert codes({0: heard(0, lag_s=31.0), 1: heard(1, unsent_s=9.0)}) == [Code.WATCH_BEHIND, Code.WATCH_CANNOT_SEND]
    assert codes({0: heard(0, reasons=("cannot_save",)), 1: heard(1)}) == [Code.WATCH_NOT_READY]


def test_an_early_time_is_a_clock_only_where_it_lasts_while_the_partition_moves():
    owned = Owned(0.0)
    found = []
    for second in range(8):
        wall = 1_764_000_000_000 + second * 1_000
        owned.hear(Heartbeat(0, "w", 1, 10 + second, 20, 0.0, wall - 9_000, wall, 0.0), second, float(second))
        found.append(codes({0: (owned, 0.0), 1: heard(1)}))

    assert found == [[]] * 5 + [[Code.WATCH_CLOCK]] * 3


def test_a_time_ahead_is_a_clock_at_once():
    assert codes({0: heard(0, stream_time=1_764_000_009_000, wall_time=1_764_000_000_000), 1: heard(1)}) == [
        Code.WATCH_CLOCK
    ]
