"""What people enter: sets that can be corrected, orders of a doctor, alerts that one person has at a time."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.patient import PatientRecord
from schemas.reading import Reading
from schemas.times import to_text
from streams.board.accounts import as_lines, role_of
from streams.config.settings import Settings
from streams.config.topics import Topic
from tests.browser.made import Bed, Ward, lifecycle, now
from tests.streams.board.conftest import (
    PASSWORD,
    BoardProcess,
    Visitor,
    awaited,
    events,
    everything,
    history,
    until_told,
)

PEOPLE = {"nora": "nurse", "nils": "nurse", "lea": "shift lead", "grau": "doctor"}


@pytest.fixture(scope="module")
def bed(ward: Ward) -> Bed:
    one = Bed(1)
    one.alert_id = one.raise_("Resp rate 27/min, usual 16", "medium")
    ward.tell(one, one.alert_id)
    ward.flush()
    return one


@pytest.fixture(scope="module")
def board(settings: Settings, bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoardProcess]:
    path: Path = tmp_path_factory.mktemp("accounts") / "accounts.toml"
    path.write_text("\n".join(as_lines(one, one.title(), role_of(role), PASSWORD) for one, role in PEOPLE.items()))
    process = BoardProcess(settings, accounts=path, send_within_s=2, secret="a secret of the tests").start()
    yield process
    process.kill()


@pytest.fixture(scope="module")
def as_(board: BoardProcess) -> Callable[[str], Visitor]:
    known: dict[str, Visitor] = {}

    def visitor(login: str) -> Visitor:
        if login not in known:
            known[login] = Visitor(board.address).sign_in(login)
        return known[login]

    return visitor


def test_a_set_can_be_corrected_once_and_then_entered_in_error(settings: Settings, bed: Bed, as_: Any):
    nora, nils = as_("nora"), as_("nils")
    taken = to_text(now() - 120_000)
    said = {"patient_id": bed.patient, "taken_at": taken}
    assert (
        nora.ask(
            "POST", "/api/observations", {**said, "action_id": "set-00001", "resp_rate": 61, "sure": ["resp_rate"]}
        )[0]
        == 201
    )
    history(nora, bed, lambda said: len(said["sets"]) == 1)
    mended = {**said, "action_id": "set-00002", "resp_rate": 16, "corrects": "set-00001"}
    assert nils.ask("POST", "/api/observations", mended)[0] == 201
    sets = history(nora, bed, lambda said: len(said["sets"]) == 2)["sets"]

    assert [(one["who"], one["vitals"], one["replaced_by"]) for one in sets] == [
        ("Nora", {"resp_rate": 61.0}, "set-00002"),
        ("Nils", {"resp_rate": 16.0}, None),
    ]
    assert nora.ask("POST", "/api/observations", {**mended, "action_id": "set-00003"})[0] == 409, "once"
    assert nils.ask("POST", "/api/observations", mended)[0] == 201, "the same word again is the same word"
    assert (
        nora.ask("POST", "/api/observations", {**mended, "action_id": "set-00004", "corrects": "set-never"})[0] == 404
    )
    error = {**said, "action_id": "set-00005", "corrects": "set-00002"}
    assert nora.ask("POST", "/api/observations", error)[0] == 201
    history(nora, bed, lambda said: any(not one["vitals"] for one in said["sets"]))
    readings = [Reading.model_validate_json(json.dumps(value)) for _, _, value in everything(settings, Topic.READINGS)]
    by_number = {one.sequence: one for one in readings}
    last = readings[-1]

    assert last.vitals == {}
    assert by_number[last.corrects].vitals["resp_rate"].value == 16
    assert by_number[by_number[last.corrects].corrects].vitals["resp_rate"].value == 61


def test_an_unusual_value_is_asked_about_and_the_score_is_known_before_it_is_sent(bed: Bed, as_: Any):
    nora = as_("nora")
    slip = {"patient_id": bed.patient, "spo2": 9}
    status, looked = nora.ask("POST", "/api/score", slip)
    assert (status, looked["unusual"], looked["parts"]["spo2"]) == (200, ["spo2"], 3)
    said = {**slip, "action_id": "set-00010", "taken_at": to_text(now())}
    status, refused = nora.ask("POST", "/api/observations", said)

    assert status == 409
    assert "really SpO2 9%" in refused["detail"]["words"]
    assert nora.ask("POST", "/api/observations", {**said, "sure": ["spo2"]})[0] == 201
    earlier = {"patient_id": bed.patient, "spo2": 80, "taken_at": to_text(now() - 300_000)}
    assert nora.ask("POST", "/api/score", earlier)[1]["parts"]["spo2"] == 0, "the stream has said more since"
    assert nora.ask("POST", "/api/score", {**earlier, "taken_at": to_text(now() - 13 * 3_600_000)})[0] == 422
    usual = nora.ask("POST", "/api/score", {"patient_id": bed.patient, "spo2": 97, "resp_rate": 16})[1]
    assert (usual["unusual"], usual["score_min"]) == ([], 0)


def test_scale_2_limits_and_plans_are_a_doctors(settings: Settings, bed: Bed, as_: Any):
    scale = {"kind": "spo2_scale", "scale": 2, "hours": 24}
    said = {"patient_id": bed.patient, "action_id": "ord-00001", "order": scale}
    assert as_("lea").ask("POST", "/api/orders", said)[0] == 422
    assert as_("grau").ask("POST", "/api/orders", said)[0] == 201
    named = {**said, "action_id": "ord-00002", "order": {**scale, "prescriber": "Dr Haas"}}
    assert as_("lea").ask("POST", "/api/orders", named)[0] == 201
    records = [
        PatientRecord.model_validate_json(json.dumps(value)) for _, _, value in everything(settings, Topic.PATIENTS)
    ]

    assert [one.spo2_scale.prescriber for one in records] == ["Grau", "Dr Haas, entered by Lea"]


def waiting(visitor: Visitor, bed: Bed, order: str) -> list[dict[str, Any]]:
    """What of this kind waits for its confirmation, as a page is told at once."""
    [(_, _, whole)] = events(visitor, 1)
    return [one for one in whole["pulse"]["unconfirmed"].get(bed.patient, []) if one["order"] == order]


def test_an_order_in_a_prescribers_name_is_shown_until_a_doctor_has_confirmed_it(bed: Bed, as_: Any):
    lea, grau = as_("lea"), as_("grau")
    plan = {"kind": "escalation_plan", "plan": "limited", "reason": "frailty", "hours": 24, "prescriber": "Dr Haas"}
    assert (
        lea.ask("POST", "/api/orders", {"patient_id": bed.patient, "action_id": "ord-00003", "order": plan})[0] == 201
    )
    mine = awaited(lambda: waiting(lea, bed, "escalation_plan"), bool)
    assert [(one["prescriber"], one["who"]) for one in mine] == [("Dr Haas", "Lea")]
    assert 11.9 < (mine[0]["confirm_by"] - now()) / 3_600_000 <= 12
    word = {"patient_id": bed.patient, "action_id": "con-00001", "confirms": "ord-00003"}

    assert lea.ask("POST", "/api/orders/confirm", word)[0] == 403
    assert grau.ask("POST", "/api/orders/confirm", word)[0] == 201
    awaited(lambda: waiting(lea, bed, "escalation_plan"), lambda mine: not mine)
    assert grau.ask("POST", "/api/orders/confirm", word)[0] == 201, "the same word, after its answer was lost"
    assert grau.ask("POST", "/api/orders/confirm", {**word, "action_id": "con-00002"})[0] == 404


def test_an_order_can_be_ended_and_the_others_stay(settings: Settings, bed: Bed, ward: Ward, as_: Any):
    grau = as_("grau")
    until = to_text(now() + 3_600_000)
    limit = {"order": "limit", "low": 45.0, "high": None, "author": "Grau", "reason": "athlete", "value": None}
    more = {"until": until, "ends_soon": False}
    bed.more["orders"] = [{**limit, **more, "vital": "heart_rate"}, {**limit, **more, "vital": "spo2", "low": 88.0}]
    ward.tell(bed)
    ward.flush()
    until_told(grau, bed)
    said = {"patient_id": bed.patient, "action_id": "end-00001", "order": "limit", "vital": "heart_rate"}
    assert as_("nora").ask("POST", "/api/orders/end", said)[0] == 403
    assert grau.ask("POST", "/api/orders/end", said)[0] == 201
    assert grau.ask("POST", "/api/orders/end", {**said, "action_id": "end-00002"})[0] == 404
    plan = {"patient_id": bed.patient, "action_id": "end-00003", "order": "escalation_plan"}
    assert grau.ask("POST", "/api/orders/end", plan)[0] == 201
    [limits, ended] = [value for _, _, value in everything(settings, Topic.PATIENTS)][-2:]

    assert [one["vital"] for one in limits["limits"]] == ["spo2"]
    assert (
        ended["escalation_plan"] is None
        and "escalation_plan" in PatientRecord.model_validate(ended, strict=False).model_fields_set
    )


def test_the_second_to_acknowledge_is_told_who_has_it_and_takes_over_by_saying_so(bed: Bed, ward: Ward, as_: Any):
    word = {
        "patient_id": bed.patient,
        "action_type": "acknowledge",
        "alert_id": bed.alert_id,
        "revision": 1,
        "reason": "reviewing",
    }
    first = {**word, "action_id": "ack-00001", "priority": "medium"}
    assert as_("nora").ask("POST", "/api/actions", first)[0] == 201
    second = {**word, "action_id": "ack-00002", "priority": "medium"}
    status, refused = as_("nils").ask("POST", "/api/actions", second)
    assert status == 409, "also before the worker has answered the first"
    assert (refused["detail"]["code"], refused["detail"]["who"]) == ("has_alert", "Nora")
    assert as_("nora").ask("POST", "/api/actions", first)[0] == 201, "her own word again is the same word"
    owner = {"who": "Nora", "role": "nurse"}
    bed.change(bed.alert_id, "acknowledged", lifecycle=lifecycle("acknowledged", owner=owner, since=to_text(now())))
    ward.tell(bed, bed.alert_id)
    ward.flush()
    until_told(as_("nils"), bed)

    assert as_("nils").ask("POST", "/api/actions", second)[0] == 409
    assert as_("nils").ask("POST", "/api/actions", {**second, "takes_over_from": "Nora"})[0] == 201
