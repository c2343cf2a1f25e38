import pytest

from streams.simulator.pace import Pace, seconds


class Wall:
    """A wall clock that only moves when somebody sleeps."""

    def __init__(self):
        self.at = 50.0

    def now(self):
        return self.at

    def sleep(self, duration_s):
        assert duration_s > 0
        self.at += duration_s


@pytest.mark.parametrize(
    ("text", "expected"),
    [("60s", 60), ("1h30m", 5400), ("15min", 900), ("250ms", 0.25), ("2d", 172_800), ("7", 7), ("0.5h", 1800)],
)
def test_stretches_of_time_are_read_as_people_write_them(text, expected):
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "s", "-5s", "5 minutes", "1h30", "5x", "1e3"])
def test_what_is_no_stretch_of_time_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="such as 60s"):
        seconds(text)


@pytest.mark.parametrize(("speed", "wall_s"), [(1.0, 10.0), (60.0, 10 / 60), (0.5, 20.0), (0.0, 0.0)])
def test_the_wards_time_runs_as_fast_as_it_is_told(speed, wall_s):
    wall = Wall()
    pace = Pace(1000, speed=speed, now=wall.now, sleep=wall.sleep)

    assert pace.wait_until(11_000)
    assert wall.at - 50 == pytest.approx(wall_s)


def test_a_stretch_is_handed_over_when_it_is_past():
    wall = Wall()
    pace = Pace(0, speed=2.0, now=wall.now, sleep=wall.sleep)
    seen = [(stretch, round(wall.at - 50, 6)) for stretch in pace.stretches(500, wall_s=0.1)]

    assert seen == [((0, 200), 0.1), ((200, 400), 0.2), ((400, 500), 0.25)]


def test_who_is_late_catches_up_without_leaving_anything_out():
    wall = Wall()
    pace = Pace(0, speed=1.0, now=wall.now, sleep=wall.sleep)
    stretches = []
    for stretch in pace.stretches(2000, wall_s=0.5):
        stretches.append(stretch)
        wall.at += 0.7

    assert stretches == [(0, 500), (500, 1000), (1000, 1500), (1500, 2000)]
    assert wall.at - 50 == pytest.approx(0.5 + 4 * 0.7)


def test_who_is_too_slow_is_stopped_when_the_time_is_over():
    """A busy machine shows less of the demo's ward, and does not make its half minute a whole one."""
    wall = Wall()
    pace = Pace(0, speed=10.0, now=wall.now, sleep=wall.sleep)
    stretches = []
    for stretch in pace.stretches(20_000, wall_s=0.5, late_s=0.5):
        stretches.append(stretch)
        wall.at += 0.9

    assert stretches == [(0, 5000), (5000, 10_000), (10_000, 15_000)]
    assert wall.at - 50 == pytest.approx(0.5 + 3 * 0.9)


def test_it_stops_when_asked_even_in_the_middle_of_waiting():
    wall = Wall()
    pace = Pace(0, now=wall.now, sleep=wall.sleep, stopping=lambda: wall.at >= 51)

    assert not pace.wait_until(3_600_000)
    assert wall.at <= 51.3
    assert list(pace.stretches(None)) == []


def test_time_does_not_run_backwards():
    with pytest.raises(ValueError, match="forwards"):
        Pace(0, speed=-1)
