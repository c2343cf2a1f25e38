"""Whether a topic is still the one that was read: one made anew has the same name, and its offsets begin again."""

import asyncio
import logging
from typing import Final

from confluent_kafka import KafkaException, TopicCollection

from streams.config.settings import Settings
from streams.installation.broker import TIMEOUT_S, admin_of

log = logging.getLogger(__name__)
LOOK_EVERY_S: Final = 5.0


class SameTopic:
    """Asks a topic's id again and again. `anew` is set once it has become another, until somebody clears it."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings, self._name = settings, name
        self._id = ""
        self.anew = asyncio.Event()

    async def watch(self) -> None:
        """For ever."""
        admin = admin_of(self._settings)

        def asked() -> str:
            try:
                answer = admin.describe_topics(TopicCollection([self._name]), request_timeout=TIMEOUT_S)[self._name]
                return str(answer.result(TIMEOUT_S).topic_id)
            except (KafkaException, TimeoutError):  # away, or between two topics: what was known stands
                return ""

        while True:
            self.take(await asyncio.to_thread(asked))
            await asyncio.sleep(LOOK_EVERY_S)

    def take(self, topic_id: str) -> None:
        """What the broker says; nothing where it says nothing."""
        if topic_id and self._id and topic_id != self._id:
            log.error(
                "%s was made anew: it is read from its beginning, and what was told is not told again", self._name
            )
            self.anew.set()
        self._id = topic_id or self._id
