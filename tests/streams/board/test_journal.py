"""The journal of what was entered: erased and merged patients, repeats, and orders that wait."""

import pytest

from schemas.times import HOUR_MS as HOUR
from streams.board.admissions import Admissions
from streams.board.journal import CONFIRM_WITHIN_MS, MERGED_WITHIN_MS, Journal, JournalEntry
from streams.board.taken_on import TakenOn


def a_set(name: str, patient: str = "p", at: int = 5, **facts: object) -> JournalEntry:
    return JournalEntry("set", name, patient, at, "Nora", "nurse", at, {"spo2": 95.0}, **facts)


def an_order(name: str, at: int = 5, prescriber: str | None = "Dr Haas", **facts: object) -> JournalEntry:
    return JournalEntry("order", name, "p", at, "Lea", "shift_lead", order="limit", prescriber=prescriber, **facts)


def given(name: str, at: int = 5) -> JournalEntry:
    return JournalEntry("assign", name, "p", at, "Lea", "shift_lead", login="nora", name="Nora", until=12 * HOUR)


def names(book: Journal, patient: str) -> list[str]:
    return [one["action_id"] for one in book.sets(patient, 0)]


def test_nothing_of_before_an_erasure_is_kept_in_whichever_order_the_two_are_heard():
    before, after = Journal(), Journal()
    old = [a_set("old"), an_order("ordered"), given("mine")]
    for entry in old:
        before.take(entry)
    assert (names(before, "p"), len(before.orders("p", 0)), list(before.assigned(6))) == (["old"], 1, ["p"])
    before.erase("p", 7)
    after.erase("p", 7)
    for entry in old:
        after.take(entry)
    for book in (before, after):
        book.take(a_set("new", at=8))
        assert names(book, "p") == ["new"]
        assert book.orders("p", 0) == [] and book.assigned(6) == {} and book.all_unconfirmed(6) == {}


def test_what_was_entered_under_a_merged_id_is_of_the_one_that_stays_in_either_order():
    before, after = Journal(), Journal()
    before.take(a_set("one"))
    before.take(a_set("two", at=6, corrects="one"))
    before.merge("p", "q", 7)
    after.merge("p", "q", 7)
    after.take(a_set("one"))
    after.take(a_set("two", at=6, corrects="one"))
    for book in (before, after):
        book.take(a_set("later", at=9))
        assert names(book, "q") == ["one", "two"]
        assert book.replaced_by("q", "one") == "two"
        assert names(book, "p") == ["later"], "whoever is given the id anew is somebody else"


def test_the_admissions_tell_once_who_was_erased_and_who_was_merged():
    known = Admissions("demo")
    known.take(b'{"event":"erase","patient_id":"p","mode":"demo"}', 7)
    known.take(b'{"event":"merged","patient_id":"q","merged_from":"r","mode":"demo"}', 8)
    known.take(b'{"event":"erase","patient_id":"s","mode":"real"}', 9)

    assert (known.take_erased(), known.take_merged()) == ([("p", 7)], [("r", "q", 8)])
    assert (known.take_erased(), known.take_merged()) == ([], [])


def test_all_of_a_patient_who_has_left_goes_and_a_merge_has_its_time():
    book = Journal()
    book.take(a_set("one"))
    book.take(a_set("two", corrects="one"))
    book.forget(10, {"p"})
    book.forget(20, set())
    assert names(book, "p") == ["one", "two"]
    book.forget(21 + MERGED_WITHIN_MS, set())
    assert names(book, "p") == [] and book.replaced_by("p", "one") is None


def test_a_repeat_changes_nothing_and_an_order_that_has_expired_waits_no_longer():
    book = Journal()
    book.take(an_order("one", until=2 * HOUR))
    book.take(an_order("two", at=6, until=HOUR))
    book.take(an_order("one", until=2 * HOUR))

    assert [one["action_id"] for one in book.all_unconfirmed(HOUR - 1)["p"]] == ["two"]
    assert book.all_unconfirmed(HOUR - 1)["p"][0]["confirm_by"] == 6 + CONFIRM_WITHIN_MS
    assert book.all_unconfirmed(HOUR) == {}
    assert book.stands("p", "limit", None, HOUR - 1) and not book.stands("p", "limit", "spo2", HOUR - 1)
    assert not book.stands("p", "limit", None, HOUR), "its time is over"
    book.take(an_order("three", at=7, prescriber=None, ended=True))
    assert not book.stands("p", "limit", None, 8)


@pytest.mark.parametrize(("history_hours", "kept"), [(24, 48), (72, 72)])
def test_the_journal_reaches_as_far_back_as_a_handover_and_the_charts(history_hours: int, kept: int):
    book = Journal(history_hours)
    book.take(a_set("one", at=HOUR))
    book.take(an_order("two", at=HOUR))
    book.forget((1 + kept) * HOUR, {"p"})
    assert names(book, "p") == ["one"] and len(book.orders("p", 0)) == 1
    book.forget((1 + kept) * HOUR + 1, {"p"})
    assert names(book, "p") == [] and book.orders("p", 0) == []


def test_two_people_of_one_name_are_two_where_their_accounts_are_told():
    words = TakenOn()
    words.note("al-1", "Nora Berg", "a-1", 1_000, "nora.b")
    has = words.owner("al-1", {}, 2_000)
    told = words.owner("al-2", {"lifecycle": {"status": "acknowledged", "owner": {"who": "Nora Berg"}}}, 2_000)

    assert has.is_somebody("Nora Berg", "nora.b") and not has.is_somebody("Nora Berg", "nora.c")
    assert told.is_somebody("Nora Berg", "nora.c"), "a worker tells no account"
