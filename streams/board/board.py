"""The board's service: what was heard becomes what every page is told; the ward's time; who may be doing what."""

import asyncio
import contextlib
import logging
import secrets
import time
from collections import OrderedDict
from dataclasses import replace
from typing import Any, Final

import msgspec

from schemas.patient import Event, PatientRecord, Shared
from streams.board.accounts import LOCAL, Accounts, AccountsFile
from streams.board.audit import Audit
from streams.board.burden import burden
from streams.board.consumer import BoardConsumer, Heard, in_turn
from streams.board.directory import Directory
from streams.board.journal import Journal
from streams.board.lag_monitor import LagMonitor, Watch
from streams.board.lookup import Lookup
from streams.board.projection import Bed, Projection, encode
from streams.board.push_desk import PushDesk
from streams.board.rate_limit import RateLimit
from streams.board.sending import NotSent, Sender
from streams.board.sessions import Session, Sessions
from streams.board.settings import BoardSettings, keys_of
from streams.board.sign_in import SignIns
from streams.board.stream import Streams
from streams.board.taken_on import TakenOn
from streams.board.unreached import Unreached, unreached
from streams.board.view import View
from streams.config.rotation import SecretFile
from streams.config.settings import Clock, Settings
from streams.config.topics import Topic
from streams.notify.routes import Routes

log = logging.getLogger(__name__)

HEARS: Final = (Topic.STATUS, Topic.ALERTS, Topic.TRENDS, Topic.PATIENTS, Topic.RULES, Topic.JOURNAL)
PULSE_S: Final = 1.0
BURDEN_EVERY: Final = 15  # pulses
SHARING_EVERY: Final = 5  # pulses: what was sent has been heard again by then
MOST_SEEN: Final = 10_000
UNTIL_LOOKED_S: Final = 4.0


class Board:
    """Everything of one board process but its HTTP. `start` and `stop` belong to the running loop."""

    def __init__(self, settings: Settings, board: BoardSettings, routes: Routes | None = None) -> None:
        self.settings, self.own, self.routes = settings, board, routes
        self._accounts = None if board.accounts is None else AccountsFile(board.accounts)
        token = board.directory_token.get_secret_value()
        self.directory: Directory | Lookup = (
            Lookup(board.directory_url, token) if board.directory_url else Directory(board.directory)
        )
        # Without a secret of one's own (on loopback only) a new start asks everybody to sign in again; without accounts
        # there is nothing to prove.
        keys = board.keys or ((b"loopback only",) if board.accounts is None else (secrets.token_bytes(32),))
        self.sessions = Sessions(keys, idle_s=board.session_idle_min * 60, longest_s=board.session_hours * 3600)
        self._secret_file = SecretFile(
            "VIGILWARD_BOARD_SECRET_FILE",
            board.secret_files().path_of("secret"),
            lambda text: self.sessions.sign_by(keys_of(text)),
        )
        self.sign_ins = SignIns()
        self.audit = Audit(board.audit_file)
        self.words = RateLimit(burst=40, per_minute=90)
        self.looks = RateLimit(burst=60, per_minute=240)
        self.projection = Projection(history_hours=board.history_hours, mode=settings.mode.value)
        self.streams = Streams(self._whole)
        self.sender = Sender(settings.librdkafka(), within_s=board.send_within_s)
        self.watch = Watch()
        self.caught_up = False
        self.streams_of: dict[str, int] = {}
        self.limits_sent: dict[tuple[str, str], tuple[int, dict[str, dict[str, Any] | None]]] = {}
        """By patient and kind, when, and by vital which (None: it has ended). Until the worker tells of them, the next
        order must leave none out.
        """
        self.taken_on = TakenOn()
        self.journal = Journal(board.history_hours)
        self.push = PushDesk(board.push_public_key, board.push_services)
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._burden: dict[str, Any] = {}
        self._unreached: list[Unreached] = []
        self._listener: BoardConsumer | None = None
        self._watcher: LagMonitor | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._began = time.monotonic()

    async def start(self) -> None:
        """Connects, reads everything, begins to tell."""
        loop = asyncio.get_running_loop()
        hears = (*HEARS, Topic.SUBSCRIPTIONS) if self.push.key else HEARS
        topics = {topic: self.settings.topic(topic) for topic in hears}

        def tell(watch: Watch) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has just ended
                loop.call_soon_threadsafe(self._watched, watch)

        self._listener = BoardConsumer(
            self.settings.librdkafka(), topics, in_turn(loop, self._hear), without=(Topic.JOURNAL,)
        )
        self._watcher = LagMonitor(
            self.settings.librdkafka(),
            log_topic=self.settings.topic(Topic.READINGS),
            heartbeats=self.settings.topic(Topic.HEARTBEATS),
            after_s=self.own.silent_after_s,
            by_arrival=self.settings.clock is Clock.ARRIVAL,
            mode=self.settings.mode.value,
            tell=tell,
        )
        await self.sender.start()
        self._listener.start()
        self._watcher.start()
        self._tasks.append(asyncio.create_task(self._beat()))

    async def stop(self) -> None:
        """Ends streams and threads."""
        self.streams.close()
        self.audit.close()
        for task in self._tasks:
            task.cancel()
        await self.sender.stop()
        for thread in (self._listener, self._watcher):
            if thread is not None:
                await asyncio.to_thread(thread.stop)

    @property
    def now_ms(self) -> int:
        """The ward's time: the clock on the wall, or in event clock how far the data have come."""
        if self.settings.clock is Clock.EVENT and self.projection.newest_at:
            return self.projection.newest_at
        return int(time.time() * 1000)

    @property
    def hears(self) -> bool:
        """Whether what Kafka has still comes here; a listener that has ended is not seen from outside."""
        return self._listener is not None and self._listener.goes_on

    # ---- sessions

    @property
    def accounts(self) -> Accounts | None:
        """Who may sign in, as the file says now; None where nobody has to."""
        return None if self._accounts is None else self._accounts.current

    def let_in(self, session: Session) -> Session | None:
        """The session with what its account says now; None if it no longer counts: somebody has signed out of it, or
        role or password are others.
        """
        accounts = self.accounts
        if self.sessions.is_over(session):
            return None
        if accounts is None:
            return session.of(LOCAL)
        account = accounts.of(session.login)
        return session.of(account) if account is not None and accounts.holds(session.login, session.stamp) else None

    def renewed(self, session: Session) -> Session:
        """The session after a sign of life; its open streams live on with it."""
        renewed = self.sessions.renewed(session, time.time())
        self._seen.pop(session.nonce, None)
        self._seen[session.nonce] = renewed.seen
        while len(self._seen) > MOST_SEEN:
            self._seen.popitem(last=False)
        return renewed

    def ends(self, session: Session) -> float:
        """When a session that has opened a stream is over, in seconds since 1970."""
        return self.sessions.ends(replace(session, seen=max(session.seen, self._seen.get(session.nonce, 0.0))))

    # ---- what is heard and told

    def _hear(self, batch: list[Heard]) -> None:
        if not batch:
            self.caught_up = True
            self._say_changes()
            self.streams.say("pulse", self._pulse)
            return
        self.projection.take(self.push.take(self.journal.hear(batch)))
        for gone, stays, moment in self.projection.admissions.take_merged():
            self.journal.merge(gone, stays, moment)
        for patient, moment in self.projection.admissions.take_erased():
            self.journal.erase(patient, moment)
        if self.caught_up:
            self._say_changes()
            self._say_assignments()

    def _say_assignments(self) -> None:
        if self.journal.news_of_assignments:
            self.journal.news_of_assignments = False
            for view, stream in self.streams:
                stream.say("assigned", encode(self._assigned(view)))

    def _assigned(self, view: View) -> dict[str, dict[str, Any]]:
        beds = self.projection.beds
        said = self.journal.assigned(self.now_ms)
        return {one: who for one, who in said.items() if one in beds and view.sees(beds[one].facts.ward)}

    def _say_changes(self) -> None:
        changes = self.projection.take_changes()
        if changes is None:
            return
        for view, stream in self.streams:
            if (said := self.projection.told(changes, view)) is not None:
                stream.say("changes", encode(said | {"now": self.now_ms}))

    def _watched(self, watch: Watch) -> None:
        changed = not watch.same_words(self.watch)
        self.watch = watch
        if changed:
            self.streams.say("pulse", self._pulse)

    async def _beat(self) -> None:
        count = 0
        while True:
            if count % BURDEN_EVERY == 0:
                self.projection.forget()
                if self.caught_up:
                    self.journal.forget(self.now_ms, self.projection.beds)
                    self._say_assignments()
                self._burden = burden(self.projection, self.now_ms)
                people = [LOCAL] if self.accounts is None else self.accounts.people()
                self._unreached = unreached(self.projection.rules_by_ward(), self.routes, people)
            self.streams.say("pulse", self._pulse)
            if self.caught_up and count % SHARING_EVERY == 0:
                await self._tell_of_sharing()
                await self._remove_devices()
            self._secret_file.look()
            count += 1
            await asyncio.sleep(PULSE_S)

    async def _tell_of_sharing(self) -> None:
        """Tells the watch of patients in one bed, or on one device, of it: each patient's log knows of nobody else.

        Several boards may say the same; the second time changes nothing. What is not sent is said again.
        """
        for patient, shares in self.projection.admissions.sharing():
            record = PatientRecord(
                event=Event.UPDATE,
                patient_id=patient,
                mode=self.settings.mode.value,
                shares=[*map(Shared, shares)],
            )
            value = record.model_dump_json(exclude_unset=True).encode()
            try:
                await self.sender.send(self.settings.topic(Topic.PATIENTS), patient, value)
            except NotSent as refused:
                log.warning("not told that two patients share a bed or a device: %s", refused)
                return

    async def _remove_devices(self) -> None:
        """Nobody is called under an account that is gone or has changed, or after the end of her session."""
        for name in self.push.over(time.time(), self.accounts):
            try:
                await self.sender.send(self.settings.topic(Topic.SUBSCRIPTIONS), name, None)
            except NotSent as refused:
                log.warning("a device that is over was not removed: %s", refused)
                return

    def _pulse(self, view: View) -> bytes:
        silent = self.watch.silent
        beds = [bed for bed in self.projection.beds.values() if view.sees(bed.facts.ward)]
        unwatched = [bed.facts.patient_id for bed in beds if bed.partition in silent]
        looked = self.watch.looked_at and time.time() - self.watch.looked_at < UNTIL_LOOKED_S
        starting = not self.watch.looked_at and time.monotonic() - self._began < UNTIL_LOOKED_S
        return encode(
            {
                "now": self.now_ms,
                "wall": int(time.time() * 1000),
                "clock": self.settings.clock.value,
                "broker": self.hears and bool(starting or (self.watch.broker and looked)),
                "ready": self.caught_up,
                "troubles": self._troubles(beds),
                "partitions": self.watch.partitions,
                "unwatched": unwatched,
                "unreadable": self.projection.unreadable,
                "incomplete": len(self.projection.completeness.missing),
                "burden": self._burden,
                "unconfirmed": self._unconfirmed(view),
                "unreached": [one._asdict() for one in self._unreached if view.sees(one.ward or None)],
                "routes": self.routes is not None,
                "rules_waiting": self.watch.rules_waiting,
            }
        )

    def _unconfirmed(self, view: View) -> dict[str, list[dict[str, Any]]]:
        beds = self.projection.beds
        waiting = self.journal.all_unconfirmed(self.now_ms)
        return {one: said for one, said in waiting.items() if one in beds and view.sees(beds[one].facts.ward)}

    @property
    def keeps_journal(self) -> bool:
        """Whether what is entered here can be told to every board."""
        return self._listener is not None and Topic.JOURNAL not in self._listener.lacks

    def _troubles(self, beds: list[Bed]) -> list[dict[str, Any]]:
        """What is wrong with the watch, each with how many of the ward's patients it concerns."""
        told = self.watch.told()
        for one in told:
            held = set(one["partitions"])
            one["patients"] = sum(1 for bed in beds if bed.partition in held)
        return told

    def _whole(self, view: View) -> bytes:
        pulse = msgspec.Raw(self._pulse(view))
        return encode(
            self.projection.whole(view)
            | {"now": self.now_ms, "ready": self.caught_up, "pulse": pulse, "assigned": self._assigned(view)}
        )
