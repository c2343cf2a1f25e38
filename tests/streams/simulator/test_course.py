import pytest

from schemas.vitals import Vital
from streams.simulator.course import Rounds, Scenario, State, Turn, Window

ILL = Scenario(
    "ill",
    "",
    turns=(Turn(Vital.SPO2, -8, 600, 1200),),
    states=(State(900, "C", 4),),
    rounds=(Rounds(300, 2400, 600),),
    probe_off=(Window(60, 120),),
)


def test_a_scenario_lasts_until_the_last_thing_has_happened():
    assert ILL.lasts_s == 2400
    assert Scenario("well", "").lasts_s == 0


def test_a_quicker_illness_goes_as_far_in_less_time():
    quick = ILL.quicker(10)

    assert quick.turns == (Turn(Vital.SPO2, -8, 60, 120),)
    assert quick.states == (State(90, "C", 4),)
    assert quick.rounds == (Rounds(30, 240, 60),)
    assert quick.probe_off == (Window(6, 12),)
    assert (quick.name, quick.lasts_s) == ("ill", 240)


@pytest.mark.parametrize("times", [0, -1])
def test_time_does_not_stand_still_or_run_backwards(times):
    with pytest.raises(ValueError, match="positive factor"):
        ILL.quicker(times)
