"""Patient records count by their encounter and their moment, in whatever order they come."""

import pytest

from streams.board.admissions import Admissions
from streams.log.control_records import tick
from tests.making import HOUR, SECOND, T0, Entry, Moment, alerts, new_partition, numbered, run, to_json
from tests.senders.stories import admitted, calls, heard, listen, patient_record, stream, subjects

HOUR_S, PATIENTS = 3_600, "vitals.patients"


def told(at_s, event, offset, *, moment=None, **facts):
    at = T0 + at_s * SECOND
    happened = Moment(at if moment is None else T0 + moment * SECOND)
    return patient_record(at, event, offset, **{"at": happened, **facts})


@pytest.mark.parametrize("event", ["discharge", "transfer", "pause", "update"])
def test_a_record_of_an_encounter_that_is_over_touches_nothing(event):
    more = {"discharge": {"confirmed": True}, "transfer": {"ward": "X", "bed": "9"}, "update": {"sex": "female"},
            "pause": {"pause": {"reason": "scan", "until": Moment(T0 + 9 * HOUR)}}}[event]  # fmt: skip
    log = [
        admitted(encounter="e-1"),
        told(HOUR_S, "admit", 1, encounter="e-2", ward="4A", bed="7", age_years=70, sex="male"),
        told(HOUR_S + 60, event, 2, moment=HOUR_S // 2, encounter="e-1", **more),
    ]
    said, became = listen(log, stream(HOUR_S + 62, 2 * HOUR_S, 5, lambda s: s > HOUR_S + 1_200))

    assert became["other_encounter"] == 1 and calls(said)
    assert {alert["bed"] for alert in said} == {"7"}


def test_a_transfer_that_is_older_than_where_the_patient_lies_moves_nobody():
    log = [admitted(), told(600, "transfer", 1, ward="4B", bed="9"), told(700, "transfer", 2, moment=300, bed="5")]
    said, became = listen(log, stream(702, 2_000, 5, lambda s: True))

    assert became["old_record"] == 1 and {alert["bed"] for alert in said} == {"9"}


@pytest.mark.parametrize("encounter", [None, "e-1"])
def test_the_same_admission_twice_is_one(encounter):
    facts = {} if encounter is None else {"encounter": encounter}
    log = stream(2, 3_600, 5, lambda s: s > 1_200)
    again = admitted(offset=1, **facts)._replace(at=T0 + 2_500 * SECOND)
    once, twice = heard(admitted(**facts), log), heard(admitted(**facts), again, log)

    assert [(a["alert_id"], a["revision"]) for a in once] == [(a["alert_id"], a["revision"]) for a in twice]


def test_another_admission_is_another_stay():
    said = heard(
        admitted(encounter="e-1"), told(2_500, "admit", 1, encounter="e-2", bed="8", age_years=70, sex="male"),
        stream(2, 3_600, 5, lambda s: s > 1_200),
    )  # fmt: skip

    assert len({alert["alert_id"] for alert in said if alert["kind"] == "physiological"}) == 2


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_discharge_planned_for_later_waits(confirmed):
    plan = told(600, "discharge", 1, moment=2 * HOUR_S, confirmed=confirmed)
    before = heard(admitted(), plan, stream(2, HOUR_S, 5, lambda s: s > 1_800))
    after = heard(admitted(), plan, stream(2, 3 * HOUR_S, 5))

    assert calls(before) and "discharged" not in subjects(before)
    assert ("discharged" in subjects(after)) is not confirmed


@pytest.mark.parametrize("how", ["cancel_discharge", "admit"])
def test_a_discharge_that_is_taken_back_leaves_the_stay_as_it_was(how):
    scale = {"spo2_scale": {"scale": 2, "prescriber": "dr-a", "reason": "COPD"}}
    back = {"admit": {"ward": "4A", "bed": "3", "moment": 0}}.get(how, {})
    log = [
        admitted(encounter="e-1", **scale),
        told(600, "discharge", 1, encounter="e-1", confirmed=True),
        told(780, how, 2, encounter="e-1", **back),
    ]
    quiet, _ = listen(log, [e._replace(body=_with(e, 89)) for e in stream(2, HOUR_S, 5)])
    ill = heard(log, stream(2, HOUR_S, 5, lambda s: s > 1_800))

    assert calls(quiet) == [] and calls(ill)


def test_a_planned_discharge_can_be_taken_back():
    said = heard(
        admitted(), told(600, "discharge", 1, moment=1_800), told(900, "cancel_discharge", 2), stream(2, HOUR_S, 5)
    )

    assert said == []


def _with(entry, saturation):
    vitals = {**entry.body["vitals"], "spo2": {"value": saturation, "unit": "%"}}
    return {**entry.body, "vitals": vitals}


def test_two_in_one_bed_is_told_and_ends_when_it_is_over():
    shared = told(600, "update", 1, shares=["bed"])
    over = told(1_200, "update", 2, shares=[])
    said = [alert for alert in heard(admitted(), shared, over, stream(2, 1_800, 5)) if alert["subject"] == "same bed"]

    assert calls(said, "technical") and said[-1]["state"] in ("resolved", "cleared")


def test_the_board_tells_both_patients_of_a_bed_or_a_device_that_they_share():
    def taken(known, patient, event, at, **facts):
        body = {"event": event, "patient_id": patient, "mode": "demo", **facts}
        known.take(to_json(body), at)

    known = Admissions("demo")
    taken(known, "p", "admit", 0, ward="4A", bed="12", devices=["mon-12"])
    taken(known, "q", "admit", 1, ward="4A", bed="12", devices=["mon-12"])
    taken(known, "r", "admit", 2, ward="4B", bed="12")
    assert known.sharing() == [("p", ("bed", "device")), ("q", ("bed", "device"))]

    for patient, shares in known.sharing():
        taken(known, patient, "update", 3, shares=list(shares))
    assert known.sharing() == []

    taken(known, "p", "discharge", 4)
    assert known.sharing() == [("q", ())]


@pytest.mark.parametrize("times", [1, 2])
def test_a_merge_hands_on_what_stood_open_and_ends_the_watch_of_the_old_id(times):
    """The worker signs what is handed on, and puts it into the log of the id that stays."""
    log = [admitted(), *stream(2, 900, 5, lambda s: s > 300)]
    merges = [told(900 + n, "merge", 1 + n, merged_into="q") for n in range(times)]
    old, new = new_partition(), new_partition()
    outputs = run(old, [*log, *merges, *stream(905, 1_000, 5)])
    handed = [output for output in outputs if output.topic == "readings"]

    assert [output.key for output in handed] == [b"q"]
    ended = [alert["state"] for alert in alerts(outputs) if alert["subject"] == "deterioration"][-1]
    assert ended in ("resolved", "cleared") and old.tally.refusals["merged"] == 19 * 4

    _, key, value, headers, _ = handed[0]
    begun = numbered([Entry(T0, "patient", "q", {"event": "admit", "patient_id": "q", "mode": "test"}, (PATIENTS, 0))])
    records = [*begun, *[(1 + n, T0 + (901 + n) * SECOND, key, value, headers) for n in range(times)]]
    said = alerts(new.run([*records, (9, T0 + 930 * SECOND, *tick())]))

    assert len(calls(said)) == 1 and calls(said)[0]["at"] == "2026-11-22T12:15:01.000Z"
    assert [alert["subject"] for alert in calls(said, "technical")] == ["merged"]
    assert "SpO2 86%" in calls(said, "technical")[0]["headline"]


def test_nobody_but_a_worker_says_what_was_handed_on():
    forged = patient_record(T0, "merged", 1, merged_from="x", carried=[])
    _, became = listen(admitted(), forged)

    assert became["bad_record"] == 1
