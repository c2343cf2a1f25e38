"""What people entered at boards, told to every board: sets of observations, who ordered and who is to confirm it.

Pure, and bounded: it looks back as far as a handover and the charts do; an order that waits for its confirmation is
kept until then.
"""

import logging
from collections.abc import Container
from typing import Any, Final, Literal

import msgspec

from schemas.times import HOUR_MS, MINUTE_MS
from streams.board.consumer import Heard
from streams.config.topics import Topic

log = logging.getLogger(__name__)

HANDOVER_HOURS: Final = 48
"""As far as a handover looks back."""
CONFIRM_WITHIN_MS: Final = 12 * HOUR_MS
MOST_SETS: Final = 400
MOST_MERGES: Final = 8
"""Ids, one merged into the other, that an entry is followed through."""
MERGED_WITHIN_MS: Final = MINUTE_MS
"""So long what was entered for somebody who has left waits for the word that she was merged into another id."""
TOPIC_KEEPS_MS: Final = 31 * 24 * HOUR_MS
Values = dict[str, float | str | bool]


class JournalEntry(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=False):
    """One word. `kind`: a set of observations (`corrects` another: replaced by this one, or without `vitals` entered in
    error), an order in the name of a prescriber who has to `confirm` it, that confirmation, or who has the patient in
    this shift (`login` and `name`, empty: nobody). `until`: when an order or a shift ends, 0: not told. `spo2_scale`,
    `long_standing_confusion` and `covered` (whether NEWS2 was valid): what a set was scored by. Times in milliseconds.
    """

    kind: Literal["set", "order", "confirm", "assign"]
    action_id: str
    patient_id: str
    at: int
    who: str
    role: str
    taken_at: int = 0
    vitals: Values = {}
    corrects: str | None = None
    order: str | None = None
    vital: str | None = None
    prescriber: str | None = None
    confirms: str | None = None
    ended: bool = False
    login: str = ""
    name: str = ""
    until: int = 0
    spo2_scale: int | None = None
    long_standing_confusion: bool | None = None
    covered: bool | None = None


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(JournalEntry).decode


class _Pages:
    """What is kept of one patient."""

    def __init__(self) -> None:
        self.sets: dict[str, JournalEntry] = {}
        self.orders: dict[str, JournalEntry] = {}
        self.said: dict[str, JournalEntry] = {}
        self.replaced: dict[str, str] = {}
        self.confirmed: dict[str, int] = {}
        self.assigned: JournalEntry | None = None

    def take(self, entry: JournalEntry) -> None:
        """One entry, in the order of the topic; a repeat changes nothing."""
        if entry.kind == "assign":
            if self.assigned is None or self.assigned.at <= entry.at:
                self.assigned = entry
            return
        known = self.sets if entry.kind == "set" else self.said
        if entry.action_id in known:
            return
        known[entry.action_id] = entry
        while len(known) > MOST_SETS:
            del known[next(iter(known))]
        if entry.kind == "set" and entry.corrects is not None:
            self.replaced.setdefault(entry.corrects, entry.action_id)
        elif entry.kind == "confirm":
            self.confirmed[entry.confirms or ""] = entry.at
            self.orders.pop(entry.confirms or "", None)
        elif entry.kind == "order":
            self._take_order(entry)

    def _take_order(self, entry: JournalEntry) -> None:
        # A later order of the same kind, of the same vital, takes the place of the one before.
        same = [one for one in self.orders.values() if (one.order, one.vital) == (entry.order, entry.vital)]
        for other in same:
            del self.orders[other.action_id]
        if entry.prescriber is not None and entry.action_id not in self.confirmed:
            self.orders[entry.action_id] = entry

    def entries(self) -> list[JournalEntry]:
        """All of them, oldest first."""
        every = [*self.sets.values(), *self.said.values(), *([] if self.assigned is None else [self.assigned])]
        return sorted(every, key=lambda one: one.at)

    def forget(self, before: int) -> None:
        """Lets go of sets, and of what was said of orders, of before that moment; what waits stays."""
        for name in [name for name, one in self.sets.items() if one.at < before]:
            del self.sets[name]
            self.replaced.pop(name, None)
        for name in [name for name, one in self.said.items() if one.at < before]:
            del self.said[name]
        for name in [name for name, at in self.confirmed.items() if at < before]:
            del self.confirmed[name]


class Journal:
    """All entries that are still of use, by patient. `history_hours`: how far back the charts reach.

    >>> book = Journal()
    >>> book.take(JournalEntry("set", "a-1", "p-1", 5, "Nora", "nurse", 5, {"spo2": 9.0}))
    >>> book.take(JournalEntry("set", "a-2", "p-1", 9, "Nora", "nurse", 5, {"spo2": 90.0}, corrects="a-1"))
    >>> [(one["vitals"], one["replaced_by"]) for one in book.sets("p-1", 0)]
    [({'spo2': 9.0}, 'a-2'), ({'spo2': 90.0}, None)]
    >>> book.merge("p-1", "p-2", 9)
    >>> len(book.sets("p-1", 0)), len(book.sets("p-2", 0))
    (0, 2)
    >>> book.erase("p-2", 5)
    >>> [one["action_id"] for one in book.sets("p-2", 0)]
    ['a-2']
    """

    def __init__(self, history_hours: int = HANDOVER_HOURS) -> None:
        self._keeps_ms = max(HANDOVER_HOURS, history_hours) * HOUR_MS
        self._of: dict[str, _Pages] = {}
        self._erased: dict[str, int] = {}
        self._merged: dict[str, tuple[str, int]] = {}
        self._left: dict[str, int] = {}
        self.news_of_assignments = False

    def hear(self, batch: list[Heard]) -> list[Heard]:
        """Keeps what boards have entered; gives the rest. Raises nothing: what cannot be read costs itself alone."""
        for one in batch:
            if one.topic is Topic.JOURNAL and one.value is not None:
                try:
                    self.take(decode(one.value))
                except msgspec.DecodeError as fault:
                    log.error("an entry of the journal cannot be read (%s)", type(fault).__name__)
        return [one for one in batch if one.topic is not Topic.JOURNAL]

    def take(self, entry: JournalEntry) -> None:
        """One entry, in the order of the topic: of whoever was merged under the id that stays, of nobody erased."""
        patient = entry.patient_id
        for _ in range(MOST_MERGES):
            if entry.at <= self._erased.get(patient, -1):
                return
            into, moment = self._merged.get(patient, (patient, 0))
            if into == patient or entry.at > moment:
                break
            patient = into
        self._of.setdefault(patient, _Pages()).take(entry)
        self.news_of_assignments = self.news_of_assignments or entry.kind == "assign"

    def erase(self, patient: str, moment: int) -> None:
        """Nothing of up to that moment is kept of the patient, nor taken any more."""
        self._erased[patient] = max(moment, self._erased.get(patient, moment))
        self._take_anew(patient)

    def merge(self, gone: str, stays: str, moment: int) -> None:
        """What was entered under the id that is gone, up to that moment, is of the id that stays."""
        self._merged[gone] = stays, moment
        self._take_anew(gone)

    def _take_anew(self, patient: str) -> None:
        before = self._of.pop(patient, None)
        for entry in [] if before is None else before.entries():
            self.take(entry)
        self.news_of_assignments = True

    def kept_set(self, patient: str, action_id: str) -> JournalEntry | None:
        """A set of this name, replaced or not."""
        return self._pages(patient).sets.get(action_id)

    def replaced_by(self, patient: str, action_id: str) -> str | None:
        """The set that has replaced this one."""
        return self._pages(patient).replaced.get(action_id)

    def _pages(self, patient: str) -> _Pages:
        return self._of.get(patient) or _Pages()

    def sets(self, patient: str, since: int) -> list[dict[str, Any]]:
        """The patient's sets as a page is told them, oldest first."""
        pages = self._pages(patient)
        mine = sorted(pages.sets.values(), key=lambda one: (one.taken_at, one.at))
        return [
            {**msgspec.structs.asdict(one), "replaced_by": pages.replaced.get(one.action_id)}
            for one in mine
            if one.taken_at >= since
        ]

    def orders(self, patient: str, since: int) -> list[dict[str, Any]]:
        """What was ordered, ended and confirmed for the patient, oldest first."""
        return [msgspec.structs.asdict(one) for one in self._pages(patient).said.values() if one.at >= since]

    def said(self, patient: str, action_id: str) -> JournalEntry | None:
        """What was ordered, ended or confirmed under this name."""
        return self._pages(patient).said.get(action_id)

    def stands(self, patient: str, order: str, vital: str | None, now: int) -> bool:
        """Whether the last that was said of this order is not its end, and its time is not over."""
        last = [one for one in self._pages(patient).said.values() if (one.order, one.vital) == (order, vital)][-1:]
        return bool(last) and not last[0].ended and (not last[0].until or last[0].until > now)

    def assigned(self, now: int) -> dict[str, dict[str, Any]]:
        """By patient, who has her in this shift."""
        return {
            patient: {"login": one.login, "name": one.name, "until": one.until, "by": one.who}
            for patient, pages in self._of.items()
            if (one := pages.assigned) is not None and one.login and one.until > now
        }

    def unconfirmed(self, patient: str, now: int) -> list[dict[str, Any]]:
        """Orders that have not expired and that a prescriber has still to confirm, and until when."""
        waiting = self._pages(patient).orders.values()
        return [self._told(one) for one in waiting if not one.until or one.until > now]

    def order(self, patient: str, action_id: str) -> JournalEntry | None:
        """An order that waits for its confirmation."""
        return self._pages(patient).orders.get(action_id)

    def all_unconfirmed(self, now: int) -> dict[str, list[dict[str, Any]]]:
        """By patient."""
        return {patient: told for patient in self._of if (told := self.unconfirmed(patient, now))}

    def _told(self, one: JournalEntry) -> dict[str, Any]:
        return {
            "action_id": one.action_id,
            "order": one.order,
            "vital": one.vital,
            "ended": one.ended,
            "prescriber": one.prescriber,
            "who": one.who,
            "confirm_by": one.at + CONFIRM_WITHIN_MS,
        }

    def forget(self, now: int, here: Container[str]) -> None:
        """Lets go what no handover and no chart looks back to, and who has left and was not merged into another."""
        self._left = {one: self._left.get(one, now) for one in self._of if one not in here}
        for patient in [one for one, since in self._left.items() if now - since > MERGED_WITHIN_MS]:
            del self._of[patient]
            self.news_of_assignments = True
        for pages in self._of.values():
            pages.forget(now - self._keeps_ms)
            if pages.assigned is not None and pages.assigned.until < now:
                pages.assigned = None
                self.news_of_assignments = True
        self._merged = {one: said for one, said in self._merged.items() if said[1] >= now - TOPIC_KEEPS_MS}
        self._erased = {one: at for one, at in self._erased.items() if at >= now - TOPIC_KEEPS_MS}
