"""Whether topics are still those that were read: one made anew has the same name, and its offsets begin again."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Final

from aiokafka.errors import KafkaTimeoutError
from confluent_kafka import Consumer, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from streams.config.settings import Settings
from streams.installation.broker import TIMEOUT_S, admin_of

log = logging.getLogger(__name__)
LOOK_EVERY_S: Final = 5.0
SAID_WITHIN_S: Final = 3.0


class SameTopics:
    """Asks topics' ids again and again. `anew`: those that have become another, until somebody takes them out."""

    def __init__(self, settings: Settings, names: Iterable[str]) -> None:
        self._settings, self._names = settings, list(names)
        self._ids: dict[str, str] = {}
        self._admin: AdminClient | None = None
        self.anew: set[str] = set()

    async def watch(self) -> None:
        """For ever."""
        while True:
            await self._look()
            await asyncio.sleep(LOOK_EVERY_S)

    async def known(self, name: str) -> str:
        """The id that a topic has now; "" where nobody says it within `SAID_WITHIN_S`: no call waits for that. Whether
        it is made anew while no notifier runs is not seen then.
        """
        said = await self._look()
        if name not in said:
            log.warning("the broker does not say which topic %s is: whether it is made anew is not seen", name)
        return said.get(name, "")

    def last_said(self, name: str) -> str:
        """The id that was said of it last; "" if none was."""
        return self._ids.get(name, "")

    async def _look(self) -> dict[str, str]:
        said = await asyncio.to_thread(self._asked)
        for name, topic_id in said.items():
            self.take(name, topic_id)
        return said

    def _asked(self) -> dict[str, str]:
        """What the broker says now, of those of which it says anything."""
        said: dict[str, str] = {}
        try:
            self._admin = self._admin or admin_of(self._settings)
            answers = self._admin.describe_topics(TopicCollection(self._names), request_timeout=SAID_WITHIN_S)
        except KafkaException:
            return said
        for name, answer in answers.items():
            try:
                said[name] = str(answer.result(SAID_WITHIN_S).topic_id)
            except (KafkaException, TimeoutError):  # away, or between two topics: what was known stands
                continue
        return said

    def take(self, name: str, topic_id: str) -> None:
        """What the broker says of one."""
        if topic_id != self._ids.setdefault(name, topic_id):
            log.error("%s was made anew", name)
            self.anew.add(name)
            self._ids[name] = topic_id

    async def marks(self, group: str, topic: str, numbers: list[int]) -> dict[int, str]:
        """What the group has committed with its offset of each partition; empty where there is nothing. Raises
        KafkaTimeoutError.
        """

        def asked() -> dict[int, str]:
            own = {"group.id": group, "enable.auto.commit": False}
            reader = Consumer({**self._settings.librdkafka(), **own})
            try:
                places = reader.committed([TopicPartition(topic, number) for number in numbers], timeout=TIMEOUT_S)
                return {place.partition: place.metadata or "" for place in places}
            finally:
                reader.close()

        try:
            return await asyncio.to_thread(asked)
        except KafkaException as fault:
            raise KafkaTimeoutError(str(fault.args[0])) from fault
