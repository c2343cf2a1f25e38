from detectors.news2 import news2
from detectors.vigil.course import HIGH, KEPT_SCORES, LOW, MEDIUM, Course, Demand
from detectors.vigil.epoch import Decided
from detectors.vigil.reason import Reason
from schemas.times import NEVER
from tests.making import MINUTE, SECOND, T0, old_rules

MONITOR, WEARABLE, SPOT = 0, 1, 2
RULES = old_rules()
WELL = {"resp_rate": 16, "spo2": 97, "systolic_bp": 120, "pulse_rate": 75, "temperature": 37, "consciousness": 0}


def decided(value: float, source: int) -> Decided:
    return Decided(float(value), T0, source, False, 15, False, 0, 0)


def note(
    course: Course, *, at: int = T0, source: int = MONITOR, fresh: bool = True, findings=False, broken=False, **values
) -> Demand:
    """One decided epoch with all vitals in force, of which those named in `values` are fresh."""
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
    return course.note(score, new, findings, broken, at, source == SPOT, RULES)


def noted(epochs: int, **values) -> list[Demand]:
    """The same epoch so often."""
    course = Course()
    return [note(course, **values) for _ in range(epochs)]


def calls_at(demands: list[Demand]) -> int | None:
    """In which epoch it first asks for someone, the first being 1."""
    return next((place for place, demand in enumerate(demands, 1) if demand.interrupts), None)


def test_a_well_patient_asks_for_nothing():
    assert {(d.now, d.priority, d.interrupts) for d in noted(50)} == {(0, 0, False)}


def test_a_streamed_red_is_shown_at_once_and_calls_after_four_epochs():
    demands = noted(5, spo2=90)

    assert (demands[0].priority, demands[0].interrupts, demands[0].held_by) == (MEDIUM, False, "persistence")
    assert calls_at(demands) == 4


def test_an_extreme_of_wildly_scattered_samples_calls_like_any_red_after_four_epochs():
    course, score = Course(), news2(16, 74, 120, 75, None, 37, "A", False)
    wild = {"spo2": Decided(74.0, T0, MONITOR, True, 15, False, 0, 0, False)}
    demands = [course.note(score, wild, False, False, T0, False, RULES) for _ in range(5)]

    assert calls_at(noted(1, spo2=74)) == 1
    assert (demands[0].priority, demands[0].held_by) == (MEDIUM, "persistence")
    assert calls_at(demands) == 4


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
    course = Course()

    assert not note(course, systolic_bp=85).interrupts
    assert note(course, at=T0 + MINUTE, systolic_bp=85).interrupts


def test_a_red_cuff_value_calls_after_five_minutes_without_a_repeat():
    """Other vitals stream on; the cuff is silent; then only time passes."""
    course = Course()
    note(course, systolic_bp=85)
    course_due = course.red_due(RULES)
    for minute in range(1, 5):
        score = news2(16, 97, 85, 75, None, 37, "A", False)
        fresh = {"spo2": decided(97, MONITOR)}
        assert not course.note(score, fresh, False, False, T0 + minute * MINUTE, False, RULES).interrupts
    demand = note(course, at=course_due, fresh=False, systolic_bp=85)

    assert course_due == T0 + 5 * MINUTE
    assert demand.interrupts and course.red_due(RULES) == NEVER


def test_new_confusion_needs_no_repeat():
    assert calls_at(noted(1, consciousness=1)) == 1


def test_a_red_that_went_away_begins_anew():
    course = Course()
    for _ in range(3):
        note(course, spo2=90)
    note(course, spo2=97)

    assert [note(course, spo2=90).interrupts for _ in range(4)] == [False, False, False, True]


def test_time_alone_is_no_epoch():
    course = Course()
    note(course, spo2=90)
    later = [note(course, at=T0 + s * SECOND, fresh=False, spo2=90) for s in range(1, 60)]

    assert not any(demand.interrupts for demand in later)


SEVEN = {"resp_rate": 22, "spo2": 94, "pulse_rate": 115, "temperature": 39.2}  # 2 + 1 + 2 + 2, none of them red
FIVE = {"resp_rate": 22, "spo2": 94, "pulse_rate": 115}


def test_a_score_of_seven_is_high_after_four_epochs():
    demands = noted(5, **SEVEN)

    assert [demand.priority for demand in demands] == [0, 0, 0, HIGH, HIGH]
    assert demands[0].now == HIGH and demands[0].reason is Reason.NOT_YET_PERSISTENT
    assert demands[3].reason is Reason.NEWS2_HIGH and demands[3].interrupts


def test_a_score_of_five_is_medium_after_twelve_epochs():
    demands = noted(12, **FIVE)

    assert [demand.priority for demand in demands] == [0] * 11 + [MEDIUM]
    assert demands[-1].reason is Reason.NEWS2_MEDIUM and demands[-1].interrupts


def test_a_score_that_a_person_took_counts_at_once():
    assert noted(1, source=SPOT, **SEVEN)[0].priority == HIGH
    assert noted(1, source=SPOT, **FIVE)[0].priority == MEDIUM


def test_one_epoch_below_begins_the_count_anew():
    course = Course()
    for _ in range(3):
        note(course, **SEVEN)
    note(course)

    assert [note(course, **SEVEN).priority for _ in range(4)] == [0, 0, 0, HIGH]


def test_learned_detectors_alone_are_low_and_call_nobody():
    demands = noted(21, findings=True)

    assert [demand.priority for demand in demands] == [0] * 19 + [LOW, LOW]
    assert not any(demand.interrupts for demand in demands) and demands[-1].held_by == "learned"


def test_a_personal_limit_calls_like_a_red_score():
    demands = noted(5, broken=True)

    assert calls_at(demands) == 4 and demands[-1].reason is Reason.PERSONAL_LIMIT


def test_where_the_score_is_not_valid_none_is_remembered():
    course = Course()
    note(course, spo2=90)
    demand = course.note(None, {"spo2": decided(90, MONITOR)}, False, False, T0, False, RULES)

    assert (demand.now, course.scores, course.reds) == (0, [], {})


def test_memory_does_not_grow():
    course = Course()
    for _ in range(500):
        note(course, spo2=90)

    assert len(course.scores) == KEPT_SCORES and list(course.reds) == ["spo2"]


def test_another_patient_begins_with_nothing():
    course = Course()
    note(course, findings=True, broken=True, **SEVEN)
    course.forget()

    assert course == Course()
