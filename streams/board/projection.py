"""All that the board knows, and all of it from Kafka: statuses, alerts with their lifecycles, the last hours as charts.

Pure: records go in, what changed comes out; no clock of its own. A restarted board reads the topics again and knows
the same.
"""

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

import msgspec

from detectors.rules import Rules
from schemas.nesting import MOST_NESTING, refuse_too_deep
from schemas.renamed import in_todays_names
from schemas.times import HOUR_MS, to_ms
from streams.board.admissions import Admissions
from streams.board.columns import Columns, Minute
from streams.board.completeness import Completeness
from streams.board.consumer import Heard
from streams.board.journal import HANDOVER_HOURS
from streams.board.rules_seen import RulesSeen
from streams.board.view import View
from streams.config.topics import Topic

log = logging.getLogger(__name__)

MAX_ALERTS_A_PATIENT: Final = 200
MAX_REVISIONS: Final = 300
AWAITED: Final = (-2, -1, 0)
"""The place of what no worker has said: before everything that a worker says."""


class Open(msgspec.Struct):
    """Of an alert that a status names: which, and how new."""

    alert_id: str
    revision: int


class DecidedBy(msgspec.Struct):
    """Of the rules that decided a status: which."""

    sha256: str


class Facts(msgspec.Struct):
    """What the board itself reads of a status; the page gets the whole as it came."""

    patient_id: str
    at: Any
    bed: str | None = None
    ward: str | None = None
    encounter: str | None = None
    mode: str = "real"
    assigned: bool = True
    calls_bearable: float | None = None
    rules: DecidedBy | None = None
    alerts: list[Open] = []


class AlertFacts(msgspec.Struct):
    """What the board itself reads of an alert; a record without one of these is none, and is refused whole."""

    alert_id: str
    patient_id: str
    revision: int
    state: str
    kind: str
    priority: Literal["low", "medium", "high"]
    interrupts: bool
    headline: str
    started_at: str
    at: str
    findings: list[Any]
    news2: dict[str, Any] | None
    lifecycle: dict[str, Any] | None = None
    action: dict[str, Any] | None = None


class Changes(NamedTuple):
    """What has changed: patients with a new status, patients gone, alerts, minutes by patient, and whether rules."""

    changed: set[str]
    gone: set[str]
    alerts: set[str]
    points: dict[str, list[int]]
    rules: bool


class Bed:
    """One patient's newest status: its facts, its bytes, and where in the log it was decided."""

    __slots__ = ("at", "facts", "partition", "place", "raw")

    def __init__(self, facts: Facts, raw: bytes, partition: int, place: tuple[int, int, int]) -> None:
        self.facts, self.raw, self.partition, self.place = facts, raw, partition, place
        self.at = _ms(facts.at)


class Story:
    """One alert: every revision that was heard, oldest first, and the bytes of the newest."""

    __slots__ = ("patient", "raw", "revisions")

    def __init__(self, patient: str) -> None:
        self.patient, self.raw = patient, b"{}"
        self.revisions: list[dict[str, Any]] = []

    @property
    def newest(self) -> dict[str, Any]:
        """The newest revision."""
        return self.revisions[-1]


def _ms(text: Any) -> int:
    return to_ms(msgspec.convert(text, datetime))


_facts = msgspec.json.Decoder(Facts).decode
_minute = msgspec.json.Decoder(Minute).decode
_any = msgspec.json.Decoder().decode
encode = msgspec.json.Encoder().encode


class Projection:
    """Takes what was heard; `changes()` gives what the page has to be told since it was last asked."""

    def __init__(self, *, history_hours: int, mode: str = "real", most_nesting: int = MOST_NESTING) -> None:
        self.admissions = Admissions(mode)
        self.rules = RulesSeen()
        self._new_rules = False
        self.beds: dict[str, Bed] = {}
        self.stories: dict[str, Story] = {}
        self.alerts_of: dict[str, list[str]] = {}
        self.columns: dict[str, Columns] = {}
        self.newest_at = 0
        self.unreadable = 0
        self.completeness = Completeness()
        self._most_nesting = most_nesting
        self._keep_minutes = history_hours * 60
        self._keeps_ms = max(HANDOVER_HOURS, history_hours) * HOUR_MS
        self._changed: set[str] = set()
        self._gone: set[str] = set()
        self._told: set[str] = set()
        self._points: dict[str, list[int]] = {}

    def take(self, batch: Iterable[Heard]) -> None:
        """Records in the order of their partitions. What cannot be read costs itself alone: it is counted, and told."""
        for one in batch:
            try:
                refuse_too_deep(one.value or b"", self._most_nesting)
                if one.value is not None and one.topic in (Topic.STATUS, Topic.ALERTS):
                    one = one._replace(value=in_todays_names(one.value))
                if one.topic is Topic.STATUS:
                    self._take_status(one)
                elif one.topic is Topic.ALERTS:
                    self._take_alert(one)
                elif one.topic is Topic.TRENDS:
                    self._take_trend(one)
                elif one.topic is Topic.PATIENTS:
                    self._take_record(one)
                elif one.topic is Topic.RULES and one.value is not None:
                    self._new_rules |= self.rules.take(one.value)
            except Exception as fault:  # whatever one record holds, the others of its batch are not to blame
                if not self.unreadable:
                    log.error(
                        "a record of %s cannot be read (%s); more are only counted", one.topic, type(fault).__name__
                    )
                self.unreadable += 1
                self.completeness.unreadable(one.topic, one.key)

    # ---- statuses

    def _take_status(self, heard: Heard) -> None:
        place = _place(heard)
        if heard.value is None:
            self._forget((heard.key or b"").decode(), place)
            self.completeness.forgotten(heard.key or b"")
            return
        facts = _facts(heard.value)
        before = self.beds.get(facts.patient_id)
        # A worker that has been replaced may still write: what it decided further back in the log is no news.
        if before is not None and place < before.place:
            return
        bed = self.beds[facts.patient_id] = Bed(facts, heard.value, heard.partition, place)
        self.newest_at = max(self.newest_at, bed.at)
        self._gone.discard(facts.patient_id)
        self._changed.add(facts.patient_id)
        self.completeness.status_read(facts.patient_id.encode(), alerts_known=self._knows_alerts(facts))

    def _knows_alerts(self, facts: Facts) -> bool:
        """Whether each alert that the status names was read, as new as it is there."""
        return all(
            one.alert_id in self.stories and self.stories[one.alert_id].newest["revision"] >= one.revision
            for one in facts.alerts
        )

    def _forget(self, patient: str, place: tuple[int, int, int]) -> None:
        before = self.beds.get(patient)
        if before is None or place < before.place:
            return
        self.columns.pop(patient, None)
        self._await(patient, before.partition)

    # ---- admissions and orders, of patients of whom no worker has told yet

    def _take_record(self, heard: Heard) -> None:
        patient = None if heard.value is None else self.admissions.take(heard.value, heard.at)
        if patient is None:
            return
        self._let_go_of_erased(patient)
        known = self.beds.get(patient)
        if known is None or known.place == AWAITED:
            self._await(patient, heard.partition)

    def _let_go_of_erased(self, patient: str) -> None:
        erased = self.admissions.is_erased
        alerts = self.alerts_of.get(patient, [])
        for identity in [one for one in alerts if erased(patient, _ms(self.stories[one].newest["started_at"]))]:
            alerts.remove(identity)
            del self.stories[identity]
        if not alerts:
            self.alerts_of.pop(patient, None)
        columns = self.columns.get(patient)
        if columns is not None and erased(patient, columns.minutes[0]):
            del self.columns[patient]

    def _await(self, patient: str, partition: int) -> None:
        status = self.admissions.status(patient)
        if status is None:
            if self.beds.pop(patient, None) is not None:
                self._changed.discard(patient)
                self._gone.add(patient)
            return
        raw = encode(status)
        self.beds[patient] = Bed(_facts(raw), raw, partition, AWAITED)
        self._gone.discard(patient)
        self._changed.add(patient)

    # ---- alerts

    def _take_alert(self, heard: Heard) -> None:
        if heard.value is None:
            return
        alert = _any(heard.value)
        facts = msgspec.convert(alert, AlertFacts)
        alert["at_ms"] = _ms(facts.at)
        identity, patient, revision = facts.alert_id, facts.patient_id, facts.revision
        if self.admissions.is_erased(patient, _ms(facts.started_at)):
            return
        story = self.stories.get(identity)
        if story is None:
            story = self.stories[identity] = Story(patient)
            known = self.alerts_of.setdefault(patient, [])
            known.append(identity)
            if len(known) > MAX_ALERTS_A_PATIENT:
                self._forget_an_alert(known)
        elif revision <= story.newest["revision"]:
            return  # a repeat, byte for byte the same
        story.revisions.append(alert)
        if len(story.revisions) > MAX_REVISIONS:
            del story.revisions[1]
        story.raw = heard.value
        self.newest_at = max(self.newest_at, alert["at_ms"])
        self._told.add(identity)
        if facts.patient_id.encode() in self.completeness.missing and (bed := self.beds.get(patient)) is not None:
            self.completeness.status_read(patient.encode(), alerts_known=self._knows_alerts(bed.facts))

    def _forget_an_alert(self, known: list[str]) -> None:
        # What still stands open has to be found when somebody acknowledges it, however old it is.
        over = (one for one in known[:-1] if self.stories[one].newest["state"] == "cleared")
        gone = next(over, known[0])
        known.remove(gone)
        del self.stories[gone]

    # ---- trends

    def _take_trend(self, heard: Heard) -> None:
        if heard.value is None:
            return
        trend = _minute(heard.value)
        minute = _ms(trend.minute)
        if self.admissions.is_erased(trend.patient_id, minute):
            return
        columns = self.columns.get(trend.patient_id)
        if columns is None:
            columns = self.columns[trend.patient_id] = Columns(self._keep_minutes)
        if columns.take(minute, trend.vitals, trend.news2, trend.priority):
            self._points.setdefault(trend.patient_id, []).append(minute)

    # ---- what the page is told

    def rules_by_ward(self) -> dict[str, list[Rules]]:
        """The rules by which the patients of each ward (`` for none) are watched."""
        names: dict[str, set[str | None]] = {}
        for bed in self.beds.values():
            if bed.facts.assigned:
                named = bed.facts.rules
                names.setdefault(bed.facts.ward or "", set()).add(None if named is None else named.sha256)
        return {ward: self.rules.named(some) for ward, some in names.items()}

    def take_changes(self) -> Changes | None:
        """What has changed since the last call; None if nothing has."""
        changes = Changes(self._changed, self._gone, self._told, self._points, self._new_rules)
        if not any(changes):
            return None
        self._changed, self._gone, self._told, self._points, self._new_rules = set(), set(), set(), {}, False
        return changes

    def changes(self) -> dict[str, Any] | None:
        """The same as whoever sees every ward is told."""
        changes = self.take_changes()
        return None if changes is None else self.told(changes, View(None))

    def told(self, changes: Changes, view: View) -> dict[str, Any] | None:
        """Of these changes what is this view's; None if nothing is. Who was moved to a ward beyond it is gone there."""
        here = {patient for patient in changes.changed if view.sees(self.beds[patient].facts.ward)}
        gone = changes.gone if view.wards is None else (changes.gone | (changes.changed - here)) & view.shown
        view.shown.difference_update(gone)
        view.shown |= here
        said: dict[str, Any] = {
            "beds": [msgspec.Raw(self.beds[patient].raw) for patient in here],
            "gone": list(gone),
            "alerts": [
                msgspec.Raw(self.stories[one].raw)
                for one in changes.alerts
                if one in self.stories and self._sees(view, self.stories[one].patient)
            ],
            "sparks": {
                patient: self.columns[patient].since(min(minutes))
                for patient, minutes in changes.points.items()
                if patient in self.columns and patient in self.beds and self._sees(view, patient)
            },
        }
        if changes.rules:
            said["rules"] = self.rules.told()
        return said if view.wards is None or any(said.values()) else None

    def _sees(self, view: View, patient: str) -> bool:
        bed = self.beds.get(patient)
        return view.wards is None or (bed is not None and view.sees(bed.facts.ward))

    def whole(self, view: View | None = None) -> dict[str, Any]:
        """Everything a page begins with."""
        since = self.newest_at - HOUR_MS
        view = view or View(None)
        here = {patient: bed for patient, bed in self.beds.items() if view.sees(bed.facts.ward)}
        view.shown.update(here)
        return {
            "rules": self.rules.told(),
            "beds": [msgspec.Raw(bed.raw) for bed in here.values()],
            "alerts": [
                msgspec.Raw(story.raw)
                for story in self.stories.values()
                if story.patient in here and _matters(story.newest, since)
            ],
            "sparks": {patient: columns.since(since) for patient, columns in self.columns.items() if patient in here},
        }

    def forget(self) -> None:
        """Lets go what neither a handover nor a chart looks back to: alerts that are over, and who is not here."""
        before = self.newest_at - self._keeps_ms
        for identity, story in list(self.stories.items()):
            over = story.newest["state"] == "cleared" or story.patient not in self.beds
            if over and story.newest["at_ms"] < before:
                del self.stories[identity]
                self.alerts_of[story.patient].remove(identity)
                if not self.alerts_of[story.patient]:
                    del self.alerts_of[story.patient]
        for patient, columns in list(self.columns.items()):
            if patient not in self.beds and columns.minutes[-1] < before:
                del self.columns[patient]
        self.admissions.forget(before)

    def stories_of(self, patient: str, since: int) -> list[Story]:
        """The patient's alerts that were not over before then, oldest first."""
        stories = (self.stories[one] for one in self.alerts_of.get(patient, ()) if one in self.stories)
        return [story for story in stories if _matters(story.newest, since)]


def _matters(alert: dict[str, Any], since: int) -> bool:
    return alert["state"] != "cleared" or alert["at_ms"] >= since


def _place(heard: Heard) -> tuple[int, int, int]:
    """The log position that the status was decided at: partition, how often the log was made anew, offset; -1 for a
    record that does not say.
    """
    facts = dict(heard.headers)
    try:
        return int(facts["partition"] or b"-1"), int(facts.get("log") or b"0"), int(facts["offset"] or b"-1")
    except (KeyError, ValueError):
        return -1, -1, -1
