from detectors.news2 import news2
from detectors.vigil.persistence import HIGH, KEPT_SCORES, LOW, MEDIUM, AlertRequest, Persistence
from detectors.vigil.window import Decided
from schemas.alert_reason import Reason
from schemas.times import NEVER
from tests.making import MINUTE, SECOND, T0, old_rules

MONITOR, WEARABLE, SPOT = 0, 1, 2
RULES = old_rules()
WELL = {"resp_rate": 16, "spo2": 97, "systolic_bp": 120, "pulse_rate": 75, "temperature": 37, "consciousness": 0}


def decided(value: float, source: int) -> Decided:
    return Decided(float(value), T0, source, False, 15, False, 0, 0)


def note(
    persistence: Persistence,
    *,
    at: int = T0,
    source: int = MONITOR,
    fresh: bool = True,
    findings=False,
    broken=False,
    **values,
) -> AlertRequest:
    """One decided window with all vitals in force, of which those named in `values` are fresh."""
    now = WELL | values
    score = news2(
        now["resp_rate"],
        now["spo2"],
        now["systolic_bp"],
        now["pulse_rate"],
        None,
        now["temperature"],
        "ACVPU"[now["consciousness"]],
        False,
    )
    new = {name: decided(value, source) for name, value in values.items()} if fresh else {}
    if fresh and not new:
        new = {"resp_rate": decided(now["resp_rate"], source)}
    return persistence.note(score, new, findings, broken, at, source == SPOT, RULES)


def noted(windows: int, **values) -> list[AlertRequest]:
    """The same window so often."""
    persistence = Persistence()
    return [note(persistence, **values) for _ in range(windows)]


def calls_at(requests: list[AlertRequest]) -> int | None:
    """In which window it first asks for someone, the first being 1."""
    return next((place for place, request in enumerate(requests, 1) if request.interrupts), None)


def test_a_well_patient_asks_for_nothing():
    assert {(d.now, d.priority, d.interrupts) for d in noted(50)} == {(0, 0, False)}


def test_a_streamed_red_is_shown_at_once_and_calls_after_four_windows():
    requests = noted(5, spo2=90)

    assert (requests[0].priority, requests[0].interrupts, requests[0].suppressed_by) == (MEDIUM, False, "persistence")
    assert calls_at(requests) == 4


def test_an_extreme_of_wildly_scattered_samples_calls_like_any_red_after_four_windows():
    persistence, score = Persistence(), news2(16, 74, 120, 75, None, 37, "A", False)
    wild = {"spo2": Decided(74.0, T0, MONITOR, True, 15, False, 0, 0, False)}
    requests = [persistence.note(score, wild, False, False, T0, False, RULES) for _ in range(5)]

    assert calls_at(noted(1, spo2=74)) == 1
    assert (requests[0].priority, requests[0].suppressed_by) == (MEDIUM, "persistence")
    assert calls_at(requests) == 4


def test_a_persons_red_calls_at_once():
    assert calls_at(noted(1, source=SPOT, spo2=90)) == 1


def test_an_extreme_red_calls_at_once_whoever_measured_it():
    """Agonal breathing, or an SpO2 of 78: nobody waits a minute."""
    for values in ({"resp_rate": 3}, {"spo2": 78}, {"pulse_rate": 28}, {"pulse_rate": 175}):
        for source in (MONITOR, WEARABLE):
            assert calls_at(noted(1, source=source, **values)) == 1, (values, source)


def test_the_resp_rate_of_a_wearable_has_to_last_longest():
    assert calls_at(noted(20, source=WEARABLE, resp_rate=26)) == RULES.wearable_resp_rate_red == 12
    assert calls_at(noted(20, source=MONITOR, resp_rate=26)) == 4
    assert calls_at(noted(20, source=WEARABLE, spo2=90)) == 4


def test_a_red_cuff_value_calls_when_it_is_repeated():
    persistence = Persistence()

    assert not note(persistence, systolic_bp=85).interrupts
    assert note(persistence, at=T0 + MINUTE, systolic_bp=85).interrupts


def test_a_red_cuff_value_calls_after_five_minutes_without_a_repeat():
    """Other vitals stream on; the cuff is silent; then only time passes."""
    persistence = Persistence()
    note(persistence, systolic_bp=85)
    persistence_due = persistence.red_due(RULES)
    for minute in range(1, 5):
        score = news2(16, 97, 85, 75, None, 37, "A", False)
        fresh = {"spo2": decided(97, MONITOR)}
        assert not persistence.note(score, fresh, False, False, T0 + minute * MINUTE, False, RULES).interrupts
    request = note(persistence, at=persistence_due, fresh=False, systolic_bp=85)

    assert persistence_due == T0 + 5 * MINUTE
    assert request.interrupts and persistence.red_due(RULES) == NEVER


def test_new_confusion_needs_no_repeat():
    assert calls_at(noted(1, consciousness=1)) == 1


def test_a_red_that_went_away_begins_anew():
    persistence = Persistence()
    for _ in range(3):
        note(persistence, spo2=90)
    note(persistence, spo2=97)

    assert [note(persistence, spo2=90).interrupts for _ in range(4)] == [False, False, False, True]


def test_time_alone_is_no_window():
    persistence = Persistence()
    note(persistence, spo2=90)
    later = [note(persistence, at=T0 + s * SECOND, fresh=False, spo2=90) for s in range(1, 60)]

    assert not any(request.interrupts for request in later)


SEVEN = {"resp_rate": 22, "spo2": 94, "pulse_rate": 115, "temperature": 39.2}  # 2 + 1 + 2 + 2, none of them red
FIVE = {"resp_rate": 22, "spo2": 94, "pulse_rate": 115}


def test_a_score_of_seven_is_high_after_four_windows():
    requests = noted(5, **SEVEN)

    assert [request.priority for request in requests] == [0, 0, 0, HIGH, HIGH]
    assert requests[0].now == HIGH and requests[0].reason is Reason.NOT_YET_PERSISTENT
    assert requests[3].reason is Reason.NEWS2_HIGH and requests[3].interrupts


def test_a_score_of_five_is_medium_after_twelve_windows():
    requests = noted(12, **FIVE)

    assert [request.priority for request in requests] == [0] * 11 + [MEDIUM]
    assert requests[-1].reason is Reason.NEWS2_MEDIUM and requests[-1].interrupts


def test_a_score_that_a_person_took_counts_at_once():
    assert noted(1, source=SPOT, **SEVEN)[0].priority == HIGH
    assert noted(1, source=SPOT, **FIVE)[0].priority == MEDIUM


def test_one_window_below_begins_the_count_anew():
    persistence = Persistence()
    for _ in range(3):
        note(persistence, **SEVEN)
    note(persistence)

    assert [note(persistence, **SEVEN).priority for _ in range(4)] == [0, 0, 0, HIGH]


def test_learned_detectors_alone_are_low_and_call_nobody():
    requests = noted(21, findings=True)

    assert [request.priority for request in requests] == [0] * 19 + [LOW, LOW]
    assert not any(request.interrupts for request in requests) and requests[-1].suppressed_by == "learned"


def test_a_personal_limit_calls_like_a_red_score():
    requests = noted(5, broken=True)

    assert calls_at(requests) == 4 and requests[-1].reason is Reason.PERSONAL_LIMIT


def test_where_the_score_is_not_valid_none_is_remembered():
    persistence = Persistence()
    note(persistence, spo2=90)
    request = persistence.note(None, {"spo2": decided(90, MONITOR)}, False, False, T0, False, RULES)

    assert (request.now, persistence.scores, persistence.reds) == (0, [], {})


def test_memory_does_not_grow():
    persistence = Persistence()
    for _ in range(500):
        note(persistence, spo2=90)

    assert len(persistence.scores) == KEPT_SCORES and list(persistence.reds) == ["spo2"]


def test_another_patient_begins_with_nothing():
    persistence = Persistence()
    note(persistence, findings=True, broken=True, **SEVEN)
    persistence.forget()

    assert persistence == Persistence()
