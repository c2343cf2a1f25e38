"""What people entered at boards, told to every board: sets of observations, who ordered and who is to confirm it.

Pure, and bounded: it looks back as far as a handover does; an order that waits for its confirmation is kept until then.
"""

import logging
from collections.abc import Container
from typing import Any, Final, Literal

import msgspec

from schemas.times import HOUR_MS
from streams.board.consumer import Heard
from streams.config.topics import Topic

log = logging.getLogger(__name__)

KEPT_MS: Final = 48 * HOUR_MS
CONFIRM_WITHIN_MS: Final = 12 * HOUR_MS
MOST_SETS: Final = 400
Values = dict[str, float | str | bool]


class JournalEntry(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=False):
    """One word. `kind`: a set of observations (`corrects` another: replaced by this one, or without `vitals` entered in
    error), an order in the name of a prescriber who has to `confirm` it, that confirmation, or who has the patient in
    this shift (`login` and `name`, empty: nobody, `until`). Times in milliseconds.
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


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(JournalEntry).decode


class Journal:
    """All entries that are still of use, by patient.

    >>> book = Journal()
    >>> book.take(JournalEntry("set", "a-1", "p-1", 5, "Nora", "nurse", 5, {"spo2": 9.0}))
    >>> book.take(JournalEntry("set", "a-2", "p-1", 9, "Nora", "nurse", 5, {"spo2": 90.0}, corrects="a-1"))
    >>> [(one["vitals"], one["replaced_by"]) for one in book.sets("p-1", 0)]
    [({'spo2': 9.0}, 'a-2'), ({'spo2': 90.0}, None)]
    """

    def __init__(self) -> None:
        self._sets: dict[str, dict[str, JournalEntry]] = {}
        self._orders: dict[str, dict[str, JournalEntry]] = {}
        self._said: dict[str, list[JournalEntry]] = {}
        self._replaced: dict[str, str] = {}
        self._confirmed: set[str] = set()
        self._assigned: dict[str, JournalEntry] = {}
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
        """One entry, in the order of the topic; a repeat changes nothing."""
        if entry.kind == "assign":
            self._assigned[entry.patient_id] = entry
            self.news_of_assignments = True
            return
        if entry.kind != "set":
            said = self._said.setdefault(entry.patient_id, [])
            if all(one.action_id != entry.action_id for one in said):
                said.append(entry)
            del said[:-MOST_SETS]
        if entry.kind == "confirm":
            self._confirmed.add(entry.confirms or "")
            self._orders.get(entry.patient_id, {}).pop(entry.confirms or "", None)
        elif entry.kind == "order":
            self._take_order(entry)
        else:
            mine = self._sets.setdefault(entry.patient_id, {})
            mine.setdefault(entry.action_id, entry)
            if entry.corrects is not None:
                self._replaced.setdefault(entry.corrects, entry.action_id)
            while len(mine) > MOST_SETS:
                del mine[next(iter(mine))]

    def _take_order(self, entry: JournalEntry) -> None:
        mine = self._orders.setdefault(entry.patient_id, {})
        # A later order of the same kind, of the same vital, takes the place of the one before.
        for other in [one for one in mine.values() if (one.order, one.vital) == (entry.order, entry.vital)]:
            del mine[other.action_id]
        if entry.prescriber is not None and entry.action_id not in self._confirmed:
            mine[entry.action_id] = entry

    def set_of(self, patient: str, action_id: str) -> JournalEntry | None:
        """A set that may be corrected; None: there is none of this name, or it was replaced."""
        return None if action_id in self._replaced else self._sets.get(patient, {}).get(action_id)

    def replaced_by(self, action_id: str) -> str | None:
        """The set that has replaced this one."""
        return self._replaced.get(action_id)

    def sets(self, patient: str, since: int) -> list[dict[str, Any]]:
        """The patient's sets as a page is told them, oldest first."""
        mine = sorted(self._sets.get(patient, {}).values(), key=lambda one: (one.taken_at, one.at))
        return [
            {**msgspec.structs.asdict(one), "replaced_by": self._replaced.get(one.action_id)}
            for one in mine
            if one.taken_at >= since
        ]

    def orders(self, patient: str, since: int) -> list[dict[str, Any]]:
        """What was ordered, ended and confirmed for the patient, oldest first."""
        return [msgspec.structs.asdict(one) for one in self._said.get(patient, ()) if one.at >= since]

    def assigned(self, now: int) -> dict[str, dict[str, Any]]:
        """By patient, who has her in this shift."""
        return {
            patient: {"login": one.login, "name": one.name, "until": one.until, "by": one.who}
            for patient, one in self._assigned.items()
            if one.login and one.until > now
        }

    def unconfirmed(self, patient: str) -> list[dict[str, Any]]:
        """Orders that a prescriber has still to confirm, and until when."""
        return [self._told(one) for one in self._orders.get(patient, {}).values()]

    def order(self, patient: str, action_id: str) -> JournalEntry | None:
        """An order that waits for its confirmation."""
        return self._orders.get(patient, {}).get(action_id)

    def all_unconfirmed(self) -> dict[str, list[dict[str, Any]]]:
        """By patient."""
        return {patient: self.unconfirmed(patient) for patient, mine in self._orders.items() if mine}

    def _told(self, one: JournalEntry) -> dict[str, Any]:
        return {
            "action_id": one.action_id,
            "order": one.order,
            "vital": one.vital,
            "prescriber": one.prescriber,
            "who": one.who,
            "confirm_by": one.at + CONFIRM_WITHIN_MS,
        }

    def forget(self, now: int, here: Container[str]) -> None:
        """Lets go what no handover looks back to, and whoever is not here any more."""
        for patient in [one for one, said in self._assigned.items() if one not in here or said.until < now]:
            del self._assigned[patient]
            self.news_of_assignments = True
        for patient in [one for one in self._orders if one not in here]:
            del self._orders[patient]
        for patient in [one for one in self._sets if one not in here]:
            del self._sets[patient]
        for patient in [one for one in self._said if one not in here]:
            del self._said[patient]
        for patient, mine in list(self._sets.items()):
            for name in [name for name, one in mine.items() if one.at < now - KEPT_MS]:
                del mine[name]
                self._replaced.pop(name, None)
            if not mine:
                del self._sets[patient]
