"""What each revision of an alert asks to be told, and to whom: pure, and the same after a restart.

A notice's id is made of alert, step, moment of the step, round, recipient, and how often the recipient was told before
that it is over: so the ids that are known say what was told. People are told of calls and of their end; machines of
every revision.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from schemas.action import Step
from schemas.alert import AlertStatus
from schemas.reading import Mode
from streams.log.canary import is_reserved
from streams.notify.alerts import Revision, StepReached
from streams.notify.notice import Details, Fate, Notice, Phase, in_order, short
from streams.notify.routes import Channel, Recipient, Routes, base_of

NOT_TOLD_AFTER: Final = timedelta(minutes=30)
"""People are not told of a call that was over before a notifier first heard of it, once it is this old."""
KEPT: Final = timedelta(days=7)
"""As long as the notifications topic keeps notices. Of alerts that go on they are written again in good time."""
NEVER_ENDED: Final = timedelta(days=90)
"""An alert of which nothing was heard for so long after that is over, though nobody said so."""
CLOSING_WORDS: Final = "Information, not a certified alarm."
NO_PATIENT: Final = {Mode.TEST: "TEST, no patient. ", Mode.DEMO: "DEMO, no patient. "}
OVER: Final = "over"
Expand = Callable[[list[Recipient], str | None], list[Recipient]]


class Book:
    """Who was told what. `mode`: only alerts of this mode reach people; test and demo never do, nor a canary. `expand`:
    the people whom recipients of the routes stand for, in a ward.
    """

    def __init__(self, routes: Routes, mode: Mode, expand: Expand = lambda recipients, _: recipients) -> None:
        self._routes, self._mode, self._expand = routes, mode, expand
        self._told: dict[str, dict[str, Notice]] = {}
        self._by_short: dict[str, Notice] = {}
        self._kept_at: dict[str, datetime] = {}
        self.attempted: set[str] = set()
        self.nobody = 0
        """Steps of a ladder for which no recipient was on duty."""

    def remember(self, notice: Notice, written_at: datetime | None = None) -> None:
        """A notice as it stands in the topic since `written_at` (None: its own moment); the newest fate counts."""
        self._kept_at[notice.alert_id] = max(
            written_at or notice.at, self._kept_at.get(notice.alert_id, written_at or notice.at)
        )
        self._told.setdefault(notice.alert_id, {})[notice.id] = notice
        self._by_short[short(notice.id)] = notice

    def written(self, notices: Iterable[Notice], at: datetime) -> None:
        """They were written to the topic again."""
        self._kept_at |= {one.alert_id: at for one in notices if one.alert_id in self._told}

    def find(self, short_id: str) -> Notice | None:
        """The notice that a receipt names; None if it is not known here."""
        return self._by_short.get(short_id)

    def owed(self) -> list[Notice]:
        """What was written down and not sent: each alert's in its order, among others about by age."""
        waiting = [one for notices in self._told.values() for one in notices.values() if one.fate is Fate.OWED]
        return in_order(waiting)

    def everything(self) -> list[Notice]:
        """All that is known, as it is written down."""
        return [one for notices in self._told.values() for one in notices.values()]

    def settle(self, notice: Notice, fate: Fate) -> Notice:
        """The notice with what became of it, remembered."""
        settled = msgspec.structs.replace(notice, fate=fate)
        self.remember(settled)
        return settled

    def forget(self, alert_ids: Iterable[str]) -> None:
        """Drops what is known of alerts whose partition another notifier has now."""
        for alert_id in list(alert_ids):
            told = self._told.pop(alert_id, {})
            self.attempted -= set(told)
            self._kept_at.pop(alert_id, None)
            for one in told:
                self._by_short.pop(short(one), None)

    def forget_before(self, at: datetime) -> set[str]:
        """Drops the alerts that are over, of which nothing is owed or was asked since; gives those that stay."""
        past = (
            alert
            for alert, all_ in self._told.items()
            if all(one.at < (at if _is_over(all_.values()) else at - NEVER_ENDED) for one in all_.values())
            and all(one.fate is not Fate.OWED for one in all_.values())
        )
        self.forget(list(past))
        return set(self._told)

    def written_before(self, at: datetime) -> list[Notice]:
        """Every notice of alerts that go on and whose last was written before: to be written again, before the topic
        forgets who was told.
        """
        old = [alert for alert, kept_at in self._kept_at.items() if kept_at < at]
        going = [self._told[alert].values() for alert in old if not _is_over(self._told[alert].values())]
        return [one for notices in going for one in notices]

    def absorbed(self) -> list[Notice]:
        """What is owed and also stands in a message of several alerts: a notifier died while it wrote them down."""
        joined = {part.id for notices in self._told.values() for one in notices.values() for part in one.covers}
        return [self.settle(one, Fate.SUPERSEDED) for one in self.owed() if one.id in joined]

    def rerouted(self, now: datetime) -> list[Notice]:
        """Calls owed to recipients that the routes no longer name: undeliverable, and asked of whom the routes name for
        that step now. Nobody else would hear of them before the next revision.
        """
        named = {one.name for one in self._routes.recipients}
        lost = [one for one in self.owed() if _is_call(one) and base_of(one.recipient) not in named]
        found: list[Notice] = []
        for one in lost:
            told = self._told[one.alert_id].values()
            if any(other.phase is Phase.END and _is_later(other, one) for other in told):
                found.append(self.settle(one, Fate.SUPERSEDED))
                continue
            step = Step(one.step or "")
            on_duty = self._expand(self._routes.people(step, one.ward, one.priority, one.kind, now), one.ward)
            self.nobody += not on_duty
            head, _, tail = one.id.partition(f":{one.round}:{one.recipient}")
            names = {f"{head}:{one.round}:{person.name}{tail}": person.name for person in on_duty}
            fresh = {name: person for name, person in names.items() if name not in self._told[one.alert_id]}
            many = one.recipients + len(fresh)  # the step has failed once these all have
            for name, person in fresh.items():
                new = msgspec.structs.replace(one, id=name, fate=Fate.OWED, recipient=person, recipients=many)
                self.remember(new)
                found.append(new)  # before the other is settled: what breaks off in between is asked for again
            self.remember(msgspec.structs.replace(one, recipients=many))
            found.append(self.settle(self._told[one.alert_id][one.id], Fate.UNDELIVERABLE))
        return found

    def take(self, revision: Revision, now: datetime) -> list[Notice]:
        """What a revision asks for anew, in the order in which it is told; settled ones come with their fate."""
        known = self._told.get(revision.alert_id, {})
        if is_reserved(revision.patient_id):
            return []
        people = self._mode is Mode.REAL and revision.mode is Mode.REAL
        machines = [
            one
            for machine in self._routes.machines(revision.ward, revision.priority, revision.kind, revision.at)
            if revision.mode is Mode.REAL or machine.channel is not Channel.PCD04  # whose machines page people
            for one in self._machine(revision, machine, known, now)
        ]
        asked = machines + (self._people(revision, known, now) if people else [])
        # Of what was told later the beginning may be forgotten: whoever heard more hears nothing of before.
        heard: dict[str, int] = {}
        for one in known.values():
            heard[one.recipient] = max(one.revision, heard.get(one.recipient, 0))
        new = [
            one
            for one in asked
            if one.fate is Fate.SUPERSEDED
            or (one.id not in known and one.revision >= heard.get(one.recipient, one.revision))
        ]
        for one in new:
            self.remember(one)
        return new

    def _machine(self, revision: Revision, machine: Recipient, known: dict[str, Notice], now: datetime) -> list[Notice]:
        """Each revision; of an alert long over, of which it heard nothing, none: who told it then is forgotten."""
        name = f"{revision.alert_id}:{revision.revision}:{machine.name}"
        if revision.over and now - revision.at > KEPT and name not in known:
            before = [one for one in known.values() if one.recipient == machine.name and one.step is None]
            if not any(self._perhaps_heard(one) for one in before):
                unsent = [one for one in before if one.fate is Fate.OWED]
                return [msgspec.structs.replace(one, fate=Fate.SUPERSEDED, over=True) for one in unsent]
        return [self._notice(revision, machine, name, _phase(revision))]

    def _perhaps_heard(self, one: Notice) -> bool:
        return one.fate is not Fate.SUPERSEDED and (one.fate is not Fate.OWED or one.id in self.attempted)

    def _people(self, revision: Revision, known: dict[str, Notice], now: datetime) -> list[Notice]:
        return self._calls(revision, known) if revision.calls else self._ends(revision, known, now)

    def _calls(self, revision: Revision, known: dict[str, Notice]) -> list[Notice]:
        found: list[Notice] = []
        for reached in revision.lifecycle.steps:
            named = self._routes.people(reached.step, revision.ward, revision.priority, revision.kind, revision.at)
            on_duty = self._expand(named, revision.ward)
            self.nobody += not on_duty
            again = revision.lifecycle.repeats
            for one in on_duty:
                if _was_told(known.get(_call_id(revision, reached, base_of(one.name), known)), one):
                    continue
                name = _call_id(revision, reached, one.name, known)
                notice = self._notice(revision, one, name, Phase.CONTINUE if again else Phase.START)
                facts = {"step": reached.step.value, "called_at": reached.at, "recipients": len(on_duty)}
                found.append(msgspec.structs.replace(notice, round=again, **facts))
            found += self._handed_on(on_duty, known, {one.id for one in found})
        return found

    def _handed_on(self, on_duty: list[Recipient], known: dict[str, Notice], done: set[str]) -> list[Notice]:
        """What is owed to a recipient that nobody stood behind, and is now asked of each of its people: it was nobody's
        call, so nobody is told of its end.
        """
        bases = {base_of(one.name) for one in on_duty} - {one.name for one in on_duty}
        owed = [one for one in known.values() if one.recipient in bases and _is_call(one) and one.fate is Fate.OWED]
        return [msgspec.structs.replace(one, fate=Fate.SUPERSEDED, step=None) for one in owed if one.id not in done]

    def _ends(self, revision: Revision, known: dict[str, Notice], now: datetime) -> list[Notice]:
        """To each who was called: that it is over, or who has it. A call that never left is not sent after its end."""
        found: list[Notice] = []
        called = [one for one in known.values() if _is_call(one)]
        for recipient in dict.fromkeys(one.recipient for one in called):
            calls = [one for one in called if one.recipient == recipient]
            newest = max(calls, key=lambda one: (one.at, one.round))
            name = f"{newest.id}:{OVER}"
            if name in known:
                continue
            unsent = [one for one in calls if one.fate is Fate.OWED and one.id not in self.attempted]
            found += [msgspec.structs.replace(one, fate=Fate.SUPERSEDED, over=revision.over) for one in unsent]
            nothing_said = len(unsent) == len(calls)
            if nothing_said and revision.over and now - revision.at > NOT_TOLD_AFTER:
                continue
            times = f"called {self._clock(newest.at)}, {_what_became(revision)} {self._clock(revision.at)}"
            over = msgspec.structs.replace(newest, id=name, revision=revision.revision, phase=Phase.END, step=None)
            text = f"{_place(revision)}: {times}. {CLOSING_WORDS}"
            found.append(msgspec.structs.replace(over, text=text, at=revision.at, fate=Fate.OWED, over=revision.over))
        return found

    def _clock(self, at: datetime) -> str:
        """As the clocks of the site show it."""
        return f"{at.astimezone(self._routes.zone):%H:%M %Z}"

    def _notice(self, revision: Revision, recipient: Recipient, name: str, phase: Phase) -> Notice:
        return Notice(
            id=name,
            alert_id=revision.alert_id,
            revision=revision.revision,
            recipient=recipient.name,
            phase=phase,
            over=revision.over,
            kind=revision.kind,
            priority=revision.priority,
            subject=revision.subject,
            patient_id=revision.patient_id,
            ward=revision.ward,
            bed=revision.bed,
            text=f"{NO_PATIENT.get(revision.mode, '')}{_place(revision)}, {revision.priority} priority: "
            f"{revision.headline}. {CLOSING_WORDS}",
            at=revision.at,
            mode=revision.mode,
            details=_details(revision) if recipient.channel is Channel.FHIR else None,
        )


def _details(revision: Revision) -> Details:
    forecast = tuple(one.reason for one in revision.findings if one.detector == "risk")
    if (score := revision.news2) is None:
        return Details(revision.started_at, forecast=forecast)
    return Details(
        revision.started_at, score.score_min, score.score_max, score.complete, score.scale, forecast=forecast
    )


def _is_call(one: Notice) -> bool:
    return one.step is not None and not one.covers


def _call_id(revision: Revision, reached: StepReached, recipient: str, known: dict[str, Notice]) -> str:
    """Who was told that it is over is called again, though the ladder goes on with the steps it had."""
    name = f"{revision.alert_id}:{reached.step}:{reached.at.isoformat()}:{revision.lifecycle.repeats}:{recipient}"
    ends = sum(_ended(told, recipient, revision) for told in known.values())
    return f"{name}:{ends}" if ends else name


def _was_told(call: Notice | None, recipient: Recipient) -> bool:
    """Whether this call of the recipient of the routes reached all devices, hers as well, or does so joined."""
    if call is None or call.recipient == recipient.name:
        return False
    return _is_call(call) and call.fate not in (Fate.OWED, Fate.UNDELIVERABLE)


def _ended(told: Notice, recipient: str, revision: Revision) -> bool:
    ended = told.phase is Phase.END and not told.covers
    return ended and told.recipient == recipient and told.revision < revision.revision


def _is_later(other: Notice, one: Notice) -> bool:
    return other.recipient == one.recipient and other.revision > one.revision


def _is_over(notices: Iterable[Notice]) -> bool:
    """Whether an alert has ended, as far as a notifier has heard."""
    return max(notices, key=lambda one: (one.revision, one.over)).over


def _place(revision: Revision) -> str:
    bed = f"Bed {revision.bed}" if revision.bed else "No bed known"
    return f"{bed}, ward {revision.ward}" if revision.ward else bed


def _phase(revision: Revision) -> Phase:
    if revision.over:
        return Phase.END
    return Phase.START if revision.revision == 1 else Phase.CONTINUE


def _what_became(revision: Revision) -> str:
    who = revision.lifecycle.owner or revision.lifecycle.snoozed_by
    if revision.lifecycle.status in (AlertStatus.ACKNOWLEDGED, AlertStatus.SNOOZED) and who is not None:
        return f"answered by {who.who}"
    return "ended" if revision.over else "no longer calling"
