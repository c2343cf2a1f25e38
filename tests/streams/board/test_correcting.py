"""What becomes of a set that is corrected or too old, and of words on a broker without the journal."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from schemas.reading import Mode, Reading
from schemas.status import OrderKind
from schemas.times import to_text
from streams.board.accounts import as_lines, role_of
from streams.board.journal import JournalEntry
from streams.config.settings import Settings
from streams.config.topics import TOPICS, Topic, partitions_of
from streams.demo.embedded import EmbeddedBroker
from tests.browser.made import Bed, Ward, now
from tests.streams.board.conftest import PASSWORD, BoardProcess, Visitor, everything, history

HOUR = 3_600_000
PEOPLE = {"nora": "nurse", "lea": "shift lead", "grau": "doctor"}


def signed_in(settings: Settings, folder: Any) -> Iterator[Callable[[str], Visitor]]:
    path = folder / "accounts.toml"
    path.write_text("\n".join(as_lines(one, one.title(), role_of(role), PASSWORD) for one, role in PEOPLE.items()))
    process = BoardProcess(settings, accounts=path, send_within_s=2, secret="a secret of the tests").start()
    known: dict[str, Visitor] = {}

    def visitor(login: str) -> Visitor:
        if login not in known:
            known[login] = Visitor(process.address).sign_in(login)
        return known[login]

    yield visitor
    process.kill()


@pytest.fixture(scope="module")
def bed(ward: Ward) -> Bed:
    one = Bed(1)
    ward.tell(one)
    ward.flush()
    return one


@pytest.fixture(scope="module")
def as_(settings: Settings, bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Visitor]]:
    yield from signed_in(settings, tmp_path_factory.mktemp("accounts"))


def has(action_id: str) -> Callable[[dict[str, Any]], bool]:
    return lambda said: any(one["action_id"] == action_id for one in said["sets"])


WHOLE = {
    "resp_rate": 20,
    "spo2": 95,
    "systolic_bp": 118,
    "pulse_rate": 96,
    "temperature": 37.4,
    "consciousness": "A",
    "supplemental_oxygen": True,
    "oxygen_flow": 2,
}


def test_a_correction_keeps_what_was_not_typed_anew_and_so_does_its_score(settings: Settings, bed: Bed, as_: Any):
    nora = as_("nora")
    said = {"patient_id": bed.patient, "taken_at": to_text(now() - 120_000)}
    slip = {**said, **WHOLE, "spo2": 59, "sure": ["spo2"], "action_id": "set-00001"}
    assert nora.ask("POST", "/api/observations", slip)[0] == 201
    history(nora, bed, has("set-00001"))
    looked = nora.ask("POST", "/api/score", {"patient_id": bed.patient, "spo2": 95, "corrects": "set-00001"})[1]
    mended = {**said, "spo2": 95, "action_id": "set-00002", "corrects": "set-00001"}
    assert nora.ask("POST", "/api/observations", mended)[0] == 201
    sets = history(nora, bed, has("set-00002"))["sets"]
    assert nora.ask("POST", "/api/observations", mended)[0] == 201, "the same word, after its answer was lost"
    air = {**said, "supplemental_oxygen": False, "action_id": "set-00003", "corrects": "set-00002"}
    assert nora.ask("POST", "/api/observations", air)[0] == 201
    chart = history(nora, bed, has("set-00003"))
    readings = [Reading.model_validate_json(json.dumps(value)) for _, _, value in everything(settings, Topic.READINGS)]
    first, second, again, on_air = readings

    # Oxygen is the set's; of the pulse the stream has said more since.
    assert (looked["parts"]["supplemental_oxygen"], looked["parts"]["pulse_rate"], looked["unusual"]) == (2, 0, [])
    assert sets[-1]["vitals"] == WHOLE
    assert second.corrects == first.sequence
    assert {name: one.value for name, one in second.vitals.items()} == WHOLE
    assert again == second
    left = {name: value for name, value in WHOLE.items() if name != "oxygen_flow"}
    assert {name: one.value for name, one in on_air.vitals.items()} == {**left, "supplemental_oxygen": False}
    assert [one["complete"] for one in chart["chart"]["columns"]] == [True]
    unknown = {"patient_id": bed.patient, "spo2": 95, "corrects": "set-never"}
    assert nora.ask("POST", "/api/score", unknown)[0] == 404


def test_a_wrong_set_too_old_for_the_worker_is_marked_in_error_in_the_journal_alone(
    settings: Settings, bed: Bed, ward: Ward, as_: Any
):
    nora, old = as_("nora"), now() - 14 * HOUR
    entry = JournalEntry("set", "old-00001", bed.patient, old, "Nora", "nurse", old, {"spo2": 59.0})
    ward.send(Topic.JOURNAL, bed.patient, msgspec.to_builtins(entry))
    ward.flush()
    history(nora, bed, has("old-00001"))
    before = len(everything(settings, Topic.READINGS))
    said = {"patient_id": bed.patient, "taken_at": to_text(old), "corrects": "old-00001"}

    assert nora.ask("POST", "/api/observations", {**said, "action_id": "old-00002", "spo2": 95})[0] == 422
    assert nora.ask("POST", "/api/observations", {**said, "action_id": "old-00003"})[0] == 201
    sets = {one["action_id"]: one for one in history(nora, bed, has("old-00003"))["sets"]}
    assert sets["old-00001"]["replaced_by"] == "old-00003"
    assert len(everything(settings, Topic.READINGS)) == before, "a worker would refuse it"


def test_a_set_entered_under_a_merged_id_is_marked_in_error_and_not_replaced_by_values(
    settings: Settings, bed: Bed, ward: Ward, as_: Any
):
    nora, at = as_("nora"), now() - 60_000
    entry = JournalEntry("set", "gone-0001", "t-gone", at, "Nora", "nurse", at, {"spo2": 59.0})
    ward.send(Topic.JOURNAL, "t-gone", msgspec.to_builtins(entry))
    merged = {"event": "merged", "patient_id": bed.patient, "merged_from": "t-gone", "mode": "demo"}
    ward.send(Topic.PATIENTS, bed.patient, merged)
    ward.flush()
    history(nora, bed, has("gone-0001"))
    before = len(everything(settings, Topic.READINGS))
    said = {"patient_id": bed.patient, "taken_at": to_text(at), "corrects": "gone-0001"}

    status, refused = nora.ask("POST", "/api/observations", {**said, "action_id": "gone-0002", "spo2": 95})
    assert (status, refused["detail"]["code"]) == (409, "merged")
    assert nora.ask("POST", "/api/score", {**said, "spo2": 95})[0] == 409
    assert nora.ask("POST", "/api/observations", {**said, "action_id": "gone-0003"})[0] == 201
    sets = {one["action_id"]: one for one in history(nora, bed, has("gone-0003"))["sets"]}
    assert (sets["gone-0001"]["patient_id"], sets["gone-0001"]["replaced_by"]) == ("t-gone", "gone-0003")
    assert len(everything(settings, Topic.READINGS)) == before, "no worker holds values of the id that is gone"


@pytest.mark.parametrize("order", [one for one in OrderKind if one not in (OrderKind.LIMIT, OrderKind.CALLING_LIMIT)])
def test_what_is_not_in_force_cannot_be_ended(order: OrderKind, settings: Settings, bed: Bed, as_: Any):
    before = len(everything(settings, Topic.PATIENTS))
    status, refused = as_("grau").ask(
        "POST", "/api/orders/end", {"patient_id": bed.patient, "action_id": f"none-{order}", "order": order}
    )

    assert (status, refused["detail"]["code"]) == (404, "no_order")
    assert len(everything(settings, Topic.PATIENTS)) == before


def test_a_pause_is_ended_once_and_a_repeat_of_its_end_is_the_same_word(settings: Settings, bed: Bed, as_: Any):
    nora = as_("nora")
    pause = {"patient_id": bed.patient, "action_id": "pau-00001", "minutes": 30, "reason": "scan"}
    ends = {"patient_id": bed.patient, "action_id": "pau-00002", "order": "pause"}
    assert nora.ask("POST", "/api/pause", pause)[0] == 201
    ordered(nora, bed, "pau-00001")
    assert nora.ask("POST", "/api/orders/end", ends)[0] == 201
    ordered(nora, bed, "pau-00002")

    assert nora.ask("POST", "/api/orders/end", ends)[0] == 201, "after its answer was lost"
    assert nora.ask("POST", "/api/orders/end", {**ends, "action_id": "pau-00003"})[0] == 404
    assert nora.ask("POST", "/api/pause", {**pause, "action_id": "pau-00004", "minutes": 0})[0] == 404
    sent = [value["event"] for _, _, value in everything(settings, Topic.PATIENTS) if value["event"] != "update"]
    assert sent[-2:] == ["pause", "resume"]


def ordered(visitor: Visitor, bed: Bed, action_id: str) -> None:
    history(visitor, bed, lambda said: any(one["action_id"] == action_id for one in said["orders"]))


def test_an_order_ends_by_whoever_may_give_it_and_a_repeat_undoes_nothing(settings: Settings, bed: Bed, as_: Any):
    lea, grau = as_("lea"), as_("grau")
    limit = {"kind": "limit", "vital": "heart_rate", "low": 45, "reason": "athlete", "hours": 24}
    given = {"patient_id": bed.patient, "action_id": "lim-00001", "order": {**limit, "prescriber": "Dr Haas"}}
    assert lea.ask("POST", "/api/orders", given)[0] == 201
    ordered(lea, bed, "lim-00001")
    ends = {"patient_id": bed.patient, "action_id": "end-00001", "order": "limit", "vital": "heart_rate"}
    assert lea.ask("POST", "/api/orders/end", ends)[0] == 422, "as giving it"
    assert lea.ask("POST", "/api/orders/end", {**ends, "prescriber": "Dr Haas"})[0] == 201
    ordered(lea, bed, "end-00001")
    assert grau.ask("POST", "/api/orders", {**given, "action_id": "lim-00002", "order": limit})[0] == 201
    before = everything(settings, Topic.PATIENTS)

    assert lea.ask("POST", "/api/orders/end", {**ends, "prescriber": "Dr Haas"})[0] == 201, "after its answer was lost"
    assert lea.ask("POST", "/api/orders", given)[0] == 201
    assert everything(settings, Topic.PATIENTS) == before, "what was ordered since stands"
    assert grau.ask("POST", "/api/orders/end", {**ends, "action_id": "end-00003", "vital": "spo2"})[0] == 404


def test_an_order_that_ended_without_the_journals_hearing_of_it_can_be_ended_again(bed: Bed, ward: Ward, as_: Any):
    """The record went out, the journal's entry did not: the order would wait for its confirmation for ever."""
    grau = as_("grau")
    entry = JournalEntry(
        "order", "lost-0001", bed.patient, now(), "Lea", "shift_lead", order="limit", vital="spo2", prescriber="Dr Haas"
    )
    ward.send(Topic.JOURNAL, bed.patient, msgspec.to_builtins(entry))
    ward.flush()
    ordered(grau, bed, "lost-0001")
    ends = {"patient_id": bed.patient, "action_id": "end-00010", "order": "limit", "vital": "spo2"}

    assert grau.ask("POST", "/api/orders/end", ends)[0] == 201
    ordered(grau, bed, "end-00010")
    assert grau.ask("POST", "/api/orders/end", {**ends, "action_id": "end-00011"})[0] == 404


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bed, Callable[[str], Visitor]]]:
    """A board on a broker that has no journal."""
    named = Settings(partitions=2)
    topics = {named.topic(one): partitions_of(one, named) for one in TOPICS if one is not Topic.JOURNAL}
    with EmbeddedBroker(topics) as broker:
        settings = Settings(bootstrap_servers=broker.bootstrap_servers, partitions=2, mode=Mode.DEMO)
        bed, ward = Bed(1), Ward(settings)
        ward.tell(bed)
        ward.flush()
        for visitor in signed_in(settings, tmp_path_factory.mktemp("accounts")):
            yield bed, visitor


def test_without_the_journal_what_needs_it_is_refused_for_good_and_the_rest_goes_on(without: Any):
    bed, as_ = without
    mine = {"patients": [bed.patient], "login": "nora", "action_id": "mine-0001"}
    taken = {"patient_id": bed.patient, "taken_at": to_text(now()), "action_id": "set-00001", "spo2": 95}
    scale = {"kind": "spo2_scale", "scale": 2, "hours": 24}
    order = {"patient_id": bed.patient, "action_id": "ord-00001", "order": {**scale, "prescriber": "Dr Haas"}}
    refused = [
        as_("nora").ask("POST", "/api/assignments", mine),
        as_("nora").ask("POST", "/api/observations", {**taken, "corrects": "set-00000"}),
        as_("lea").ask("POST", "/api/orders", order),
    ]

    assert [status for status, _ in refused] == [501, 501, 501]
    assert all(said["detail"]["code"] == "no_journal" for _, said in refused)
    assert all("vigilward doctor --fix" in said["detail"]["words"] for _, said in refused)
    assert as_("nora").ask("POST", "/api/observations", taken)[0] == 201
    assert as_("grau").ask("POST", "/api/orders", {**order, "order": scale})[0] == 201
