"""What is held back by a plan of care, and what is not."""

from tests.making import MINUTE, SECOND, T0, action, alerts, every, new_partition, reading, record, run

COMFORT = {"plan": "comfort", "author": "dr-1", "reason": "talked over with the family"}


def after_the_plan(*more):
    """What interrupts from ten minutes on: an alert called, and at five minutes care turned to comfort."""
    entries = [record(T0 - SECOND, "p", "admit", 1, age_years=60), *more]
    entries += [reading(t, "p", spo2=88, pulse_rate=75) for t in every(15 * SECOND, T0, T0 + 60 * MINUTE)]
    entries.append(record(T0 + 5 * MINUTE, "p", "update", 2, escalation_plan=COMFORT))
    said = alerts(run(new_partition(), sorted(entries, key=lambda entry: entry.at)))
    assert any(one["interrupts"] for one in said)  # before the plan
    return [one for one in said if one["interrupts"] and one["at"] >= "2026-11-22T12:10"]


def test_a_comfort_plan_ends_the_call_of_an_alert_that_stands_open():
    assert after_the_plan() == []


def test_a_concern_calls_under_it_all_the_same():
    assert after_the_plan(action(T0 + 10 * MINUTE, "p", "concern", 9, reason="gut_feeling"))


def test_a_call_goes_on_once_the_plan_is_lifted():
    assert after_the_plan(record(T0 + 10 * MINUTE, "p", "update", 3, escalation_plan=None))
