"""A notifier that dies anywhere, over receivers that fail: who was called knows what is so, in its order, in the same
words, whatever shifts, quiet hours and joined messages do to it.
"""

from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from random import Random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from schemas.action import Step
from schemas.alert import AlertStatus, Kind, Priority, State
from schemas.reading import Mode
from streams.notify.alerts import Lifecycle, Person, Revision, StepReached
from streams.notify.book import Book
from streams.notify.notice import Fate, Notice, Phase, alerts_of
from streams.notify.outbox import Outbox
from streams.notify.routes import Audience, Channel, Recipient, Span
from tests.streams.notify.conftest import person, routes_of

BEGAN = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
DAY, NIGHT, QUIET = Span(time(7), time(19, 30)), Span(time(19, 30), time(7)), Span(time(22), time(6))
ROUTES = routes_of(
    person(Step.NURSE, "by-day", shift=DAY),
    person(Step.NURSE, "by-night", shift=NIGHT, quiet=QUIET),
    person(Step.NURSE, "always"),
    person(Step.SHIFT_LEAD),
    person(Step.DOCTOR),
    Recipient("record", Channel.FHIR, Audience.MACHINE, url="http://127.0.0.1"),
)
STEPS = (Step.NURSE, Step.SHIFT_LEAD, Step.DOCTOR)
RECIPIENTS = {one.name: one for one in ROUTES.recipients}


class Dies(Exception):
    """The notifier, here."""


class Ward:
    """Its alerts' topic. `patient` has an alert that some revision becomes of."""

    def __init__(self, random: Random) -> None:
        self.random, self.topic, self.newest = random, list[Revision](), dict[str, Revision]()

    def goes_on(self, now: datetime) -> None:
        """A revision of some bed's alert."""
        bed, pick = f"A{self.random.randint(1, 6)}", self.random.random()
        last = self.newest.get(bed)
        if last is None:
            told = self._raised(bed, now)
        elif last.over:
            return
        else:
            life, priority = last.lifecycle, last.priority
            if pick < 0.3 and last.calls and len(life.steps) < len(STEPS):
                life = Lifecycle(life.status, (*life.steps, StepReached(STEPS[len(life.steps)], now)), life.repeats)
            elif pick < 0.4 and last.calls:
                life = Lifecycle(life.status, life.steps, life.repeats + 1)
            elif pick < 0.55:
                life = Lifecycle(AlertStatus.ACKNOWLEDGED, life.steps, life.repeats, owner=Person("R. Maas"))
            elif pick < 0.65 and not last.calls:
                life = Lifecycle(AlertStatus.CALLING, (StepReached(Step.NURSE, now),))
            elif pick < 0.75:
                life = Lifecycle(AlertStatus.CLEARED, life.steps, life.repeats)
            elif pick < 0.85:
                priority = self.random.choice(list(Priority))
                if last.calls and list(Priority).index(priority) > list(Priority).index(last.priority):
                    life = Lifecycle(life.status, (StepReached(Step.NURSE, now),))  # a higher one begins anew
            facts = {"revision": last.revision + 1, "at": now, "lifecycle": life, "priority": priority}
            told = msgspec.structs.replace(last, headline=f"SpO2 {self.random.randint(70, 90)} %", **facts)
        self.newest[bed] = told
        self.topic.append(told)

    def _raised(self, bed: str, now: datetime) -> Revision:
        kind, priority = self.random.choice(list(Kind)), self.random.choice(list(Priority))
        return Revision(
            alert_id=bed, revision=1, state=State.RAISED, kind=kind, subject="s", priority=priority, patient_id=bed,
            mode=Mode.REAL, started_at=now, at=now, headline="SpO2 84 %", reason="r", ward="A", bed=bed,
            lifecycle=Lifecycle(AlertStatus.CALLING, (StepReached(Step.NURSE, now),)),
        )  # fmt: skip


class Telling:
    """Notifiers one after another, each from what stands in the notifications topic."""

    def __init__(self, random: Random, ward: Ward) -> None:
        self.random, self.ward, self.now, self.committed = random, ward, BEGAN, 0
        self.written: list[Notice] = []
        self.came: list[tuple[str, Notice]] = []
        self.begin()

    def begin(self) -> None:
        """As a notifier does that has been dealt the partition."""
        self.book = Book(ROUTES, Mode.REAL)
        self.boxes = {name: Outbox(one.audience is Audience.PEOPLE) for name, one in RECIPIENTS.items()}
        for one in self.written:
            self.book.remember(one)
            if one.fate is Fate.OWED:
                self.book.attempted.add(one.id)
        self.written += self.book.absorbed()
        for one in self.book.owed():
            self.boxes[one.recipient].add(one, self.now.timestamp())
        self.behind = len(self.ward.topic)

    def takes(self) -> None:
        """What has come of alerts; it may die while it writes that down, and before it says that it has."""
        batch = self.ward.topic[self.committed :]
        asked = [one for revision in batch for one in self.book.take(revision, self.now)]
        for one in asked:
            if one.fate is Fate.SUPERSEDED:
                self.boxes[one.recipient].drop(one.id)
        self._writes(asked)
        if self.random.random() < 0.05:
            raise Dies
        self.committed = len(self.ward.topic)
        for one in {one.id: one for one in asked}.values():
            if one.fate is not Fate.SUPERSEDED:
                self.boxes[one.recipient].add(one, self.now.timestamp())

    def _writes(self, notices: list[Notice]) -> None:
        whole = self.random.random() >= 0.05
        self.written += notices if whole else notices[: self.random.randint(0, len(notices))]
        if not whole:
            raise Dies

    def sends(self, failing: float) -> None:
        """All that may leave; a receiver may have a message though its sender dies."""
        at = self.now.timestamp()
        for name, box in self.boxes.items():
            for message, gathered in box.join(at):
                settled = [self.book.settle(one, Fate.SUPERSEDED) for one in gathered]
                self.book.remember(message)
                self._writes([message, *settled])
            while (one := box.ready(at, lambda one, name=name: self.is_held(name, one.priority))) is not None:
                self.book.attempted.add(one.id)
                if self.random.random() < failing:
                    box.failed(one.id, at, answered=self.random.random() < 0.5)
                    continue
                self.came.append((name, one))
                if self.random.random() < 0.05:
                    raise Dies
                box.sent(one.id)
                self.written.append(self.book.settle(one, Fate.SENT))

    def is_held(self, name: str, priority: Priority) -> bool:
        return ROUTES.held(RECIPIENTS[name], priority, self.now)

    def lives(self, failing: float, *, sends: bool = True) -> None:
        """For a moment."""
        try:
            self.takes()
            if self.committed >= self.behind and sends:
                self.sends(failing)
        except Dies:
            self.begin()


@given(st.integers(0, 2**32))
def test_whoever_was_called_knows_what_is_so_in_its_order_and_in_the_same_words(seed: int):
    random = Random(seed)
    ward = Ward(random)
    telling = Telling(random, ward)
    for _ in range(60):
        telling.now += timedelta(seconds=random.choice([1, 5, 30, 120, 900]))
        for _ in range(random.randint(0, 3)):
            ward.goes_on(telling.now)
        telling.lives(random.choice([0, 0, 0.5, 0.9]), sends=random.random() < 0.8)
    for _ in range(200):  # until all is told that is not held
        telling.now += timedelta(minutes=2)
        telling.lives(0)

    words: dict[tuple[str, str], set[tuple[str, Phase]]] = defaultdict(set)
    knows: dict[tuple[str, str], tuple[int, bool]] = {}
    for name, one in telling.came:
        if words[name, one.id]:
            words[name, one.id].add((one.text, one.phase))
            continue
        words[name, one.id].add((one.text, one.phase))
        for alert in alerts_of(one):
            revision = max([part.revision for part in one.covers if part.alert_id == alert] or [one.revision])
            before, ended = knows.get((name, alert), (0, False))
            over = one.phase is Phase.END
            assert revision >= before or not (over or ended), "an end before its call, or a call after its end"
            knows[name, alert] = (max(revision, before), over if revision >= before else ended)
    assert {len(said) for said in words.values()} <= {1}
    for alert, last in ward.newest.items():
        for name, one in RECIPIENTS.items():
            if one.audience is Audience.MACHINE or telling.is_held(name, last.priority):
                continue
            if (name, alert) in knows and not last.calls:
                assert knows[name, alert][1], "who was called hears that it is over, or who has it"
            steps = {reached.step for reached in last.lifecycle.steps} if last.calls else set()
            if one.role in steps and one.covers("A", last.priority, last.kind, last.at.time()):
                assert not knows[name, alert][1], "who is called for has a call"
