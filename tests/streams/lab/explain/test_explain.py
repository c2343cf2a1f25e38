"""Why an alert was raised, why not, and what it would have taken: by the very same Vigil."""

import json

import pytest

from detectors.vigil import Vigil
from detectors.vigil.why_not import WORDS, WhyNot
from schemas.control_record import ControlRecordKeys
from schemas.times import to_ms, to_text
from streams.config.packaged_rules import packaged_rules
from streams.lab.explain.explain import NothingToExplain, explain_alert, explain_moment, explained
from streams.lab.explain.explain_words import in_words
from streams.lab.explain.observed_replay import looking
from streams.recorded.again import Recording
from tests.making import HOUR, MINUTE, SECOND, T0, Moment, action, reading, record, rules_with
from tests.streams.lab.recorded import Made

RULES = rules_with()
BIDMC = Recording.named("bidmc", 8, ControlRecordKeys.parse(""))


def streamed(until=10 * MINUTE, *, begin=0, step=5 * SECOND, patient="p", first=0, **values):
    return [reading(T0 + at, patient, sequence=first + at // step, **values) for at in range(begin, until, step)]


def at(ms):
    return T0 + ms


def why(entries, moment, rules=RULES, patient="p"):
    return explain_moment(Made(entries), rules, patient, at(moment))


def reasons(found):
    return [row["reason"] for row in found["why_not"]]


def opinion(found, detector, vital=None, **more):
    (row,) = (
        row
        for row in found["opinions"]
        if row["detector"] == detector
        and (vital is None or row["vital"] == vital)
        and all(row[name] == value for name, value in more.items())
    )
    return row


def test_looking_changes_no_byte_and_each_decision_taken_anew_says_the_same():
    looks = []
    rules = packaged_rules()
    plain = list(BIDMC.play(rules))

    seen = list(BIDMC.play(rules, looking("bidmc32", looks.append)))

    assert seen == plain
    assert len(looks) > 20
    assert [one for look in looks for one in look.said if one.topic == "alerts"]
    for look in looks:
        assert tuple(look.again(Vigil.restore(look.before, look.rules))) == look.said


def test_the_alert_explained_is_the_alert_raised():
    raised = [o.value for o in BIDMC.play(RULES) if o.topic == "alerts"]

    for value in raised[:1] + raised[-1:]:
        alert = json.loads(value)
        found = explain_alert(BIDMC, RULES, alert["alert_id"], alert["revision"])
        assert found["alert"] == alert
        assert found["decided_at"] == alert["at"]
        assert alert["alert_id"] in {said["alert_id"] for said in found["decision"]["said"]}


def test_an_alert_that_a_person_caused_is_explained_too():
    entries = [*streamed(spo2=97), action(T0 + 5 * MINUTE + 1, "p", "concern", 0, reason="gut_feeling")]
    raised = next(json.loads(o.value) for o in Made(entries).play(RULES) if o.topic == "alerts")

    found = explain_alert(Made(entries), RULES, raised["alert_id"])

    assert found["decision"]["reason"] == "concern"
    assert found["alert"] == raised


def test_values_come_with_age_source_and_doubts():
    entries = [*streamed(2 * MINUTE, spo2=97, resp_rate=3), *streamed(8 * MINUTE, begin=2 * MINUTE, first=500, spo2=97)]

    found = why(entries, 7 * MINUTE)

    rows = {row["vital"]: row for row in found["inputs"]}
    assert (rows["spo2"]["source"], rows["spo2"]["suspect"], rows["spo2"]["stale"]) == ("monitor", False, False)
    assert 0 < rows["spo2"]["age_s"] <= 17
    assert (rows["resp_rate"]["value"], rows["resp_rate"]["suspect"], rows["resp_rate"]["stale"]) == (3, True, True)
    assert opinion(found, "baseline", "resp_rate")["verdict"] == WhyNot.STALE
    assert WhyNot.STALE in reasons(found)


def test_below_every_threshold_and_not_yet_warm():
    found = why(streamed(spo2=97), 3 * MINUTE)

    assert reasons(found) == [WhyNot.BELOW_THRESHOLD]
    assert opinion(found, "baseline", "spo2")["verdict"] == WhyNot.WARMING_UP
    assert opinion(found, "news2", priority="high")["verdict"] == WhyNot.BELOW_THRESHOLD


def test_a_score_that_has_not_lasted_yet():
    """NEWS2 6 without a red score: medium after twelve windows, nothing before."""
    entries = streamed(spo2=92, resp_rate=22, heart_rate=115)

    found = why(entries, MINUTE)

    row = opinion(found, "news2", priority="medium")
    assert (row["score"], row["needed"], row["verdict"]) == (6, 12, WhyNot.NOT_YET_PERSISTENT)
    assert 0 < row["lasted"] < 12
    assert reasons(found) == [WhyNot.NOT_YET_PERSISTENT]
    (needs,) = (row for row in found["needed"] if row["vital"] is None and row["outcome"] == "calls")
    assert needs["after"] == 12 - row["lasted"]


def test_a_learned_finding_alone_is_shown_and_says_why_it_does_not_call():
    entries = [*streamed(60 * MINUTE, heart_rate=60), *streamed(80 * MINUTE, begin=60 * MINUTE, heart_rate=88)]

    found = why(entries, 79 * MINUTE)

    row = opinion(found, "baseline", "heart_rate")
    assert row["verdict"] == "finding" and row["score"] >= row["ends_at"]
    assert reasons(found) == [WhyNot.ALREADY_SHOWN, WhyNot.LEARNED_ALONE]


PREGNANT = {"maternity": "pregnant", "age_years": 30}


def stories():
    ill = streamed(20 * MINUTE, spo2=88, first=9000)
    yield "not covered", [record(T0, "p", "admit", 0, **PREGNANT), *ill], 10 * MINUTE, WhyNot.NOT_COVERED
    pause = {"reason": "scan", "until": Moment(T0 + HOUR)}
    paused = record(T0 + SECOND, "p", "pause", 0, pause=pause)
    yield "paused", [*streamed(SECOND, spo2=97), paused, *ill], 10 * MINUTE, WhyNot.PAUSED
    yield "shown", [*streamed(MINUTE, spo2=97), *ill], 70 * SECOND, WhyNot.BELOW_THRESHOLD
    yield "calls already", ill, 10 * MINUTE, WhyNot.ALREADY_CALLING
    better = streamed(30 * MINUTE, begin=20 * MINUTE, spo2=97, first=9000)
    yield "better, not yet over", [*ill, *better], 21 * MINUTE, WhyNot.NOT_YET_OVER
    lost = streamed(30 * MINUTE, begin=20 * MINUTE, resp_rate=16, first=9000)
    yield "sensor lost", [*ill, *lost], 28 * MINUTE, WhyNot.LOST_SENSOR_HOLDS
    doubtful = streamed(30 * MINUTE, begin=20 * MINUTE, spo2=97, resp_rate=3, first=9000)
    only_resp = streamed(20 * MINUTE, resp_rate=30, first=9000)
    yield "still red", [*only_resp, *doubtful], 21 * MINUTE, WhyNot.ALREADY_CALLING
    over = record(T0 + 15 * MINUTE, "p", "discharge", 1, confirmed=True)
    yield "discharged", [*ill, over], 17 * MINUTE, WhyNot.DISCHARGED


@pytest.mark.parametrize(
    ("entries", "moment", "reason"), [story[1:] for story in stories()], ids=lambda value: str(value)[:20]
)
def test_each_story_gives_its_reason(entries, moment, reason):
    found = why(entries, moment)

    assert reason in reasons(found)
    assert list(in_words(found))


def test_an_alert_that_somebody_owns_says_so():
    ill = streamed(20 * MINUTE, spo2=88)
    raised = next(json.loads(o.value) for o in Made(ill).play(RULES) if o.topic == "alerts")
    seen = action(T0 + 5 * MINUTE, "p", "acknowledge", 0, alert_id=raised["alert_id"], revision=9, reason="reviewing")

    assert WhyNot.ACKNOWLEDGED in reasons(why([*ill, seen], 10 * MINUTE))


def test_learned_alerts_that_called_enough_are_suppressed_by_the_patients_limit():
    rules = rules_with(("calling.learned_priority", "medium"), ("calling.patient_limit.calls", 1))
    usual = streamed(60 * MINUTE, heart_rate=60)
    entries = [*usual]
    for number in range(1, 3):  # twice another level for half an hour, and back for an hour
        begin = (1 + (number - 1) * 2) * HOUR
        entries += streamed(begin + 30 * MINUTE, begin=begin, heart_rate=88)
        entries += streamed(begin + 2 * HOUR, begin=begin + 30 * MINUTE, heart_rate=60)

    found = why(entries, 3 * HOUR + 20 * MINUTE, rules)

    assert WhyNot.PATIENT_LIMIT in reasons(found), [row["reason"] for row in found["why_not"]]


def test_what_it_would_have_taken_is_true_and_the_least():
    """Lived through as readings, the named value raises the alert after as many windows, and a milder one never
    does.
    """
    entries = streamed(5 * MINUTE, spo2=97, resp_rate=16, heart_rate=80)
    found = why(entries, 5 * MINUTE)
    rows = {(row["vital"], row["side"], row["outcome"]): row for row in found["needed"]}

    low = rows["spo2", "at_most", "calls"]
    assert (low["value"], low["after"], low["of"]) == (91, 4, "windows")

    def calls(value):
        more = streamed(20 * MINUTE, begin=5 * MINUTE, spo2=value, resp_rate=16, heart_rate=80)
        alerts = [json.loads(o.value) for o in Made([*entries, *more]).play(RULES) if o.topic == "alerts"]
        return next((to_ms_of(alert) - at(5 * MINUTE) for alert in alerts if alert["interrupts"]), None)

    assert calls(92) is None
    assert 3 * 15 * SECOND <= calls(91) <= 5 * 15 * SECOND + 2 * SECOND


def to_ms_of(alert):
    from datetime import datetime

    return to_ms(datetime.fromisoformat(alert["at"]))


def test_a_learned_risk_that_needs_two_looks_is_foreseen_when_it_will_call():
    """Looks at streams lie ten minutes apart: far beyond the persistence of anything by protocol."""
    rules = rules_with(
        ("risk.crossings.0.enter", -50.0),
        ("risk.crossings.0.leave", -60.0),
        ("risk.stream", 2),
        ("watch.learned_silent_hours", 0.001),
    )
    well = {"heart_rate": 80, "resp_rate": 16, "spo2": 97, "mean_bp": 85, "temperature": 37.0}

    found = why(streamed(5 * MINUTE, **well), 5 * MINUTE, rules)
    (row,) = (row for row in found["needed"] if row["vital"] is None and row["outcome"] == "calls")

    lived = [json.loads(o.value) for o in Made(streamed(40 * MINUTE, **well)).play(rules) if o.topic == "alerts"]
    called = next(to_ms_of(alert) for alert in lived if alert["interrupts"])
    assert row["after"] > 20
    assert abs(called - at(5 * MINUTE) - row["after"] * 15 * SECOND) <= 30 * SECOND


def test_where_somebody_is_called_already_it_takes_something_new_to_call_again():
    found = why(streamed(20 * MINUTE, spo2=88), 10 * MINUTE)

    assert found["decision"]["open_alert"]["status"] == "calling"
    assert not [row for row in found["needed"] if row["vital"] is None]
    assert not [row for row in found["needed"] if row["vital"] == "spo2" and row["side"] == "at_least"]


def test_with_what_the_alert_would_have_been_spared():
    entries = [*streamed(5 * MINUTE, spo2=97), *streamed(6 * MINUTE, begin=5 * MINUTE, spo2=90)]
    raised = next(json.loads(o.value) for o in Made(entries).play(RULES) if o.topic == "alerts")

    found = explain_alert(Made(entries), RULES, raised["alert_id"])

    assert [(row["vital"], row["side"], row["value"]) for row in found["spared_by"]] == [("spo2", "at_least", 92)]


@pytest.mark.parametrize(("patient", "moment"), [("nobody", 5 * MINUTE), ("p", -5 * MINUTE)])
def test_of_whom_nothing_was_decided_nothing_is_explained(patient, moment):
    with pytest.raises(NothingToExplain, match="nothing is decided"):
        why(streamed(spo2=97), moment, patient=patient)


def test_an_alert_that_the_recording_does_not_raise_is_named():
    with pytest.raises(NothingToExplain, match="no-such-alert"):
        explain_alert(Made(streamed(spo2=97)), RULES, "no-such-alert")


def test_a_limit_of_nothing_is_a_limit():
    """Zero is a number: an oxygen flow that must not be above 0, a risk that asks from log-odds of 0 on."""
    limits = [{"vital": "oxygen_flow", "low": None, "high": 0, "author": "Dr. X", "reason": "to be weaned"}]
    admitted = record(T0, "p", "admit", 0, limits=limits)
    rules = rules_with(("risk.crossings.0.enter", 0.0))
    well = {"heart_rate": 80, "resp_rate": 16, "spo2": 97, "mean_bp": 85, "temperature": 37.0}

    told = list(in_words(why([admitted, *streamed(30 * MINUTE, oxygen_flow=2, **well)], 25 * MINUTE, rules)))

    (limit,) = (line for line in told if line.startswith("  personal limit"))
    (risk,) = (line for line in told if line.startswith("  risk sepsis"))
    assert "begins at >= 0," in limit and "begins at 0:" in risk


def test_every_reason_has_its_words():
    assert set(WORDS) == set(WhyNot)


def test_a_decision_that_does_not_come_out_the_same_is_never_explained():
    """Other rules than those that decided would tell a story of their own."""
    looks = []
    list(Made(streamed(spo2=88)).play(RULES, looking("p", looks.append)))
    raised = next(look for look in looks if any(one.topic == "alerts" for one in look.said))

    with pytest.raises(RuntimeError, match="differs"):
        explained(raised._replace(rules=rules_with(("extreme.spo2.low", 89))))


def test_an_explanation_is_plain_json_and_names_the_moment_asked_for():
    found = why(streamed(spo2=97), 3 * MINUTE)

    assert json.loads(json.dumps(found)) == found
    assert found["asked_at"] == to_text(at(3 * MINUTE)) >= found["decided_at"]
