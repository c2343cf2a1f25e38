"""The board's service on an embedded broker: who may do what, and that the broker has a word before it is answered."""

import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from schemas.action import Action
from schemas.patient import PatientRecord
from schemas.reading import Reading
from schemas.times import to_text
from streams.board.accounts import as_lines, role_of
from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.log.placing import partition_of
from tests.browser.made import Bed, Ward, now
from tests.streams.board.conftest import PARTITIONS, PASSWORD, BoardProcess, Visitor, events, everything, until_told

SECRET = "a secret of the tests"


@pytest.fixture(scope="module")
def beds(ward: Ward) -> dict[str, Bed]:
    made = {bed.bed: bed for bed in (Bed(number) for number in range(1, 5))}
    ill = made["A01"]
    ill.alert_id = ill.raise_("Resp rate 27/min, usual 16")
    for bed in made.values():
        ward.tell_trends(bed, minutes=20)
        ward.tell(bed, *bed.alerts)
    ward.flush()
    return made


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("accounts") / "accounts.toml"
    people = [("vera", "viewer"), ("nora", "nurse"), ("lea", "shift lead"), ("sam", "safety officer")]
    path.write_text("\n".join(as_lines(login, login.title(), role_of(role), PASSWORD) for login, role in people))
    return path


@pytest.fixture(scope="module")
def board(
    settings: Settings, beds: dict[str, Bed], accounts: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator:
    names = tmp_path_factory.mktemp("names") / "names.json"
    names.write_text(json.dumps({bed.patient: {"name": "Adler, Anna", "born": "1951-07-30"} for bed in beds.values()}))
    process = BoardProcess(settings, accounts=accounts, directory=names, send_within_s=2, secret=SECRET).start()
    yield process
    process.kill()


@cache
def signed_in(board: BoardProcess, login: str) -> Visitor:
    return Visitor(board.address).sign_in(login)


@pytest.fixture(scope="module")
def nora(board: BoardProcess) -> Visitor:
    return signed_in(board, "nora")


def acknowledgement(bed: Bed, identity: str = "act-0001") -> dict[str, Any]:
    said = {"action_id": identity, "patient_id": bed.patient, "action_type": "acknowledge", "alert_id": bed.alert_id}
    return {**said, "revision": 1, "priority": "high", "reason": "reviewing"}


def test_an_action_is_with_the_broker_when_it_is_answered(settings: Settings, beds: dict[str, Bed], nora: Visitor):
    status, said = nora.ask("POST", "/api/actions", acknowledgement(beds["A01"]))
    [(partition, key, value)] = [
        one for one in everything(settings, Topic.ACTIONS) if one[2]["action_id"] == "act-0001"
    ]
    action = Action.model_validate_json(json.dumps(value))

    assert (status, said["partition"]) == (201, partition)
    assert (key.decode(), partition) == (beds["A01"].patient, partition_of(beds["A01"].patient, PARTITIONS))
    assert (action.who, action.role, action.reason, action.mode) == ("Nora", "nurse", "reviewing", "demo")


def test_who_acts_is_the_servers_to_say(beds: dict[str, Bed], nora: Visitor):
    assert nora.ask("POST", "/api/actions", {**acknowledgement(beds["A01"]), "who": "Somebody else"})[0] == 422


def test_an_alert_of_another_patient_is_refused(beds: dict[str, Bed], nora: Visitor):
    wrong = {**acknowledgement(beds["A01"]), "patient_id": beds["A02"].patient}

    assert nora.ask("POST", "/api/actions", wrong)[0] == 404


def test_what_was_seen_with_a_lower_priority_is_not_acknowledged(beds: dict[str, Bed], nora: Visitor):
    status, said = nora.ask("POST", "/api/actions", {**acknowledgement(beds["A01"]), "priority": "medium"})

    assert status == 409
    assert said["detail"]["code"] == "worse"


def test_an_acknowledgement_needs_its_reason(beds: dict[str, Bed], nora: Visitor):
    assert nora.ask("POST", "/api/actions", {**acknowledgement(beds["A01"]), "reason": None})[0] == 422


def test_observations_become_a_spot_reading_that_may_be_sent_twice(
    settings: Settings, beds: dict[str, Bed], nora: Visitor
):
    seen = {
        "action_id": "obs-00001",
        "patient_id": beds["A02"].patient,
        "taken_at": to_text(now()),
        "consciousness": "C",
    }
    said = {**seen, "supplemental_oxygen": True, "oxygen_flow": 2, "temperature": 38.4}

    assert [nora.ask("POST", "/api/observations", said)[0] for _ in range(2)] == [201, 201]
    first, second = (value for _, _, value in everything(settings, Topic.READINGS))
    reading = Reading.model_validate_json(json.dumps(first))
    assert first == second
    assert (reading.source, reading.vitals["consciousness"].value, reading.vitals["temperature"].unit) == (
        "spot",
        "C",
        "Cel",
    )


@pytest.mark.parametrize("wrong", [{"spo2": 140}, {}, {"taken_at": "2020-01-01T00:00:00Z", "spo2": 97}])
def test_observations_that_cannot_be_are_refused(wrong: dict[str, Any], beds: dict[str, Bed], nora: Visitor):
    said = {"action_id": "obs-00002", "patient_id": beds["A02"].patient, "taken_at": to_text(now()), **wrong}

    assert nora.ask("POST", "/api/observations", said)[0] == 422


def test_an_order_carries_author_reason_and_end(settings: Settings, beds: dict[str, Bed], board: BoardProcess):
    lea = signed_in(board, "lea")
    patient = beds["A03"].patient
    limit = {"kind": "limit", "vital": "heart_rate", "low": 45, "high": None, "reason": "athlete", "hours": 24}
    limit["prescriber"] = "Dr Grau"
    scale = {"kind": "spo2_scale", "scale": 2, "prescriber": "Dr Grau", "hours": 48}
    for number, order in enumerate((limit, scale)):
        said = {"action_id": f"ord-0000{number}", "patient_id": patient, "order": order}
        assert lea.ask("POST", "/api/orders", said)[0] == 201
    said = {"action_id": "pau-00001", "patient_id": patient, "minutes": 60, "reason": "scan"}
    assert lea.ask("POST", "/api/pause", said)[0] == 201
    records = [
        PatientRecord.model_validate_json(json.dumps(value)) for _, _, value in everything(settings, Topic.PATIENTS)
    ]

    assert records[0].limits[0].author == "Dr Grau, entered by Lea"
    assert (records[1].spo2_scale.scale, records[1].spo2_scale.prescriber) == (2, "Dr Grau, entered by Lea")
    assert (records[2].event, records[2].pause.reason, records[2].pause.author) == ("pause", "scan", "Lea")


def test_other_limits_stay_with_the_author_whom_the_worker_tells(
    settings: Settings, beds: dict[str, Bed], ward: Ward, board: BoardProcess
):
    bed, lea = beds["A04"], signed_in(board, "lea")
    until = to_text(now() + 3_600_000)
    theirs = {"vital": "spo2", "low": 88.0, "high": None, "author": "Dr Grau", "reason": "COPD", "until": until}
    bed.more["orders"] = [{**theirs, "order": "limit", "value": None, "ends_soon": False}]
    ward.tell(bed)
    ward.flush()
    until_told(lea, bed)
    mine = {"kind": "limit", "vital": "heart_rate", "low": 45, "high": None, "reason": "athlete", "hours": 24}
    mine["prescriber"] = "Dr Haas"
    said = {"action_id": "ord-00007", "patient_id": bed.patient, "order": mine}
    forged = [{**theirs, "author": "Somebody else"}]

    assert lea.ask("POST", "/api/orders", {**said, "limits_in_force": forged})[0] == 422
    assert lea.ask("POST", "/api/orders", said)[0] == 201
    record = [value for _, key, value in everything(settings, Topic.PATIENTS) if key.decode() == bed.patient][-1]
    assert [(one["vital"], one["author"]) for one in record["limits"]] == [
        ("spo2", "Dr Grau"),
        ("heart_rate", "Dr Haas, entered by Lea"),
    ]
    # The worker has not told of it yet, and it goes along with the next all the same.
    next_one = {**said, "action_id": "ord-00008", "order": {**mine, "vital": "resp_rate", "low": 8}}
    assert lea.ask("POST", "/api/orders", next_one)[0] == 201
    record = [value for _, key, value in everything(settings, Topic.PATIENTS) if key.decode() == bed.patient][-1]
    assert [one["vital"] for one in record["limits"]] == ["spo2", "heart_rate", "resp_rate"]
    ward.calm(bed)


def test_a_pause_is_at_most_two_hours(beds: dict[str, Bed], nora: Visitor):
    long = {"action_id": "pau-00002", "patient_id": beds["A03"].patient, "minutes": 121, "reason": "scan"}

    assert nora.ask("POST", "/api/pause", long)[0] == 422


@pytest.mark.parametrize(
    ("login", "path", "status"),
    [
        ("vera", "/api/actions", 403),
        ("sam", "/api/actions", 403),
        ("vera", "/api/observations", 403),
        ("nora", "/api/orders", 403),
        ("vera", "/api/names", 200),
        ("sam", "/api/handover?hours=8", 200),
    ],
)
def test_roles_may_do_what_is_theirs(login: str, path: str, status: int, board: BoardProcess):
    method = "GET" if status == 200 else "POST"

    assert signed_in(board, login).ask(method, path, None if method == "GET" else {})[0] == status


def test_nobody_sees_anything_before_signing_in(board: BoardProcess):
    visitor = Visitor(board.address)

    assert visitor.ask("GET", "/api/me")[1]["signed_in"] is False
    assert [visitor.ask("GET", path)[0] for path in ("/api/stream", "/api/names", "/api/handover")] == [401, 401, 401]


def test_a_wrong_password_and_an_unknown_name_are_told_alike(board: BoardProcess):
    visitor = Visitor(board.address)
    wrong = visitor.ask("POST", "/api/sign-in", {"login": "nora", "password": "not this one"})
    unknown = visitor.ask("POST", "/api/sign-in", {"login": "nobody", "password": "not this one"})

    assert wrong == unknown == (401, {"detail": "name or password is wrong"})


def test_a_change_from_another_sites_page_is_refused(beds: dict[str, Bed], nora: Visitor):
    said = acknowledgement(beds["A01"], "act-0003")

    assert nora.ask("POST", "/api/actions", said, **{"X-Vigilward-CSRF": "guessed"})[0] == 403
    assert nora.ask("POST", "/api/actions", said, Origin="https://elsewhere.example")[0] == 403
    assert nora.ask("POST", "/api/actions", said, **{"Sec-Fetch-Site": "cross-site"})[0] == 403


def test_a_forged_session_is_nobodys(board: BoardProcess, nora: Visitor):
    forged = Visitor(board.address)
    forged.cookie = nora.cookie[:-4] + "0000"

    assert forged.ask("GET", "/api/names")[0] == 401


def test_every_answer_forbids_scripts_that_are_not_ours(board: BoardProcess):
    visitor = Visitor(board.address)
    visitor.ask("GET", "/api/me")
    policy = visitor.headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/api/me", "/api/names", "/api/handover", "/api/handover.txt"])
def test_names_and_tokens_are_not_kept_by_the_browser(path: str, nora: Visitor):
    nora.ask("GET", path)

    assert nora.headers["Cache-Control"] == "no-store"


def test_nobody_fills_the_boards_memory_from_outside(board: BoardProcess):
    stranger = Visitor(board.address)
    flood = {"login": "nora", "password": "x" * 200_000}

    assert stranger.ask("POST", "/api/sign-in", flood) == (413, {"detail": "too long"})
    assert stranger.ask("GET", "/livez")[0] == 200


def test_no_url_has_room_for_a_patient(nora: Visitor):
    _, openapi = nora.ask("GET", "/api/openapi.json")
    places = [
        parameter["name"]
        for path in openapi["paths"].values()
        for what in path.values()
        for parameter in what.get("parameters", [])
        if parameter["in"] in ("path", "query")
    ]

    assert set(places) <= {"ward", "hours"}
    assert {"/api/actions", "/api/observations", "/api/orders", "/api/pause", "/api/delivered"} <= set(openapi["paths"])


def test_history_holds_minutes_and_what_was_said(beds: dict[str, Bed], nora: Visitor):
    status, history = nora.ask("POST", "/api/history", {"patient_id": beds["A01"].patient})

    assert status == 200
    assert len(history["trends"]["minutes"]) == 20
    assert history["events"][0]["headline"] == "Resp rate 27/min, usual 16"
    assert nora.ask("POST", "/api/history", {"patient_id": "somebody else"})[0] == 404


def test_the_handover_also_comes_as_plain_text(nora: Visitor):
    status, text = nora.ask("GET", "/api/handover.txt?hours=8")

    assert status == 200
    assert "Resp rate 27/min, usual 16 (NOT ACKNOWLEDGED)" in text
    assert "Adler, Anna" in text


def test_a_call_is_delivered_in_front_of_those_whom_it_is_for(
    settings: Settings, beds: dict[str, Bed], board: BoardProcess, nora: Visitor
):
    call = {"patient_id": beds["A01"].patient, "alert_id": beds["A01"].alert_id}

    assert nora.ask("POST", "/api/delivered", {**call, "step": "shift_lead"})[0] == 403
    assert signed_in(board, "lea").ask("POST", "/api/delivered", {**call, "step": "nurse"})[0] == 201
    assert nora.ask("POST", "/api/delivered", {**call, "step": "nurse"})[0] == 201
    said = [value for _, _, value in everything(settings, Topic.ACTIONS) if value["action_type"] == "delivered"]
    assert said[0]["role"] == "system"
    assert said[0]["action_id"] == said[1]["action_id"]


def test_a_page_that_comes_back_gets_what_it_missed(beds: dict[str, Bed], ward: Ward, nora: Visitor):
    [(heard, name, whole)] = events(nora, 1)
    ward.tell(beds["A04"])
    ward.flush()
    time.sleep(0.5)
    [(_, next_name, changes)] = events(nora, 1, after=heard)

    assert (name, len(whole["beds"])) == ("whole", 4)
    assert next_name == "changes"
    assert changes["beds"][0]["patient_id"] == beds["A04"].patient


def test_a_page_that_remembers_another_board_gets_the_whole_picture(nora: Visitor):
    assert events(nora, 1, after="elsewhere-17")[0][1] == "whole"


def test_many_pages_miss_nothing(beds: dict[str, Bed], ward: Ward, nora: Visitor, board: BoardProcess):
    visitors = [signed_in(board, login) for login in ("lea", "vera", "sam", "nora") * 2]
    lost: list[str] = []

    def listen(visitor: Visitor) -> None:
        seen = [body["beds"] for _, name, body in events(visitor, 4) if name == "changes"]
        if [one["patient_id"] for each in seen for one in each] != [beds["A02"].patient] * 3:
            lost.append("something")

    threads = [threading.Thread(target=listen, args=(visitor,)) for visitor in visitors]
    for thread in threads:
        thread.start()
    time.sleep(1.0)
    for _ in range(3):
        ward.tell(beds["A02"])
        ward.flush()
        time.sleep(0.3)
    for thread in threads:
        thread.join(15)

    assert lost == []


def test_a_restarted_board_knows_the_same_and_whom_it_had_let_in(
    beds: dict[str, Bed], board: BoardProcess, nora: Visitor
):
    before = events(nora, 1)[0][2]
    board.kill()
    board.start()
    after = events(nora, 1)[0][2]

    assert {bed["patient_id"] for bed in after["beds"]} == {bed["patient_id"] for bed in before["beds"]}
    assert after["sparks"].keys() == before["sparks"].keys()
    assert nora.ask("POST", "/api/history", {"patient_id": beds["A01"].patient})[0] == 200


def test_signing_out_ends_the_session_wherever_its_cookie_is(board: BoardProcess):
    vera = signed_in.__wrapped__(board, "vera")
    copy = Visitor(board.address)
    copy.cookie = vera.cookie
    assert copy.ask("GET", "/api/names")[0] == 200
    assert vera.ask("POST", "/api/sign-out", {})[0] == 200

    assert copy.ask("GET", "/api/names")[0] == 401


def test_the_open_streams_of_a_session_end_with_it(board: BoardProcess):
    vera = signed_in.__wrapped__(board, "vera")
    request = urllib.request.Request(vera.address + "/api/stream", headers={"Cookie": vera.cookie})
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.readline()
        vera.ask("POST", "/api/sign-out", {})

        assert answer.read() is not None, "read to its end: the board closed it"


def test_a_changed_account_ends_its_sessions_and_nobody_elses(board: BoardProcess, accounts: Path):
    before = accounts.read_text()
    sam, lea = (signed_in.__wrapped__(board, login) for login in ("sam", "lea"))
    theirs = [part for part in before.split("\n\n") if not part.startswith("[sam]")]
    accounts.write_text("\n\n".join([*theirs, as_lines("sam", "Sam", role_of("viewer"), "another long password")]))
    time.sleep(1.1)
    try:
        assert [one.ask("GET", "/api/names")[0] for one in (sam, lea)] == [401, 200]
        accounts.write_text("[sam")  # half written: who was let in is still known
        time.sleep(1.1)
        assert lea.ask("GET", "/api/names")[0] == 200
    finally:
        accounts.write_text(before)
