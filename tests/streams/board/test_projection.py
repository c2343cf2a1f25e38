"""What the board remembers, and what it tells."""

import json
from typing import Any

import pytest

from streams.board.burden import burden
from streams.board.consumer import Heard
from streams.board.handover import handover, time_in
from streams.board.projection import MAX_ALERTS_A_PATIENT, Projection, encode
from streams.config.topics import Topic
from tests.browser.made import MINUTE, Bed

AT = 1_795_348_800_000


def heard(topic: Topic, said: dict[str, Any] | None, patient: str, *, at: tuple[int, int] = (0, 1)) -> Heard:
    headers = [("partition", str(at[0]).encode()), ("offset", str(at[1]).encode())]
    value = None if said is None else json.dumps(said).encode()
    return Heard(topic, at[0], 0, patient.encode(), value, headers, AT)


def told(projection: Projection, *batch: Heard) -> dict[str, Any] | None:
    projection.take(batch)
    changes = projection.changes()
    return None if changes is None else json.loads(encode(changes))


def test_a_status_goes_to_the_page_as_it_came():
    projection, bed = Projection(history_hours=24), Bed(1)
    status = bed.status(AT)

    assert told(projection, heard(Topic.STATUS, status, bed.patient))["beds"] == [status]
    assert projection.changes() is None


def test_a_status_decided_further_back_in_the_log_is_no_news():
    projection, bed = Projection(history_hours=24), Bed(1)
    projection.take([heard(Topic.STATUS, bed.status(AT + 1000), bed.patient, at=(0, 9))])
    projection.changes()

    assert told(projection, heard(Topic.STATUS, bed.status(AT), bed.patient, at=(0, 8))) is None
    assert projection.beds[bed.patient].at == AT + 1000


def test_a_forgotten_patient_leaves_the_page():
    projection, bed = Projection(history_hours=24), Bed(1)
    projection.take([heard(Topic.STATUS, bed.status(AT), bed.patient, at=(0, 1))])
    projection.changes()

    assert told(projection, heard(Topic.STATUS, None, bed.patient, at=(0, 2)))["gone"] == [bed.patient]
    assert projection.beds == {}


def test_two_days_after_a_patient_has_left_nothing_of_the_stay_is_kept():
    """A board runs for months; who is here bounds what it keeps."""
    projection, gone, here = Projection(history_hours=24, mode="demo"), Bed(1), Bed(2)
    stay = [{"event": event, "patient_id": gone.patient, "mode": "demo"} for event in ("admit", "discharge")]
    projection.take([heard(Topic.PATIENTS, record, gone.patient) for record in stay])
    for bed in (gone, here):
        one = bed.raise_("Pulse 140/min", at=AT)
        projection.take([heard(Topic.STATUS, bed.status(AT), bed.patient, at=(0, 1))])
        projection.take([heard(Topic.ALERTS, bed.alert(one, AT), bed.patient)])
    projection.take([heard(Topic.STATUS, None, gone.patient, at=(0, 2))])
    # Read again after a restart, minutes come although nobody of that name is here.
    projection.take(heard(Topic.TRENDS, trend, gone.patient) for trend in gone.trends(AT, minutes=3))
    projection.changes()
    projection.forget()
    assert gone.patient in projection.columns and gone.patient in projection.alerts_of and projection.admissions._stays

    projection.take([heard(Topic.STATUS, here.status(AT + 48 * 60 * MINUTE + 1), here.patient, at=(0, 3))])
    projection.forget()
    assert (projection.columns, projection.admissions._stays, list(projection.alerts_of)) == ({}, {}, [here.patient])
    assert [story.patient for story in projection.stories.values()] == [here.patient]
    here.change(one, "cleared")
    projection.take([heard(Topic.ALERTS, here.alert(one, AT + MINUTE), here.patient)])
    projection.take([heard(Topic.STATUS, here.status(AT + 72 * 60 * MINUTE), here.patient, at=(0, 4))])
    projection.forget()
    assert (projection.stories, projection.alerts_of) == ({}, {})


@pytest.mark.parametrize("late", [False, True], ids=["heard before", "read after it, as by a board that starts"])
def test_of_an_erased_patient_no_alert_and_no_minute_is_kept(late):
    projection, erased, here = Projection(history_hours=24, mode="demo"), Bed(1), Bed(2)
    said = []
    for bed in (erased, here):
        one = bed.raise_("Pulse 140/min", at=AT - MINUTE)
        said += [heard(Topic.STATUS, bed.status(AT), bed.patient, at=(0, 1))]
        said += [heard(Topic.ALERTS, bed.alert(one, AT), bed.patient)]
        said += [heard(Topic.TRENDS, trend, bed.patient) for trend in bed.trends(AT, minutes=3)]
    erase = heard(Topic.PATIENTS, {"event": "erase", "patient_id": erased.patient, "mode": "demo"}, erased.patient)
    projection.take([erase, *said] if late else [*said, erase])
    projection.take([heard(Topic.STATUS, None, erased.patient, at=(0, 2))])

    for known in (projection.beds, projection.alerts_of, projection.columns):
        assert list(known) == [here.patient]
    assert [story.patient for story in projection.stories.values()] == [here.patient]

    anew = erased.raise_("SpO2 85%", at=AT + MINUTE)
    projection.take([heard(Topic.ALERTS, erased.alert(anew, AT + MINUTE), erased.patient)])
    assert anew in projection.stories, "whoever comes under the id later is somebody new"
    projection.admissions.forget(AT + 31 * 24 * 60 * MINUTE)
    assert not projection.admissions.is_erased(erased.patient, AT)


def test_of_a_patient_who_is_not_here_no_minutes_are_told():
    projection, bed = Projection(history_hours=24), Bed(1)

    assert (
        told(projection, *(heard(Topic.TRENDS, trend, bed.patient) for trend in bed.trends(AT, minutes=3)))["sparks"]
        == {}
    )


def test_a_repeated_revision_is_told_once():
    projection, bed = Projection(history_hours=24), Bed(1)
    one = bed.raise_("Pulse 140/min", at=AT)
    first = heard(Topic.ALERTS, bed.alert(one, AT), bed.patient)

    assert len(told(projection, first)["alerts"]) == 1
    assert told(projection, first) is None
    bed.change(one, "escalated")
    assert len(told(projection, heard(Topic.ALERTS, bed.alert(one, AT), bed.patient))["alerts"]) == 1
    assert [each["revision"] for each in projection.stories[one].revisions] == [1, 2]


def test_what_cannot_be_read_is_counted_and_changes_nothing():
    projection = Projection(history_hours=24)
    junk = Heard(Topic.STATUS, 0, 0, b"p", b"{not json", (), AT)

    assert told(projection, junk, junk._replace(topic=Topic.ALERTS), junk._replace(topic=Topic.TRENDS)) is None
    assert projection.unreadable == 3


@pytest.mark.parametrize("broken", [{"at": None}, {"at": "yesterday"}, {"interrupts": "yes"}, {"priority": "urgent"}])
def test_an_alert_that_lacks_what_every_page_needs_takes_no_page_down(broken: dict[str, Any]):
    projection, bed = Projection(history_hours=24), Bed(1)
    one = bed.raise_("Pulse 140/min", at=AT)
    projection.take([heard(Topic.STATUS, bed.status(AT), bed.patient)])
    projection.take([heard(Topic.ALERTS, {**bed.alert(one, AT), **broken}, bed.patient)])

    assert (projection.unreadable, projection.whole()["alerts"], burden(projection, AT)["calls"]) == (1, [], 0)
    assert handover(projection, now=AT, since=AT - 60 * MINUTE, ward=None)["beds"][0]["alerts"] == []
    projection.take([heard(Topic.ALERTS, bed.alert(one, AT), bed.patient)])
    assert len(projection.whole()["alerts"]) == 1


def test_an_open_alert_is_not_forgotten_for_the_sake_of_those_that_are_over():
    projection, bed = Projection(history_hours=24), Bed(1)
    first = bed.raise_("Pulse 140/min", at=AT)
    projection.take([heard(Topic.ALERTS, bed.alert(first, AT), bed.patient)])
    for _ in range(MAX_ALERTS_A_PATIENT):
        one = bed.raise_("SpO2 reads zero", at=AT)
        bed.change(one, "cleared", interrupts=False)
        projection.take([heard(Topic.ALERTS, bed.alert(one, AT), bed.patient)])

    assert first in projection.stories
    assert len(projection.stories) == MAX_ALERTS_A_PATIENT


def test_minutes_become_columns_with_their_usual_band():
    projection, bed = Projection(history_hours=24), Bed(1)
    projection.take([heard(Topic.STATUS, bed.status(AT), bed.patient)])
    projection.take(heard(Topic.TRENDS, trend, bed.patient) for trend in bed.trends(AT, minutes=30))
    columns = projection.columns[bed.patient].since(AT - 10 * MINUTE)

    assert len(columns["minutes"]) == 10
    assert set(columns["vitals"]["spo2"]) == {"value", "low", "high"}
    assert columns["vitals"]["spo2"]["high"][0] == 99.4


def test_a_minute_that_comes_again_after_a_restart_is_not_drawn_twice():
    projection, bed = Projection(history_hours=24), Bed(1)
    minutes = [heard(Topic.TRENDS, trend, bed.patient) for trend in bed.trends(AT, minutes=5)]
    projection.take([*minutes, *minutes])

    assert len(projection.columns[bed.patient].minutes) == 5


def test_old_minutes_are_forgotten():
    projection, bed = Projection(history_hours=1), Bed(1)
    projection.take(heard(Topic.TRENDS, trend, bed.patient) for trend in bed.trends(AT, minutes=400))

    assert 60 <= len(projection.columns[bed.patient].minutes) <= 300


def test_the_handover_names_who_did_what_and_what_nobody_has_seen():
    projection, bed = Projection(history_hours=24), Bed(1)
    one = bed.raise_("Pulse 140/min", at=AT - 30 * MINUTE)
    bed.change(one, "raised")
    projection.take([heard(Topic.ALERTS, bed.alert(one, AT - 30 * MINUTE), bed.patient)])
    done = {
        "action_id": "x",
        "action_type": "acknowledge",
        "who": "Nora Berg",
        "role": "nurse",
        "reason": "treatment",
        "text": "fluids",
    }
    bed.change(one, "acknowledged", action={**done, "at": "2026-11-22T11:40:00.000Z"}, interrupts=False)
    bed.alerts[one]["lifecycle"]["status"] = "acknowledged"
    projection.take([heard(Topic.ALERTS, bed.alert(one, AT - 20 * MINUTE), bed.patient)])
    bed.more["calls_bearable"] = 24.0  # what the rules say of the ward, a patient and day
    projection.take([heard(Topic.STATUS, bed.status(AT), bed.patient)])
    said = handover(projection, now=AT, since=AT - 60 * MINUTE, ward=None)
    alert = said["beds"][0]["alerts"][0]

    assert alert["actions"][0]["who"] == "Nora Berg"
    assert alert["minutes"] == {"calling": 10, "acknowledged": 20}
    assert (said["calls"], said["budget"]) == (1, 1.0)


def test_who_has_no_bed_and_nothing_to_tell_is_not_handed_over():
    projection, here, gone, calls = Projection(history_hours=24), Bed(1), Bed(2), Bed(3)
    for bed in (gone, calls):
        bed.more["assigned"] = False
    calls.raise_("Pulse 140/min", at=AT)
    projection.take([heard(Topic.STATUS, bed.status(AT), bed.patient) for bed in (here, gone, calls)])
    said = handover(projection, now=AT, since=AT - 60 * MINUTE, ward=None)

    assert [bed["patient_id"] for bed in said["beds"]] == [here.patient, calls.patient]


@pytest.mark.parametrize(("history_hours", "hours"), [(24, 48), (72, 72)])
def test_an_alert_that_is_over_is_kept_as_far_back_as_a_handover_and_the_charts_reach(history_hours: int, hours: int):
    projection, bed = Projection(history_hours=history_hours), Bed(1)
    one = bed.raise_("Pulse 140/min", at=AT)
    bed.change(one, "cleared", interrupts=False)
    projection.take([heard(Topic.ALERTS, bed.alert(one, AT), bed.patient)])
    bed.alerts.clear()
    for late, kept in ((0, 1), (1, 0)):
        at = AT + hours * 60 * MINUTE + late
        projection.take([heard(Topic.STATUS, bed.status(at), bed.patient, at=(0, 2 + late))])
        projection.forget()
        assert len(projection.stories) == kept


def test_the_handover_says_how_bad_it_was_and_not_how_it_ended():
    projection, bed = Projection(history_hours=24), Bed(1)
    one = bed.raise_("Pulse 140/min", "medium", at=AT - 30 * MINUTE)
    for state, headline, priority in (("worsened", "SpO2 79%", "high"), ("cleared", "Over: NEWS2 0", "medium")):
        projection.take([heard(Topic.ALERTS, bed.alert(one, AT - 20 * MINUTE), bed.patient)])
        bed.change(one, state, headline=headline, priority=priority)
    projection.take([heard(Topic.ALERTS, bed.alert(one, AT - 5 * MINUTE), bed.patient)])
    projection.take([heard(Topic.STATUS, bed.status(AT), bed.patient)])
    alert = handover(projection, now=AT, since=AT - 60 * MINUTE, ward=None)["beds"][0]["alerts"][0]

    assert (alert["worst"]["headline"], alert["highest"]) == ("SpO2 79%", "high")


def test_the_burden_is_held_against_what_the_rules_of_the_ward_call_bearable():
    projection = Projection(history_hours=24)
    for number, bearable in ((1, 2.3), (2, 2.3), (3, 0.5)):
        bed = Bed(number)
        bed.more["calls_bearable"] = bearable
        one = bed.raise_("Pulse 140/min", at=AT - 30 * MINUTE)
        projection.take([heard(Topic.ALERTS, bed.alert(one, AT - 30 * MINUTE), bed.patient)])
        projection.take([heard(Topic.STATUS, bed.status(AT), bed.patient)])

    assert burden(projection, AT) == {"calls": 3, "budget": 5.1, "beds": 3, "noisiest": 1}


def test_time_before_the_shift_does_not_count():
    projection, bed = Projection(history_hours=24), Bed(1)
    one = bed.raise_("Pulse 140/min", at=AT - 300 * MINUTE)
    projection.take([heard(Topic.ALERTS, bed.alert(one, AT - 300 * MINUTE), bed.patient)])

    assert time_in(projection.stories[one], AT, AT - 60 * MINUTE) == {"calling": 60}


def test_minutes_without_a_value_are_told_of_streamed_vitals_only():
    projection, bed = Projection(history_hours=24), Bed(1)
    bed.states["spo2"] = "sensor off"
    projection.take(heard(Topic.TRENDS, trend, bed.patient) for trend in bed.trends(AT, minutes=60))
    projection.take([heard(Topic.STATUS, bed.status(AT), bed.patient)])

    assert handover(projection, now=AT, since=AT - 60 * MINUTE, ward=None)["beds"][0]["stale_minutes"] == {"spo2": 8}


def admitted(patient: str, event: str = "admit", **facts: Any) -> Heard:
    return heard(Topic.PATIENTS, {"event": event, "patient_id": patient, "mode": "demo", **facts}, patient)


def test_a_patient_of_whom_no_worker_has_told_has_a_bed_all_the_same():
    projection = Projection(history_hours=24, mode="demo")
    until = "2026-11-22T14:00:00Z"
    limit = {"vital": "heart_rate", "low": 45, "author": "Dr Grau", "reason": "athlete", "until": until}
    [bed] = told(projection, admitted("p-1", ward="A", bed="A01", at="2026-11-22T12:00:00Z", limits=[limit]))["beds"]

    assert (bed["bed"], bed["ward"], bed["awaited"], bed["vitals"]) == ("A01", "A", True, {})
    assert (bed["orders"][0]["order"], bed["orders"][0]["author"]) == ("limit", "Dr Grau")


def test_what_a_worker_says_of_a_patient_counts_for_more_than_the_admission():
    projection, bed = Projection(history_hours=24, mode="demo"), Bed(1)
    projection.take([admitted(bed.patient, bed="A01"), heard(Topic.STATUS, bed.status(AT), bed.patient, at=(0, 0))])
    projection.changes()

    assert told(projection, admitted(bed.patient, event="transfer", bed="B09")) is None
    assert json.loads(projection.beds[bed.patient].raw) == bed.status(AT)


def test_a_patient_whom_nobody_watches_moves_and_leaves_with_the_records():
    projection = Projection(history_hours=24, mode="demo")
    projection.take([admitted("p-1", bed="A01")])

    assert told(projection, admitted("p-1", event="transfer", bed="B02"))["beds"][0]["bed"] == "B02"
    assert told(projection, admitted("p-1", event="discharge"))["gone"] == ["p-1"]


def test_a_patient_whom_the_worker_has_forgotten_is_still_in_the_bed():
    projection, bed = Projection(history_hours=24, mode="demo"), Bed(1)
    projection.take([admitted(bed.patient, bed="A01"), heard(Topic.STATUS, bed.status(AT), bed.patient, at=(0, 1))])

    assert told(projection, heard(Topic.STATUS, None, bed.patient, at=(0, 2)))["beds"][0]["awaited"]


def test_records_of_another_mode_and_broken_ones_are_no_patients():
    projection = Projection(history_hours=24, mode="demo")

    assert told(projection, admitted("p-1", mode="real")) is None
    assert told(projection, heard(Topic.PATIENTS, {"event": "arrives", "patient_id": "p-1"}, "p-1")) is None
    assert (projection.beds, projection.unreadable) == ({}, 1)


def unread(topic: Topic, patient: str, *, at: tuple[int, int] = (0, 2)) -> Heard:
    deep = b'{"patient_id": ' + b"[" * 9 + b"]" * 9 + b"}"
    return heard(topic, None, patient, at=at)._replace(value=deep)


@pytest.mark.parametrize("topic", [Topic.ALERTS, Topic.STATUS, Topic.TRENDS, Topic.PATIENTS, Topic.RULES])
def test_a_record_that_nests_too_deep_costs_itself_alone(topic):
    """The whole batch around it was dropped: 0 of 20 high alerts shown, at every start, and the board stayed ready."""
    projection, beds = Projection(history_hours=24, most_nesting=8), [Bed(number) for number in range(1, 21)]
    calls = [bed.alert(bed.raise_("SpO2 79%", at=AT), AT) for bed in beds]
    batch = [heard(Topic.STATUS, bed.status(AT), bed.patient) for bed in beds]
    batch += [heard(Topic.ALERTS, call, bed.patient) for bed, call in zip(beds, calls, strict=True)]
    projection.take([*batch[:30], unread(topic, "t-0001"), *batch[30:]])

    assert (len(projection.whole()["alerts"]), projection.unreadable) == (20, 1)


def test_whatever_a_record_holds_its_neighbours_are_shown():
    projection, bed = Projection(history_hours=24), Bed(1)
    rubbish = [
        heard(Topic.ALERTS, None, "p")._replace(value=value) for value in (b"{", b"\xff", b"[" * 99, b'"\\ud800"')
    ]
    projection.take([*rubbish, heard(Topic.STATUS, bed.status(AT), bed.patient)])

    assert (projection.unreadable, list(projection.beds)) == (4, [bed.patient])


def test_a_picture_with_a_hole_says_so_until_a_later_status_makes_it_good():
    projection, bed = Projection(history_hours=24, most_nesting=8), Bed(1)
    projection.take([unread(Topic.STATUS, bed.patient)])
    assert projection.completeness.missing == {bed.patient.encode()}

    projection.take([heard(Topic.STATUS, bed.status(AT), bed.patient, at=(0, 3))])
    assert projection.completeness.missing == frozenset()


def test_an_alert_that_could_not_be_read_is_missing_until_its_next_revision_is_read():
    projection, bed = Projection(history_hours=24, most_nesting=8), Bed(1)
    call = bed.alert(bed.raise_("SpO2 79%", at=AT), AT)
    projection.take([unread(Topic.ALERTS, bed.patient), heard(Topic.STATUS, bed.status(AT), bed.patient, at=(0, 3))])
    assert projection.completeness.missing == {bed.patient.encode()}, "the status names an alert that is not here"

    projection.take([heard(Topic.ALERTS, call, bed.patient)])
    assert projection.completeness.missing == frozenset()


def test_what_anybody_may_write_makes_no_hole_in_the_picture():
    """The worker refuses it, too: a board that called that a hole could be blinded by anybody."""
    projection = Projection(history_hours=24, most_nesting=8)
    projection.take([unread(topic, "t-0001") for topic in (Topic.PATIENTS, Topic.RULES, Topic.TRENDS)])

    assert (projection.unreadable, projection.completeness.missing) == (3, frozenset())
