"""The browsers that people have put under their names: a topic of the board's, read whole, and followed."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.notify.receipts import ROLE_OF
from streams.notify.routes import BELOW, Channel, Recipient
from streams.web_push.services import allowed
from streams.web_push.subscription import NoSubscription, Subscription, decode

log = logging.getLogger(__name__)
RETRY_S: Final = 1.0


def named(base: Recipient, login: str) -> Recipient:
    """One of the people whom a recipient of the routes stands for."""
    return replace(base, name=f"{base.name}{BELOW}{login}")


class Devices:
    """Who can be pushed to now. `services`: the hosts of push services that are trusted."""

    def __init__(self, services: list[str], clock: Callable[[], float] = time.time) -> None:
        self._services, self._clock = services, clock
        self._known: dict[str, Subscription] = {}
        self.read_whole = False

    def take(self, key: bytes | None, value: bytes | None) -> None:
        """A record of the topic; without a value the device is no more."""
        name = (key or b"").decode("utf-8", "replace")
        if not value:
            self._known.pop(name, None)
            return
        try:
            one = decode(value)
        except NoSubscription as fault:
            log.error("a subscription cannot be read: %s", fault)
            return
        if not allowed(one.endpoint, self._services):
            log.error(
                "a device of %s is at a push service that VIGILWARD_NOTIFY_PUSH_SERVICES does not name", one.login
            )
            return
        self._known[one.id] = one

    def drop(self, device: Subscription) -> None:
        """It is no more."""
        self._known.pop(device.id, None)

    def people(self, recipient: Recipient, ward: str | None) -> list[str]:
        """The logins of those whom a recipient of the routes stands for, each with a device."""
        return sorted({one.login for one in self._of(recipient, ward)})

    def find(self, recipient: Recipient, ward: str | None) -> list[Subscription]:
        """Every device of a recipient: of one person's, or of all for whom the routes name it."""
        _, below, login = recipient.name.partition(BELOW)
        return [one for one in self._of(recipient, ward) if not below or one.login == login]

    def expand(self, recipients: list[Recipient], ward: str | None) -> list[Recipient]:
        """Who is told: of a recipient by Web Push each person, if anybody has a device."""
        found: list[Recipient] = []
        for one in recipients:
            people = self.people(one, ward) if one.channel is Channel.WEBPUSH else []
            found += [named(one, login) for login in people] or [one]
        return found

    def _of(self, recipient: Recipient, ward: str | None) -> list[Subscription]:
        role = None if recipient.role is None else ROLE_OF[recipient.role]
        now = self._clock()
        return [one for one in self._known.values() if one.role is role and one.until > now and one.sees(ward)]

    async def follow(self, settings: Settings) -> None:
        """Reads the topic, for ever."""
        name = settings.topic(Topic.SUBSCRIPTIONS)
        while True:
            consumer = AIOKafkaConsumer(**settings.aiokafka(), enable_auto_commit=False)
            try:
                await consumer.start()
                place = TopicPartition(name, 0)
                consumer.assign([place])
                await consumer.seek_to_beginning(place)
                end = (await consumer.end_offsets([place]))[place]
                while True:
                    for records in (await consumer.getmany(timeout_ms=200)).values():
                        for record in records:
                            self.take(record.key, record.value)
                    self.read_whole = self.read_whole or await consumer.position(place) >= end
            except (KafkaError, KeyError) as fault:
                log.error("subscriptions cannot be read: %s; going on trying", type(fault).__name__)
                await asyncio.sleep(RETRY_S)
            finally:
                await consumer.stop()
