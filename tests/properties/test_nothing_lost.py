"""What is always true of what comes out: everything is counted, every revision is new, a red score is shown."""

from collections import Counter, defaultdict

import hypothesis.strategies as st
from hypothesis import given

from schemas.alert import Alert
from schemas.rejection import Rejection
from schemas.status import Status
from streams.log import Output
from tests.making import from_json, new_partition, numbered
from tests.properties.test_log_time import again, insert, places
from tests.properties.wards import forgetful, wards

either_clock = st.booleans().flatmap(lambda event: st.tuples(st.just("event" if event else "arrival"), wards(event)))


@given(either_clock, places)
def test_the_counts_add_up_and_every_refusal_is_sent_back(ward, where):
    clock, log = ward
    records = numbered(insert(log, where, again))
    partition = new_partition(clock=clock, rules=forgetful())
    outputs = partition.run(records)
    tally, values = partition.tally, {record[0]: record[3] for record in records}
    rejections = [(o, Rejection.from_headers(o.headers)) for o in outputs if o.topic == "rejections"]
    assert tally.adds_up()
    assert tally.records == len(records)
    assert tally.rejected == sum(rejection.vitals for _, rejection in rejections)
    assert tally.refusals == Counter(rejection.code.value for _, rejection in rejections)
    assert tally.said == Counter(o.topic for o in outputs)
    for output, rejection in rejections:
        if rejection.topic == "vitals.readings":
            assert output.value == values[rejection.offset]


@given(either_clock)
def test_what_is_said_keeps_the_contract(ward):
    clock, log = ward
    for output in new_partition(clock=clock, rules=forgetful()).run(numbered(log)):
        if output.topic == "alerts":
            Alert.model_validate_json(output.value)
        elif output.topic == "status" and output.value is not None:
            Status.model_validate_json(output.value)


@given(either_clock)
def test_every_alert_is_raised_once_counts_on_and_ends_at_most_once(ward):
    clock, log = ward
    histories: dict[str, list[dict]] = defaultdict(list)
    open_now: dict[tuple[str, str], str] = {}
    for output in new_partition(clock=clock, rules=forgetful()).run(numbered(log)):
        if output.topic != "alerts":
            continue
        alert = from_json(output.value)
        histories[alert["alert_id"]].append(alert)
        subject = alert["patient_id"], alert["subject"]
        if alert["state"] == "raised":
            assert subject not in open_now
            open_now[subject] = alert["alert_id"]
        if alert["lifecycle"]["status"] not in ("resolved", "closing", "cleared"):
            assert open_now[subject] == alert["alert_id"]
        elif open_now.get(subject) == alert["alert_id"]:
            del open_now[subject]
    for history in histories.values():
        assert [alert["revision"] for alert in history] == list(range(1, len(history) + 1))
        assert [alert["state"] for alert in history].count("raised") == 1
        assert all(alert["state"] != "cleared" for alert in history[:-1])


@given(either_clock)
def test_a_red_score_is_shown_whenever_it_is_scored(ward):
    """Promise 5: every status that holds a red score stands beside an open alert of at least medium priority."""
    clock, log = ward
    for status in statuses(new_partition(clock=clock, rules=forgetful()).run(numbered(log))):
        score = status["news2"]
        if score is None or not score["red"]:
            continue
        if all(vital["state"] == "discharged" for vital in status["vitals"].values()):
            continue  # the discharge is confirmed, or nobody's red
        open_one = [alert for alert in status["alerts"] if alert["subject"] == "deterioration"]
        assert open_one and open_one[0]["priority"] in ("medium", "high"), status


def statuses(outputs: list[Output]) -> list[dict]:
    return [from_json(o.value) for o in outputs if o.topic == "status" and o.value is not None]
