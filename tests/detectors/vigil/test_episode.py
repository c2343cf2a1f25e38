from detectors.vigil.episode import DETERIORATION, Episode, alert_id, step
from detectors.vigil.persistence import HIGH, LOW, MEDIUM, NOTHING, AlertRequest, Persistence
from schemas.alert import State
from schemas.alert_reason import Reason
from tests.making import T0, rules_with

RULES = rules_with()


def opened(priority: int = MEDIUM, *, interrupts: bool = True, score: int | None = 5, reds=()) -> Episode:
    return Episode(
        "id",
        "physiological",
        DETERIORATION,
        T0,
        priority,
        interrupts,
        None if interrupts else "persistence",
        Reason.NEWS2_MEDIUM.value,
        because=["resp_rate", "spo2"],
        reds=list(reds),
        score=score,
    )


def request(priority: int, *, confirmed=(), interrupts: bool = True, reason=Reason.NEWS2_MEDIUM) -> AlertRequest:
    return AlertRequest(priority, priority, interrupts, None, reason, tuple(confirmed), tuple(confirmed))


def move(
    episode: Episode,
    asked: AlertRequest,
    persistence: Persistence | None = None,
    *,
    lost=(),
    fresh=True,
    entered=False,
    dense=True,
) -> tuple[State | None, Reason]:
    return step(
        episode,
        asked,
        persistence or Persistence(),
        list(lost),
        fresh=fresh,
        entered=entered,
        dense=dense,
        voiced=False,
        rules=RULES,
    )


def until_something(episode: Episode, asked: AlertRequest, **how) -> tuple[int, State | None, Reason]:
    """After how many equal decisions something is said, and what."""
    persistence = Persistence()
    for count in range(1, 200):
        state, reason = move(episode, asked, persistence, **how)
        if state is not None:
            return count, state, reason
    return 200, None, reason


def test_the_same_cause_has_the_same_id_and_another_has_another():
    told = {
        alert_id("p", "physiological", DETERIORATION, T0),
        alert_id("q", "physiological", DETERIORATION, T0),
        alert_id("p", "technical", DETERIORATION, T0),
        alert_id("p", "physiological", "spo2 stale", T0),
        alert_id("p", "physiological", DETERIORATION, T0 + 1),
    }

    assert len(told) == 5
    assert alert_id("p", "physiological", DETERIORATION, T0) in told


def test_valid_values_in_range_end_it_after_they_have_lasted():
    count, state, reason = until_something(opened(), NOTHING)

    assert (count, state, reason) == (RULES.stream.clear, State.CLEARED, Reason.CONDITION_OVER)


def test_two_rounds_of_a_person_end_it_where_nothing_streams():
    assert until_something(opened(), NOTHING, entered=True, dense=False)[0] == RULES.spot.clear


def test_a_round_counts_as_one_window_where_vitals_stream():
    """Two good rounds beside a monitor do not end what the monitor began."""
    assert until_something(opened(), NOTHING, entered=True, dense=True)[0] == RULES.stream.clear


def test_a_lost_sensor_never_ends_it():
    episode, persistence = opened(), Persistence()

    assert move(episode, NOTHING, persistence, lost=["spo2"]) == (State.UPDATED, Reason.MONITORING_LOST)
    for _ in range(500):
        assert move(episode, NOTHING, persistence, lost=["spo2"]) == (None, Reason.LOST_SENSOR_HOLDS)
    assert move(episode, NOTHING, persistence) == (State.UPDATED, Reason.MONITORING_BACK)
    assert until_something(episode, NOTHING)[1] is State.CLEARED


def test_a_lost_sensor_never_brings_it_down():
    episode, persistence = opened(HIGH), Persistence()
    move(episode, request(MEDIUM), persistence, lost=["spo2"])
    for _ in range(100):
        move(episode, request(MEDIUM), persistence, lost=["spo2"])

    assert episode.priority == HIGH


def test_time_alone_never_ends_it():
    episode, persistence = opened(), Persistence()

    assert {move(episode, NOTHING, persistence, fresh=False) for _ in range(200)} == {(None, Reason.UNCHANGED)}


def test_one_bad_window_begins_the_way_down_anew():
    episode, persistence = opened(), Persistence()
    for _ in range(RULES.stream.clear - 1):
        move(episode, NOTHING, persistence)
    move(episode, request(MEDIUM), persistence)

    assert move(episode, NOTHING, persistence) == (None, Reason.NOT_YET_OVER)


def test_it_comes_down_only_as_far_as_the_worst_on_the_way():
    episode, persistence = opened(HIGH, score=8), Persistence()
    persistence.scores = [5] * 32
    told = [move(episode, request(LOW if place else MEDIUM), persistence) for place in range(RULES.stream.clear)]

    assert told[-1] == (State.UPDATED, Reason.PRIORITY_DOWN)
    assert episode.priority == MEDIUM and episode.interrupts


def test_what_comes_down_to_low_calls_nobody():
    episode = opened(MEDIUM)
    until_something(episode, request(LOW))

    assert (episode.priority, episode.interrupts, episode.suppressed_by) == (LOW, False, "learned")


def test_a_higher_priority_is_said_at_once():
    episode = opened(MEDIUM)

    assert move(episode, request(HIGH, reason=Reason.NEWS2_HIGH)) == (State.WORSENED, Reason.PRIORITY_UP)
    assert episode.priority == HIGH


def test_a_loss_of_monitoring_does_not_hide_that_the_patient_is_worse():
    """Both at once: the patient first, the sensor with the next decision."""
    episode, persistence = opened(MEDIUM), Persistence()

    assert move(episode, request(HIGH), persistence, lost=["spo2"])[0] is State.WORSENED
    assert move(episode, request(HIGH), persistence, lost=["spo2"]) == (State.UPDATED, Reason.MONITORING_LOST)


def test_a_new_red_score_is_worse_and_the_same_one_is_not():
    episode = opened(reds=["spo2"])

    assert move(episode, request(MEDIUM, confirmed=["spo2"])) == (None, Reason.UNCHANGED)
    assert move(episode, request(MEDIUM, confirmed=["resp_rate", "spo2"])) == (State.WORSENED, Reason.NEW_RED)
    assert move(episode, request(MEDIUM, confirmed=["resp_rate", "spo2"])) == (None, Reason.UNCHANGED)


def test_two_points_more_that_last_are_worse_and_one_is_not():
    episode, persistence = opened(HIGH, score=7), Persistence()
    persistence.scores = [8] * 4
    assert move(episode, request(HIGH), persistence) == (None, Reason.UNCHANGED)
    persistence.scores = [8, 9, 9, 9]
    assert move(episode, request(HIGH), persistence) == (None, Reason.UNCHANGED)
    persistence.scores = [9] * 4

    assert move(episode, request(HIGH), persistence) == (State.WORSENED, Reason.SCORE_UP)
    assert episode.score == 9


def test_what_was_held_back_calls_once_it_has_lasted():
    episode = opened(interrupts=False)

    assert move(episode, request(MEDIUM)) == (State.UPDATED, Reason.PERSISTED)
    assert episode.interrupts and episode.suppressed_by is None
