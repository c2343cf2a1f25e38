"""Too many patients whom nobody admitted: told, and forgotten by signed records."""

from types import SimpleNamespace

from streams.config.settings import Settings
from streams.log.control import ControlRecords
from streams.log.newcomers import Newcomers
from streams.worker.forgetting import AGAIN_AFTER_S, Forgetter
from tests.making import HOUR, SECOND, T0, Entry, new_partition, numbered, reading
from tests.making import run as taken

KEY = "tests:a secret of the tests"


def crowd(patients=8):
    log = new_partition()
    some = [reading(T0 + n * SECOND, f"p-{n}", heart_rate=80) for n in range(patients)]
    taken(log, [*some, Entry(T0 + HOUR // 10, "tick", None, b"")])
    return SimpleNamespace(partition=0, log=log, newcomers=log.newcomers, lag_s=lambda: 0.0)


def forgetter(noted, owned, **settings):
    return Forgetter(
        Settings(**{"control_record_key": KEY, **settings}), noted, lambda: [owned], most=lambda partitions: 5
    )


def handed(owned, noted):
    """What was put into the log, taken out of it again."""
    log = owned.log
    for record in noted.records:
        log.run([(log.next_offset, T0 + HOUR, record.key, record.value, record.headers)])


def test_those_silent_longest_are_forgotten_by_what_is_put_into_the_log(make, run):
    noted, owned = make.Noted(), crowd()
    run(forgetter(noted, owned).look(0.0))
    assert len(owned.log.watches) == 8, "only the record takes effect"

    handed(owned, noted)

    assert owned.log.watches.keys() == {f"p-{n}" for n in range(3, 8)}
    assert isinstance(owned.log, ControlRecords) and owned.log.tally.forgotten == 3


def test_nobody_is_asked_for_twice_while_the_record_is_under_way(make, run):
    noted, owned = make.Noted(), crowd()
    one = forgetter(noted, owned)

    run(one.look(0.0))
    run(one.look(1.0))
    assert len(noted.records) == 3

    run(one.look(AGAIN_AFTER_S + 1))
    assert len(noted.records) == 6


def test_that_there_are_too_many_is_told_until_there_are_not(make, run, caplog):
    noted, owned = make.Noted(), crowd()
    one = forgetter(noted, owned)

    run(one.look(0.0))
    run(one.look(1.0))
    assert one.crowded == {0: 3}
    assert [record.getMessage() for record in caplog.records if "nobody admitted" in record.getMessage()] == [
        "partition 0: readings of 8 patients whom nobody admitted; those silent longest are forgotten"
    ]

    handed(owned, noted)
    run(one.look(30.0))
    assert one.crowded == {}


def test_a_ward_within_the_bound_is_left_alone(make, run):
    noted = make.Noted()
    one = forgetter(noted, crowd(5))

    run(one.look(0.0))

    assert one.crowded == {} and noted.records == []


def test_who_waits_for_others_to_be_forgotten_does_not_wait_for_a_log_that_is_late(make, run):
    noted, owned = make.Noted(), crowd()
    owned.lag_s = lambda: 60.0
    one = forgetter(noted, owned)
    owned.newcomers = owned.log.newcomers = Newcomers(owned.log, 0)
    run(one.look(0.0))
    assert noted.records == [], "it has more urgent things to do"

    more = numbered([reading(T0 + HOUR, f"new-{n}", heart_rate=80) for n in range(3)])
    owned.log.run([(owned.log.expected + place, *record[1:]) for place, record in enumerate(more)])
    assert owned.newcomers.waiting == 3
    run(one.look(1.0))
    assert len(noted.records) == 3 and owned.newcomers.most_watched is not None


def test_without_a_key_it_is_only_told(make, run):
    noted = make.Noted()
    one = forgetter(noted, crowd(), control_record_key="")

    run(one.look(0.0))

    assert one.crowded == {0: 3} and noted.records == []
