"""Somebody of some wards sees and acts on their patients, and on nobody else's."""

import json
from pathlib import Path

import pytest

from streams.board.accounts import as_lines, role_of
from streams.board.projection import Projection, encode
from streams.board.view import View
from streams.config.topics import Topic
from tests.browser.made import Bed
from tests.streams.board.conftest import PASSWORD, BoardProcess, Visitor, events
from tests.streams.board.test_projection import heard

AT = 1_795_348_800_000


def told(projection: Projection, *views: View) -> list[dict | None]:
    changes = projection.take_changes()
    return [None if (said := projection.told(changes, view)) is None else json.loads(encode(said)) for view in views]


def test_a_page_of_one_ward_is_told_of_its_own_alone():
    projection, a, b = Projection(history_hours=24), Bed(1, ward="A"), Bed(2, ward="B")
    ours, theirs, everybody = View(frozenset({"A"})), View(frozenset({"B"})), View(None)
    call = b.alert(b.raise_("SpO2 79%", at=AT), AT)
    projection.take([heard(Topic.STATUS, bed.status(AT), bed.patient) for bed in (a, b)])
    projection.take([heard(Topic.ALERTS, call, b.patient)])
    mine, other, whole = told(projection, ours, theirs, everybody)

    assert [bed["patient_id"] for bed in mine["beds"]] == [a.patient] and mine["alerts"] == []
    assert [bed["patient_id"] for bed in other["beds"]] == [b.patient] and len(other["alerts"]) == 1
    assert len(whole["beds"]) == 2
    projection.take([heard(Topic.STATUS, b.status(AT + 1), b.patient, at=(0, 2))])
    assert told(projection, ours)[0] is None, "what is not theirs is not even a beat"


def test_who_is_moved_to_another_ward_is_gone_from_the_first():
    projection, bed = Projection(history_hours=24), Bed(1, ward="A")
    ours = View(frozenset({"A"}))
    projection.take([heard(Topic.STATUS, bed.status(AT), bed.patient)])
    told(projection, ours)
    bed.ward = "B"
    projection.take([heard(Topic.STATUS, bed.status(AT + 1), bed.patient, at=(0, 2))])

    (said,) = told(projection, ours)
    assert (said["beds"], said["gone"]) == ([], [bed.patient])


@pytest.fixture(scope="module")
def board(settings, ward, tmp_path_factory):
    path: Path = tmp_path_factory.mktemp("accounts") / "accounts.toml"
    nora = as_lines("nora", "Nora", role_of("shift lead"), PASSWORD) + 'wards = ["A"]\n'
    path.write_text(nora + as_lines("lea", "Lea", role_of("shift lead"), PASSWORD))
    audit = path.with_name("audit.jsonl")
    for bed in (Bed(1, ward="A"), Bed(2, ward="B")):
        bed.alert_id = bed.raise_("Resp rate 27/min, usual 16")
        ward.tell(bed, bed.alert_id)
    ward.flush()
    process = BoardProcess(settings, accounts=path, audit_file=audit, send_within_s=2).start()
    yield process
    process.kill()


def signed_in(board: BoardProcess, login: str) -> Visitor:
    return Visitor(board.address).sign_in(login)


def test_beyond_the_own_wards_nothing_is_seen_and_nothing_can_be_done(board):
    nora, lea = signed_in(board, "nora"), signed_in(board, "lea")
    ours, theirs = "t-0001", "t-0002"
    [(_, _, mine)] = events(nora, 1)
    [(_, _, whole)] = events(lea, 1)
    word = {"action_id": "act-00001", "action_type": "concern", "reason": None}
    seen = {"action_id": "obs-00001", "taken_at": "2026-01-01T00:00:00Z", "spo2": 97}
    pause = {"action_id": "pau-00001", "minutes": 10, "reason": "scan"}

    assert [bed["patient_id"] for bed in mine["beds"]] == [ours]
    assert {alert["patient_id"] for alert in mine["alerts"]} == {ours}
    assert {bed["patient_id"] for bed in whole["beds"]} == {ours, theirs}
    for path, said in (("history", {}), ("actions", word), ("observations", seen), ("pause", pause)):
        assert nora.ask("POST", f"/api/{path}", {**said, "patient_id": theirs})[0] == 404, path
    assert nora.ask("GET", "/api/handover?ward=B")[0] == 403
    assert [bed["patient_id"] for bed in nora.ask("GET", "/api/handover")[1]["beds"]] == [ours]
    assert nora.ask("POST", "/api/history", {"patient_id": ours})[0] == 200


def test_who_opened_which_patient_is_written_down(board):
    lea = signed_in(board, "lea")
    lea.ask("POST", "/api/history", {"patient_id": "t-0002"})
    audit = Path(board.environment["VIGILWARD_BOARD_AUDIT_FILE"])
    lines = [json.loads(line) for line in audit.read_text().splitlines()]
    since = [(one["what"], one["login"], one.get("patient_id")) for one in lines if one["login"] == "lea"]

    assert since[-2:] == [("signed_in", "lea", None), ("opened_patient", "lea", "t-0002")]
    assert audit.stat().st_mode & 0o077 == 0
