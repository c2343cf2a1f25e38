"""The board says which steps of the ladders in force reach nobody: by its accounts, and by the routes that it knows."""

from datetime import time
from zoneinfo import ZoneInfo

import pytest

from schemas.action import Role, Step
from streams.board.accounts import LOCAL, Account
from streams.board.projection import Projection
from streams.board.unreached import routes_told, unreached
from streams.config.packaged_rules import packaged_rules
from streams.config.topics import Topic
from streams.notify.routes import Channel, Recipient, Routes, Span
from tests.browser.made import Bed
from tests.streams.board.test_projection import AT, heard

RULES = {"A": [packaged_rules()]}


def routes(*recipients: tuple[Step, Span | None]) -> Routes:
    made = (
        Recipient(name=step.value, channel=Channel.WEBHOOK, role=step, shift=shift, url="http://127.0.0.1/")
        for step, shift in recipients
    )
    return Routes(tuple(made), ZoneInfo("UTC"))


def steps(*people: Account, by: Routes | None = None) -> dict[str, str | None]:
    return {one.step: one.hour for one in unreached(RULES, by, people)}


def test_without_routes_a_step_is_reached_by_accounts_of_its_role_alone():
    doctor = Account("grau", "Grau", Role.DOCTOR, "")

    assert {"doctor", "last_resort"} <= steps(LOCAL).keys()
    assert not {"nurse", "shift_lead"} & steps(LOCAL).keys()
    assert "doctor" not in steps(LOCAL, doctor)
    assert "doctor" in steps(LOCAL, Account("grau", "Grau", Role.DOCTOR, "", frozenset({"B"}))), "of another ward"


def test_a_route_reaches_a_step_and_where_its_shift_ends_nobody_does():
    day = Span(time(7), time(19))
    others = [(step, None) for step in Step if step is not Step.DOCTOR]

    assert steps(by=routes(*others)) == {"doctor": None}, "at no time"
    assert steps(by=routes(*others, (Step.DOCTOR, day))) == {"doctor": "00:00"}
    assert steps(by=routes(*others, (Step.DOCTOR, None))) == {}


def test_the_rules_of_a_ward_are_those_by_which_its_patients_are_watched():
    projection, known, unknown, gone = Projection(history_hours=24), Bed(1), Bed(2, ward="B"), Bed(3, ward="C")
    rules = packaged_rules()
    known.more["rules"] = {"name": rules.name, "version": rules.version, "sha256": rules.sha256}
    gone.more["assigned"] = False
    projection.take([heard(Topic.STATUS, bed.status(AT), bed.patient) for bed in (known, unknown, gone)])

    assert projection.rules_by_ward() == {"A": [rules], "B": [rules]}


def test_routes_that_cannot_be_read_are_none_and_the_board_goes_on(
    tmp_path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv("VIGILWARD_NOTIFY_ROUTES", str(tmp_path / "none.toml"))

    assert routes_told() is None
    assert "routes are not known here" in caplog.text
