"""What heartbeats mean: silence, lag, a clock apart, what cannot be sent; and that a healthy watch is quiet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.heartbeat import Heartbeat
from streams.liveness import AFTER_S, SUPERSEDED_S, Lag, Owned, Trouble, judge, judge_owned

NOW_MS = 1_764_000_000_000


def beat(generation=1, next_offset=100, **facts):
    usual = {"lag_s": 0.0, "stream_time": NOW_MS, "wall_time": NOW_MS, "unsent_s": 0.0, "log_end": next_offset}
    return Heartbeat(0, "w-1", generation, next_offset, **{**usual, **facts})


def troubles(one, **facts):
    return [found.trouble for found in judge(one, by_arrival=facts.pop("by_arrival", True), **facts)]


def test_a_healthy_partition_says_nothing():
    assert troubles(beat(lag_s=1.5, unsent_s=0.4, stream_time=NOW_MS - 2_500), silent_s=1.2) == []


@pytest.mark.parametrize(
    ("one", "trouble"),
    [
        (beat(unsent_s=5.0), Trouble.CANNOT_SEND),
        (beat(lag_s=30.0, stream_time=NOW_MS - 30_000), Trouble.BEHIND),
        (beat(stream_time=NOW_MS + 3_600_000), Trouble.CLOCK),
        (beat(reasons=("cannot_save",)), Trouble.NOT_READY),
    ],
)
def test_each_trouble_has_a_word_of_its_own(one, trouble):
    assert troubles(one) == [trouble]


def test_who_is_silent_says_nothing_else_any_more():
    assert troubles(beat(lag_s=30.0, unsent_s=30.0), silent_s=AFTER_S + 0.1) == [Trouble.SILENT]


def test_a_time_that_is_ahead_is_told_although_the_partition_is_behind():
    assert troubles(beat(lag_s=30.0, stream_time=NOW_MS + 3_600_000)) == [Trouble.BEHIND, Trouble.CLOCK]


def judged_each_second(beats):
    """What is said after each of these, one a second."""
    owned, said = Owned(0.0), []
    for second, one in enumerate(beats):
        owned.hear(one, second, float(second))
        found = judge_owned(owned, 0, second + 0.5, by_arrival=True, after_s=AFTER_S)
        said.append([one.trouble for one in found])
    return said


def test_a_partition_that_was_not_read_for_a_while_or_is_taken_over_has_no_wrong_clock():
    """Its time stands while nobody can read it; what is taken then is as old, for a second or two."""
    stands = [beat(next_offset=100, stream_time=NOW_MS - 1_000 * second) for second in range(20)]
    catches_up = [beat(next_offset=150 + n, stream_time=NOW_MS - 15_000 + 5_000 * n) for n in range(3)]
    healthy = [beat(next_offset=160 + n) for n in range(3)]

    assert judged_each_second(stands + catches_up + healthy) == [[]] * 26


def test_a_clock_that_is_slow_is_told_within_six_seconds_while_the_log_moves():
    said = judged_each_second([beat(next_offset=100 + n, stream_time=NOW_MS - 9_000) for n in range(12)])

    assert said[:4] == [[]] * 4 and said[5:] == [[Trouble.CLOCK]] * 7


def test_recordings_have_their_own_time():
    assert troubles(beat(stream_time=1_000), by_arrival=False) == []


def test_a_partition_without_a_record_has_no_time_yet():
    assert troubles(beat(stream_time=0)) == []


def test_a_zombies_heartbeat_changes_nothing():
    owned = Owned(0.0)
    owned.hear(beat(generation=7, next_offset=200), 50, 1.0)

    assert not owned.hear(beat(generation=6, next_offset=999), 51, 2.0)
    assert (owned.beat.next_offset, owned.heard_at) == (200, 1.0)


def test_a_log_made_anew_is_watched_from_its_new_beginning():
    owned = Owned(0.0)
    owned.hear(beat(generation=7, next_offset=200), 50, 1.0)

    assert owned.hear(beat(generation=7, next_offset=3), 51, 2.0)


def test_a_group_made_anew_is_heard_once_the_old_one_is_long_silent():
    owned = Owned(0.0)
    owned.hear(beat(generation=70), 50, 1.0)

    assert not owned.hear(beat(generation=1), 51, 1.0 + SUPERSEDED_S - 0.1)
    assert owned.hear(beat(generation=1), 52, 1.0 + SUPERSEDED_S)


def test_an_owner_that_lives_and_takes_nothing_is_told_by_the_logs_own_end():
    """Its fetches no longer say where the log ends; the board asks for itself."""
    owned = Owned(0.0)
    for second in range(8):
        owned.hear(beat(next_offset=100), second, float(second))
        owned.see(100 + second, float(second))

    (found,) = judge_owned(owned, 0, 7.0, by_arrival=True, after_s=AFTER_S)
    assert (found.trouble, found.seconds) == (Trouble.BEHIND, 6.0)


def test_a_transactions_marker_at_the_end_is_nobodys_lag():
    """In event clock no tick comes after it: the partition would be called behind for ever."""
    owned = Owned(0.0)
    for second in range(20):
        owned.hear(beat(next_offset=100, log_end=101), second, float(second))
        owned.see(101, float(second))
    assert judge_owned(owned, 0, 19.5, by_arrival=False, after_s=AFTER_S) == []

    for second in range(20, 27):  # and one that takes nothing more does not hide behind it
        owned.hear(beat(next_offset=100, log_end=101), second, float(second))
        owned.see(102, float(second))
    (found,) = judge_owned(owned, 0, 26.0, by_arrival=False, after_s=AFTER_S)
    assert found.trouble is Trouble.BEHIND


def test_an_owner_that_falls_silent_is_not_called_behind_first():
    owned = Owned(0.0)
    owned.see(100, 0.0)
    owned.hear(beat(next_offset=100), 0, 0.0)
    owned.see(101, 0.1)
    owned.hear(beat(next_offset=100), 1, 0.5)

    words = [judge_owned(owned, 0, tenth / 10, by_arrival=True, after_s=AFTER_S) for tenth in range(5, 60)]
    assert next(one[0].trouble for one in words if one) == Trouble.SILENT


def test_a_partition_of_which_nobody_has_said_anything_is_silent_after_a_while():
    owned = Owned(10.0)

    assert judge_owned(owned, 0, 13.9, by_arrival=True, after_s=AFTER_S) == []
    assert [one.trouble for one in judge_owned(owned, 0, 14.1, by_arrival=True, after_s=AFTER_S)] == [Trouble.SILENT]


def test_while_the_broker_is_away_nobody_is_accused():
    owned = Owned(0.0)
    owned.hear(beat(), 0, 0.0)
    owned.see(500, 0.0)
    owned.away(60.0)

    assert judge_owned(owned, 0, 63.0, by_arrival=True, after_s=AFTER_S) == []


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=40))
def test_the_lag_is_the_age_of_the_oldest_untaken_record_to_within_one_look(steps):
    """Each second `came` records are appended and at most `took` taken; the truth is kept record by record."""
    lag, appended, taken = Lag(), [], 0
    for second, (came, took) in enumerate(steps):
        appended += [second] * came
        taken = min(len(appended), taken + took)
        lag.see(float(second), end=len(appended), taken=taken)
        truth = second - appended[taken] if taken < len(appended) else 0
        assert lag.seconds(float(second)) == truth


def test_a_log_that_was_cut_back_has_no_lag_of_before():
    lag = Lag()
    lag.see(0.0, end=500, taken=100)
    lag.see(9.0, end=50, taken=50)

    assert lag.seconds(9.0) == 0.0
