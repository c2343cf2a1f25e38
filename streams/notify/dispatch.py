"""Sends what is owed: each recipient has a queue and a task of its own, so that none waits for another."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from schemas.action import Action, ActionType
from streams.config.settings import Settings
from streams.gateways.store import NotStored
from streams.notify.book import Book
from streams.notify.channels import Answer, Sender
from streams.notify.channels.fhir import FhirServer
from streams.notify.channels.pcd04 import Pcd04
from streams.notify.channels.webhook import Webhook
from streams.notify.metrics import NotifyMetrics
from streams.notify.notice import Fate, Notice, short
from streams.notify.outbox import GIVEN_UP_AFTER_S, Outbox
from streams.notify.receipts import FATES, sent_or_not
from streams.notify.routes import Audience, Channel, Routes, base_of
from streams.notify.settings import NotifySettings

log = logging.getLogger(__name__)
RETRY_S: Final = 1.0
LOOK_EVERY_S: Final = 0.5
AT_ONCE: Final = 8
"""Messages under way to one recipient: a slow answer keeps only its own alert waiting. By MLLP its `connections`."""
GROUPED_S: Final = 0.05
"""What was sent is written down together so often; after a kill so much is told again."""
Write = Callable[[list[Notice], list[Action]], Awaitable[None]]


class Dispatch:
    """All recipients of one notifier. `write` puts notices and actions into Kafka; `may_send` says whether it is known
    what is owed.
    """

    def __init__(
        self,
        settings: Settings,
        own: NotifySettings,
        routes: Routes,
        book: Book,
        metrics: NotifyMetrics,
        write: Write,
        may_send: Callable[[], bool],
    ) -> None:
        self._settings, self._own, self._routes = settings, own, routes
        self._book, self._metrics, self._write, self._may_send = book, metrics, write, may_send
        self.recipients = {one.name: one for one in routes.recipients}
        self.outboxes = {one.name: Outbox(one.audience is Audience.PEOPLE) for one in routes.recipients}
        self.senders: dict[Channel, Sender] = {
            Channel.WEBHOOK: Webhook(),
            Channel.PCD04: Pcd04(),
            Channel.FHIR: FhirServer(),
        }
        self._tasks: asyncio.TaskGroup | None = None
        self._wake = {name: asyncio.Event() for name in self.outboxes}
        self._arrived: dict[str, float] = {}
        self._sent: tuple[list[Notice], list[Action]] = ([], [])
        self._keeping: asyncio.Task[None] | None = None
        self._one_write = asyncio.Lock()

    async def run(self) -> None:
        """Sends, for ever."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            for name in self.outboxes:
                tasks.create_task(self._send_to(name), name=f"notify {name}")

    async def close(self) -> None:
        """Ends the channels' connections; what was sent has been written down."""
        if self._keeping is not None:
            await self._keeping
        for sender in self.senders.values():
            await sender.close()

    def arrived(self, notices: list[Notice], at_s: float) -> None:
        """The record that asks for these came at that moment, seconds since 1970."""
        self._arrived |= {one.id: at_s for one in notices}

    def queue(self, one: Notice) -> None:
        """Owed: it leaves as soon as its recipient's queue lets it."""
        if not self._enlists(one.recipient):  # the routes have changed since it was owed; its calls went to others
            log.warning("recipient %s is in the routes no longer, and is not told", one.recipient)
            return
        self.outboxes[one.recipient].add(one, time.monotonic())
        self._wake[one.recipient].set()

    def _enlists(self, name: str) -> bool:
        """Whether there is such a recipient; somebody whom a recipient of the routes stands for becomes one."""
        if name in self.outboxes:
            return True
        base = self.recipients.get(base_of(name))
        if base is None or base.channel is not Channel.WEBPUSH:
            return False
        self.recipients[name] = replace(base, name=name)
        self.outboxes[name], self._wake[name] = Outbox(), asyncio.Event()
        if self._tasks is not None:
            self._tasks.create_task(self._send_to(name), name=f"notify {name}")
        return True

    def drop(self, one: Notice) -> None:
        """It is not to be sent any more."""
        if one.recipient in self.outboxes:
            self.outboxes[one.recipient].drop(one.id)

    def wake(self) -> None:
        """There may be something to send for everybody."""
        for event in self._wake.values():
            event.set()

    def forget(self, alert_ids: set[str]) -> None:
        """Drops what waits of these alerts."""
        for outbox in self.outboxes.values():
            for one in outbox.waiting:
                if one.alert_id in alert_ids:
                    outbox.drop(one.id)

    def forget_old(self, now: datetime) -> None:
        """What never arrived takes no memory."""
        since = now.timestamp() - GIVEN_UP_AFTER_S
        self._arrived = {one: at for one, at in self._arrived.items() if at >= since}

    async def keep(self, notices: list[Notice], actions: list[Action] | None = None) -> None:
        """Writes down what became of notices; if Kafka does not take it, they are told again after a restart."""
        try:
            await self._write(notices, actions or [])
        except NotStored as fault:
            log.error("what became of %d messages was not written down: %s", len(notices), fault)

    def _keep_soon(self, notices: list[Notice], actions: list[Action]) -> None:
        """Written down with what is sent at about the same time; the next message does not wait for it."""
        self._sent[0].extend(notices)
        self._sent[1].extend(actions)
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.create_task(self._keep_grouped(), name="notify writes what was sent")

    async def _keep_grouped(self) -> None:
        while any(self._sent):
            await asyncio.sleep(GROUPED_S)
            await self.keep_sent()

    async def keep_sent(self) -> None:
        """Writes down what was sent, before anything else is said of it; done when a write under way is done too."""
        async with self._one_write:
            notices, actions = self._sent
            self._sent = ([], [])
            if notices or actions:
                await self.keep(notices, actions)

    async def _send_to(self, name: str) -> None:
        outbox, wake, flying = self.outboxes[name], self._wake[name], set[str]()
        looked_at = float("-inf")
        assert self._tasks is not None
        while True:
            wake.clear()
            now = time.monotonic()
            if self._may_send():
                await self._join(outbox, now)
                if now - looked_at >= LOOK_EVERY_S:
                    looked_at = now
                    await self.overdue(outbox, now)
                while len(flying) < self._at_once(name) and (one := outbox.ready(now, self._is_held)) is not None:
                    outbox.fly(one.id)
                    flying.add(one.id)
                    self._tasks.create_task(self._fly(outbox, one, wake, flying))
            if looked_at == now:
                self._count()
            coming = now + LOOK_EVERY_S if flying else outbox.next_at()
            wait_s = RETRY_S if coming is None or coming <= now else min(RETRY_S, max(0.01, coming - now))
            try:
                async with asyncio.timeout(wait_s):
                    await wake.wait()
            except TimeoutError:
                continue

    def _at_once(self, name: str) -> int:
        """How many messages, of as many alerts, are under way to a recipient; one where it may be away."""
        if self.outboxes[name].failures:
            return 1
        recipient = self.recipients[name]
        return recipient.connections if recipient.channel is Channel.PCD04 else AT_ONCE

    async def _fly(self, outbox: Outbox, one: Notice, wake: asyncio.Event, flying: set[str]) -> None:
        try:
            await self._send(outbox, one)
        finally:
            outbox.fly(one.id, flies=False)
            flying.discard(one.id)  # before anybody is woken: there is room for the next one
            wake.set()

    def _is_held(self, one: Notice) -> bool:
        return self._routes.held(self.recipients[one.recipient], one.priority, datetime.now(UTC))

    async def _join(self, outbox: Outbox, now: float) -> None:
        for message, gathered in outbox.join(now):
            settled = [self._book.settle(one, Fate.SUPERSEDED) for one in gathered]
            self._book.remember(message)
            await self.keep([message, *settled])

    async def _send(self, outbox: Outbox, one: Notice) -> None:
        self._book.attempted.add(one.id)
        recipient = self.recipients[one.recipient]
        try:
            answer = await self.senders[recipient.channel].send(recipient, one)
        except Exception as fault:  # whatever a channel meets, the recipient is tried again
            log.exception("a message to recipient %s could not be sent", one.recipient)
            answer = Answer(ok=False, said=type(fault).__name__)
        if one.id not in outbox.queue:
            return  # its partition was dealt to another meanwhile
        if answer.ok:
            await self.sent(outbox, one)
            return
        self._metrics.tries.inc()
        was_away, was_shut = outbox.away, outbox.shut
        goes_on = not answer.final and outbox.failed(
            one.id, time.monotonic(), answered=answer.answered, wait_s=answer.wait_s, shut=answer.shut
        )
        if outbox.shut and not was_shut:
            log.error("recipient %s takes nothing until route or receiver is mended: %s", one.recipient, answer.said)
        elif outbox.away and not was_away:
            log.error("recipient %s does not answer: %s; going on trying", one.recipient, answer.said)
        if not goes_on:
            log.error("a message to recipient %s is given up: %s", one.recipient, answer.said)
            outbox.drop(one.id)
            await self.keep([self._book.settle(one, Fate.UNDELIVERABLE)], self.said(one, ActionType.UNDELIVERABLE))
        elif outbox.is_parked(one.id):
            log.error("recipient %s refuses one message: %s; it waits, the others go on", one.recipient, answer.said)

    async def sent(self, outbox: Outbox, one: Notice) -> None:
        """A transport has it."""
        if (since := self._arrived.pop(one.id, None)) is not None:
            self._metrics.delay.observe(max(0.0, time.time() - since))
        if outbox.away or outbox.shut:
            log.warning("recipient %s answers again", one.recipient)
        outbox.sent(one.id)
        known = self._book.find(short(one.id))
        settled = [] if known is not None and known.fate in FATES.values() else [self._book.settle(one, Fate.SENT)]
        self._keep_soon(settled, self.said(one, ActionType.SENT))

    async def overdue(self, outbox: Outbox, now: float) -> None:
        """A call that nobody's device has yet is said to be undeliverable: the ladder goes on, and so do the tries."""
        for one in outbox.overdue(now, self._own.undeliverable_s, self._is_held):
            if said := self.said(one, ActionType.UNDELIVERABLE):
                log.error("a call has not been taken by recipient %s: the next step is due", one.recipient)
                await self.keep([], said)

    def said(self, one: Notice, kind: ActionType) -> list[Action]:
        """The notifier's own word of a message to a person."""
        awaited = kind is ActionType.SENT and self.recipients[one.recipient].receipts
        return sent_or_not(one, kind, datetime.now(UTC), self._settings.mode, awaited=awaited)

    def _count(self) -> None:
        boxes = self.outboxes.values()
        self._metrics.waiting.set(sum(len(one.waiting) for one in boxes))
        self._metrics.parked.set(sum(one.parked for one in boxes))
        self._metrics.away.set(sum(one.away or one.shut for one in boxes))
