"""Whether the topics under a worker are still those that it took: asked every few seconds, and when offsets go back.

aiokafka shows neither a topic's id nor that one was made anew: it goes on at the old offset, or silently at the
beginning. Whatever differs makes the worker ask for its partitions again; what is done about it is done there, once.
"""

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple, Protocol

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient

from streams.config.settings import Settings
from streams.config.topics import FORWARDED, Topic, partitions_of
from streams.installation.broker import TIMEOUT_S, BrokerUnreachable, admin_of

log = logging.getLogger(__name__)

ASK_EVERY_S: Final = 3.0
ASKED_LATELY_S: Final = 0.5
SOON_S: Final = 3.0
"""So long a client may wait that was there before: it may insist on a broker that is lost. A new one finds another."""
CUT_WAITS_S: Final = 1.0
"""A log that is cut is seen by its ends alone; the ids, which tell it from one that was made anew, may be late."""
WATCHED: Final = (Topic.READINGS, *FORWARDED)


CUT: Final = "cut"


class Identities(NamedTuple):
    """The topics' ids and partition counts, by logical name; one that is not there has neither."""

    ids: Mapping[Topic, str]
    partitions: Mapping[Topic, int]


NOT_ASKED: Final = Identities({}, {})


class Asker:
    """Asks the broker, by one client for the worker's life."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._names = {settings.topic(topic): topic for topic in WATCHED}
        self._admin: AdminClient | None = None

    def __call__(self) -> Identities:
        """The topics as they are now; blocks. Raises BrokerUnreachable where nobody answers.

        Nothing is asked where states are kept in memory: the embedded broker knows no ids, and has nothing to go on
        from.
        """
        if not self._settings.durable:
            return NOT_ASKED
        admin, self._admin = self._admin, None  # gone on with only if it answers
        if admin is not None:
            with contextlib.suppress(BrokerUnreachable):
                return self._asked(admin, SOON_S)
        return self._asked(admin_of(self._settings), TIMEOUT_S)

    def _asked(self, admin: AdminClient, within_s: float) -> Identities:
        answers = admin.describe_topics(TopicCollection(list(self._names)), request_timeout=within_s)
        ids, partitions = {}, {}
        until = time.monotonic() + within_s
        for name, answer in answers.items():
            try:
                described = answer.result(max(0.0, until - time.monotonic()))
            except TimeoutError:
                raise BrokerUnreachable(f"the id of {name} cannot be had: no answer within {within_s:g} s") from None
            except KafkaException as refused:
                if refused.args[0].name() == "UNKNOWN_TOPIC_OR_PART":
                    continue
                said = refused.args[0].str()
                raise BrokerUnreachable(f"the id of {name} cannot be had: {said}") from None
            ids[self._names[name]] = str(described.topic_id)
            partitions[self._names[name]] = len(described.partitions)
        self._admin = admin
        return Identities(ids, partitions)


class Held(Protocol):
    """What the worker holds of these topics."""

    identities: Identities | None

    def taken(self) -> Mapping[int, int]:
        """Up to where each of our partitions of the log is taken."""

    def let_go(self, partitions: set[int]) -> None:
        """These may not go on with what is in memory."""


class IdentityWatch:
    """Compares what `ask` tells with what was taken. `ends` gives where the log's partitions end; `rejoin` asks the
    group for the partitions again.
    """

    def __init__(
        self,
        settings: Settings,
        ask: Callable[[], Identities],
        held: Held,
        ends: Callable[[], Awaitable[Mapping[int, int]]],
        rejoin: Callable[[], Awaitable[None]],
    ) -> None:
        self._settings, self._ask, self._held, self._ends, self._rejoin = settings, ask, held, ends, rejoin
        self._asking = asyncio.Lock()
        self._asked_at, self._same = 0.0, True
        self._waits: tuple[Identities, asyncio.Task[Identities]] | None = None  # an answer that is waited for
        self.changes: Counter[str] = Counter()
        self.grown: dict[Topic, int] = {}

    async def run(self) -> None:
        """From time to time, for ever."""
        while self._settings.durable:
            await asyncio.sleep(ASK_EVERY_S)
            await self.is_same()

    async def is_same(self) -> bool:
        """Whether everything is still as it was taken; asks the broker unless it was asked just now."""
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if now - self._asked_at < ASKED_LATELY_S:
                return self._same
            before = self._held.identities
            if before is None:  # partitions are being dealt: they are asked for there
                return True
            # Who may not ask, or gets no answer, goes on; fetching tells of a broker that is away. Each is asked for
            # itself: one that is late hides nothing that the other shows.
            if self._waits is None or self._waits[0] is not before:  # an answer to an earlier question tells nothing
                self._waits = before, asyncio.create_task(asyncio.to_thread(self._ask))
            taken = self._held.taken()  # before it is asked: what comes meanwhile stands beyond the answer
            asked, ends = self._waits[1], await self._ends_now()
            cut = {number for number, end in ends.items() if taken.get(number, 0) > end}
            await asyncio.wait({asked}, timeout=CUT_WAITS_S if cut else None)
            found = before
            if asked.done():
                self._waits, found = None, _told(asked) or before
            self._asked_at = asyncio.get_running_loop().time()
            if self._held.identities is not before:
                return True
            self._note_growth(found)
            self._same = not self._differs(before, found, ends, cut)
            if not self._same:
                await self._rejoin()
            return self._same

    async def _ends_now(self) -> Mapping[int, int]:
        try:
            return await self._ends()
        except Exception as silent:
            log.debug("where the log ends cannot be had: %s", type(silent).__name__)
            return {}

    def _differs(self, before: Identities, found: Identities, ends: Mapping[int, int], cut: set[int]) -> bool:
        anew = [topic for topic, now in found.ids.items() if before.ids.get(topic, now) != now]
        for topic in anew:
            log.error(
                "%s was made anew (topic id %s, now %s): its offsets begin again, and nothing of it is left aside",
                self._settings.topic(topic), before.ids[topic], found.ids[topic],
            )  # fmt: skip
        cut = set() if Topic.READINGS in anew else cut
        for partition in sorted(cut):
            log.error(
                "partition %d: the log ends at offset %d, before what was taken of it", partition, ends[partition]
            )
        self._held.let_go(set(ends) if Topic.READINGS in anew else cut)
        return bool(anew or cut)

    def _note_growth(self, found: Identities) -> None:
        grown = {
            topic: count for topic, count in found.partitions.items() if count > partitions_of(topic, self._settings)
        }
        if grown and not self.grown:
            log.error(
                "%s: partitions were added; a patient's readings may now go where nobody watches them. The count is "
                "fixed: make a new log and take the states along (`vigilward state export`, `import --from start`)",
                ", ".join(f"{self._settings.topic(topic)} has {count}" for topic, count in sorted(grown.items())),
            )
        self.grown = grown


def _told(asked: "asyncio.Task[Identities]") -> Identities | None:
    silent = asked.exception()
    if silent is not None:
        log.debug("the topics' ids cannot be had: %s", type(silent).__name__)
        return None
    return asked.result()
