import msgspec

from detectors.vigil.assessment import Assessment
from detectors.vigil.persistence import LOW, MEDIUM, NOTHING, AlertRequest, Persistence
from detectors.vigil.register import ENDED_KEPT, LISTED_AT_MOST, Register
from detectors.vigil.stay import Stay
from detectors.vigil.technical import Condition
from detectors.vigil.telling import Round
from detectors.vigil.window import Decided
from schemas.alert_reason import Reason
from tests.making import MINUTE, T0, from_json, rules_with

RULES = rules_with()
FRESH = {"spo2": Decided(90.0, T0, 0, False, 15, False, 0, 0)}
RED = AlertRequest(2, 2, True, None, Reason.RED_SCORE, ("spo2",), ("spo2",))


def look(minute: float = 0) -> Round:
    return Round(Assessment({}, Stay(), T0 + int(minute * MINUTE)), RULES, [])


def stale(name: str = "spo2", priority: int = LOW) -> Condition:
    return Condition(f"{name} stale", priority, (name,), f"{name} is no longer being received", "Check the sensor.")


def told(now: Round) -> list[tuple[str, str, int]]:
    return [(said["subject"], said["state"], said["revision"]) for said in (from_json(out.value) for out in now.out)]


def ids(now: Round) -> list[str]:
    return [from_json(out.value)["alert_id"] for out in now.out]


def new_register() -> Register:
    return Register("p", "test")


def test_technical_alerts_are_just_the_conditions_that_hold():
    register = new_register()
    for minute, conditions, expected in (
        (0, [stale("spo2"), stale("resp_rate")], [("spo2 stale", "raised", 1), ("resp_rate stale", "raised", 1)]),
        (1, [stale("spo2"), stale("resp_rate")], []),
        (2, [stale("resp_rate")], [("spo2 stale", "cleared", 2)]),
        (3, [], [("resp_rate stale", "cleared", 2)]),
    ):
        now = look(minute)
        register.hold(conditions, now)
        assert told(now) == expected


def test_a_technical_alert_becomes_as_urgent_as_its_condition():
    register = new_register()
    register.hold([stale()], look())
    now = look(1)
    register.hold([stale(priority=MEDIUM)], now)

    assert told(now) == [("spo2 stale", "worsened", 2)]
    assert register.open["spo2 stale"].calls


def test_a_low_technical_alert_calls_nobody():
    register = new_register()
    now = look()
    register.hold([stale()], now)

    assert (from_json(now.out[0].value)["interrupts"], from_json(now.out[0].value)["suppressed_by"]) == (
        False,
        "low_priority",
    )


def test_there_is_one_deterioration_at_a_time():
    register, persistence = new_register(), Persistence()
    for minute in range(5):
        register.move(look(minute), RED, persistence, fresh=FRESH, entered=False)

    assert list(register.open) == ["deterioration"]


def test_time_alone_raises_what_is_due():
    """A red cuff value that calls after five minutes needs no new value."""
    register, now = new_register(), look()
    register.move(now, RED, Persistence(), fresh=None, entered=False)

    assert told(now) == [("deterioration", "raised", 1)]


def test_nothing_asked_is_a_decision_with_a_reason():
    register = new_register()
    register.move(look(), NOTHING, Persistence(), fresh=FRESH, entered=False)

    assert register.decision is Reason.NOTHING_ASKED and not register.open


def test_the_next_episode_has_another_id_even_at_the_same_moment():
    register, given = new_register(), []
    for _ in range(3):
        now = look()
        register.hold([stale()], now)
        given += ids(now)
        register.hold([], look())

    assert len(set(given)) == 3


def test_what_called_and_was_seen_by_nobody_stays_listed():
    register = new_register()
    register.hold([stale(priority=MEDIUM)], look())
    now = look(1)
    register.hold([], now)

    assert told(now) == [("spo2 stale", "resolved", 2)]
    assert [episode.subject for episode in register.listed.values()] == ["spo2 stale"] and not register.open


def test_neither_the_listed_nor_the_ended_grow_without_end():
    register = new_register()
    for minute in range(100):
        register.hold([stale(priority=MEDIUM), stale("resp_rate")], look(2 * minute))
        register.hold([], look(2 * minute + 1))

    assert (len(register.listed), len(register.ended)) == (LISTED_AT_MOST, ENDED_KEPT)


def test_the_end_of_a_stay_lays_everything_to_rest():
    register = new_register()
    register.move(look(), RED, Persistence(), fresh=True, entered=False)
    register.hold([stale(priority=MEDIUM)], look())
    now = look(1)
    register.end_all(now, Reason.DISCHARGED)

    assert {(subject, state) for subject, state, _ in told(now)} == {
        ("deterioration", "cleared"),
        ("spo2 stale", "cleared"),
    }
    assert not register.open and not register.listed


def test_a_restored_copy_goes_on_identically():
    one, other = new_register(), new_register()
    one.move(look(), RED, Persistence(), fresh=True, entered=False)
    one.hold([stale(priority=MEDIUM), stale("resp_rate")], look())
    one.hold([stale("resp_rate")], look(1))
    packed = msgspec.msgpack.encode
    other.restore(msgspec.msgpack.decode(packed(one.state())))
    said = []
    for register in (one, other):
        now = look(20)
        register.pass_time(now)
        register.hold([], now)
        said.append([out.value for out in now.out])

    assert said[0] == said[1] != []
    assert packed(one.state()) == packed(other.state())
