"""Every step that a ladder names reaches somebody, for every priority and kind, or the start is refused."""

import json
from datetime import time

import pytest

from detectors.rules import Rules, read_rules
from schemas.action import Step
from schemas.alert import Kind, Priority
from streams.config.packaged_rules import packaged_rules, packaged_rules_bytes
from streams.config.settings import Settings
from streams.installation import reaching
from streams.installation.finding import Code
from streams.notify.reach import calls_of, dry_run, gaps, refuse_where_nobody_is_reached
from streams.notify.routes import RoutesFault, Span
from streams.notify.settings import NotifySettings
from tests.streams.notify.conftest import MACHINE, START, person, routes_of

PACKAGED = [packaged_rules()]
EVERYBODY = [person(step) for step in Step if step is not Step.RAPID_RESPONSE]


def changed(**calling) -> Rules:
    rules = json.loads(packaged_rules_bytes())
    rules["calling"] |= calling
    return read_rules(json.dumps(rules).encode())


def test_one_recipient_a_step_reaches_every_call_of_the_packaged_ladders():
    refuse_where_nobody_is_reached(routes_of(*EVERYBODY), PACKAGED)


def test_a_ward_with_a_rapid_response_team_needs_its_device():
    team = {"rapid_response": True, "calls_per_patient_day": 9}
    rules = changed(wards={"*": team | {"rapid_response": False}, "ICU": team})
    assert {(one.ward, one.call.step) for one in gaps(routes_of(*EVERYBODY), [rules])} == {("ICU", Step.RAPID_RESPONSE)}
    assert not list(gaps(routes_of(*EVERYBODY, person(Step.RAPID_RESPONSE)), [rules]))


def test_hours_between_two_shifts_are_named():
    by_day = [person(Step.NURSE, shift=Span(time(7), time(19))), *EVERYBODY[1:], MACHINE]
    with pytest.raises(RoutesFault, match=r"nobody for nurse at 00:00 \(high physiological\)"):
        refuse_where_nobody_is_reached(routes_of(*by_day), PACKAGED)

    shifts = [Span(time(7), time(19, 30)), Span(time(19, 45), time(7))]
    nurses = [person(Step.NURSE, f"n{number}", shift=shift) for number, shift in enumerate(shifts)]
    with pytest.raises(RoutesFault, match="nobody for nurse at 19:30"):
        refuse_where_nobody_is_reached(routes_of(*nurses, *EVERYBODY[1:]), PACKAGED)


@pytest.mark.parametrize(
    ("narrow", "words"),
    [
        ({"priorities": frozenset({Priority.HIGH})}, "medium physiological"),
        ({"kinds": frozenset({Kind.PHYSIOLOGICAL})}, "high technical"),
    ],
)
def test_a_recipient_for_some_calls_alone_leaves_the_others_with_nobody(narrow, words: str):
    with pytest.raises(RoutesFault, match=words):
        refuse_where_nobody_is_reached(routes_of(person(Step.NURSE, **narrow), *EVERYBODY[1:]), PACKAGED)


def test_the_rules_in_force_count_and_not_those_that_ship():
    ladder = {priority: [] for priority in ("high", "medium", "low")}
    plans = {plan: ladder | {"high": [{"to": "doctor", "after_minutes": 0}]} for plan in ("full", "limited", "comfort")}
    rules = changed(ladders=plans, last_resort_minutes=None)

    assert {one.step for one in calls_of(rules)} == {Step.DOCTOR}
    assert not list(gaps(routes_of(person(Step.DOCTOR)), [rules]))
    assert list(gaps(routes_of(person(Step.DOCTOR)), PACKAGED))


def test_doctor_finds_a_step_that_reaches_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr(reaching, "rules_in_force", lambda _: PACKAGED)
    routes = tmp_path / "routes.toml"
    routes.write_text(
        "".join(
            f'[[recipient]]\nname = "{step}"\nrole = "{step}"\nchannel = "pcd04"\naddress = "127.0.0.1:1"\n'
            for step in ("nurse", "shift_lead", "last_resort")
        )
    )
    found = list(reaching.reach_findings(Settings(), NotifySettings(routes=routes)))

    assert [one.code for one in found] == [Code.STEP_REACHES_NOBODY]
    assert "nobody for doctor at 00:00" in found[0].says and "role = 'doctor'" in found[0].remedy
    routes.write_text("[[recipient")
    assert [one.code for one in reaching.reach_findings(Settings(), NotifySettings(routes=routes))] == [
        Code.ROUTES_UNUSABLE
    ]
    assert not list(reaching.reach_findings(Settings(), NotifySettings()))


def test_a_dry_run_shows_each_ward_step_priority_and_kind_by_day_and_by_night_and_what_quiet_hours_hold():
    night = person(Step.NURSE, "night", wards=frozenset({"A"}), quiet=Span(time(22), time(6)))
    technical = person(Step.NURSE, "technician", kinds=frozenset({Kind.TECHNICAL}), shift=Span(time(7), time(19)))
    rows = dry_run(routes_of(night, technical), {"now": START.replace(hour=12), "03:00": START.replace(hour=3)})
    shown = {
        (row["when"], row["priority"], row["kind"]): (row["recipients"], row["quiet"])
        for row in rows
        if (row["ward"], row["step"]) == ("A", "nurse")
    }

    assert shown["now", "low", "physiological"] == (["night"], [])
    assert shown["now", "low", "technical"] == (["night", "technician"], [])
    assert shown["03:00", "low", "any"] == (["night"], ["night"]), "low alone is held"
    assert shown["03:00", "high", "any"] == (["night"], [])
    assert {row["step"] for row in rows if not row["recipients"]} >= {step.value for step in Step} - {"nurse"}
