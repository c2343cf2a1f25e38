from datetime import UTC, datetime

import pytest

from detectors.vigil.stay import MAX_PAUSE_MS, Stay, begins_anew, follow
from schemas.patient import PatientRecord
from schemas.times import to_text
from tests.making import HOUR, MINUTE, T0

DAY = 24 * HOUR


def record(event: str = "update", **facts: object) -> PatientRecord:
    return PatientRecord.model_validate({"event": event, "patient_id": "p", **facts})


def told(*records: PatientRecord, at: int = T0, stay: Stay | None = None) -> Stay:
    stay = stay or Stay()
    for one in records:
        stay = follow(stay, one, at)
    return stay


def at(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp() * 1000)


def test_without_a_record_a_patient_is_watched_on_scale_1_as_unassigned():
    stay = Stay()

    assert (stay.assigned, stay.scale, stay.not_covered(T0)) == (False, 1, None)
    assert stay.unknown(T0) == ["age", "maternity"]


def test_what_a_record_leaves_out_stays_and_null_clears():
    stay = told(record("admit", ward="w", bed="3", age_years=70), record(bed="4"))
    assert (stay.ward, stay.bed, stay.age_years) == ("w", "4", 70)

    assert told(record(bed=None), stay=stay).bed is None


# ---- for whom the score is not valid


def test_under_sixteen_the_score_is_not_valid_and_from_the_birthday_on_it_is():
    stay = told(record("admit", date_of_birth="2010-11-22"))

    assert stay.not_covered(at(2026, 11, 21)) == "under 16 years"
    assert stay.not_covered(at(2026, 11, 22)) is None


def test_who_was_born_on_a_leap_day_comes_of_age_on_the_first_of_march():
    stay = told(record("admit", date_of_birth="2008-02-29"))

    assert stay.age(at(2023, 2, 28)) == 14 and stay.age(at(2023, 3, 1)) == 15


def test_an_age_in_years_grows():
    stay = told(record("admit", age_years=15.9))

    assert stay.not_covered(T0) == "under 16 years"
    assert stay.not_covered(T0 + 60 * DAY) is None


@pytest.mark.parametrize(("maternity", "why"), [("pregnant", "pregnant"), ("postnatal", None), ("none", None)])
def test_in_pregnancy_the_score_is_not_valid(maternity, why):
    assert told(record("admit", age_years=30, maternity=maternity)).not_covered(T0) == why


def test_what_is_not_known_is_said():
    assert told(record("admit", sex="female", age_years=30)).unknown(T0) == ["maternity"]
    assert told(record("admit", sex="male")).unknown(T0) == ["age"]
    assert told(record("admit", sex="unknown", maternity=None)).unknown(T0) == [
        "age",
        "maternity",
    ]
    assert told(record("admit", sex="female", maternity="none", age_years=70)).unknown(T0) == []


# ---- orders that end


def test_scale_2_holds_until_its_order_ends():
    order = {"scale": 2, "prescriber": "Dr A", "until": to_text(T0 + HOUR)}
    stay = told(record(spo2_scale=order))

    assert (stay.scale, stay.due, stay.at(T0 + HOUR - 1).scale, stay.at(T0 + HOUR).scale) == (2, T0 + HOUR, 2, 1)


def test_scale_2_without_an_end_holds():
    assert told(record(spo2_scale={"scale": 2})).at(T0 + 1000 * DAY).scale == 2


def test_an_order_that_is_over_when_it_comes_changes_nothing():
    stay = told(record(spo2_scale={"scale": 2, "until": to_text(T0 - 1)}))

    assert stay.scale == 1


def test_plan_and_confusion_end_too():
    until = to_text(T0 + HOUR)
    stay = told(
        record(
            escalation_plan={"plan": "comfort", "until": until},
            long_standing_confusion={"present": True, "until": until},
        )
    )

    assert (stay.plan, stay.confusion) == ("comfort", True)
    assert (stay.at(T0 + HOUR).plan, stay.at(T0 + HOUR).confusion) == (None, False)


def test_each_personal_limit_has_its_own_end():
    limits = [
        {"vital": "spo2", "low": 85, "author": "a", "reason": "r", "until": to_text(T0 + HOUR)},
        {"vital": "heart_rate", "high": 110, "author": "a", "reason": "r"},
    ]
    stay = told(record(limits=limits))

    assert [limit.vital for limit in stay.limits] == ["spo2", "heart_rate"]
    assert [limit.vital for limit in stay.at(T0 + HOUR).limits] == ["heart_rate"]
    assert stay.limits[0].broken_by(84.9) and not stay.limits[0].broken_by(85)


# ---- pauses


def test_a_pause_lasts_two_hours_at_most():
    stay = told(record("pause", pause={"reason": "theatre", "until": to_text(T0 + 9 * HOUR)}))

    assert stay.paused(T0 + MAX_PAUSE_MS - 1) and not stay.paused(T0 + MAX_PAUSE_MS)
    assert MAX_PAUSE_MS == 2 * HOUR
    assert stay.at(stay.due).pause_reason is None


def test_a_pause_ends_when_it_was_said_to_or_when_someone_resumes():
    stay = told(record("pause", pause={"reason": "scan", "until": to_text(T0 + 10 * MINUTE)}))

    assert stay.paused(T0 + 9 * MINUTE) and not stay.paused(T0 + 10 * MINUTE)
    assert not told(record("resume"), stay=stay).paused(T0)


def test_a_pause_that_is_over_when_it_comes_is_none():
    assert not told(record("pause", pause={"reason": "scan", "until": to_text(T0 - MINUTE)})).paused(T0 - 2 * MINUTE)


# ---- beginnings and ends


def test_a_stay_ends_once_and_a_later_word_only_confirms_it():
    stay = told(record("admit"), record("discharge"))
    stay = told(record("discharge", confirmed=True), at=T0 + HOUR, stay=stay)

    assert (stay.discharged_at, stay.confirmed) == (T0, True)


def test_admitted_again_a_stay_is_open():
    assert not told(record("admit"), record("discharge", confirmed=True), record("admit")).discharged


@pytest.mark.parametrize(
    ("before", "now", "anew"),
    [
        ([], record("admit", encounter="e1"), False),  # what was measured before the record came is this patient's
        ([record("admit", encounter="e1")], record("admit", encounter="e1"), False),  # sent again
        ([record("admit", encounter="e1")], record("admit", encounter="e2"), True),
        ([record("admit", encounter="e1")], record("admit"), True),
        ([record("admit", encounter="e1"), record("discharge")], record("admit", encounter="e1"), True),
        ([record("admit", encounter="e1")], record("transfer", encounter="e2"), False),
    ],
)
def test_another_admission_begins_anew(before, now, anew):
    assert begins_anew(told(*before), now) is anew
