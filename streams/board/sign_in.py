"""Tries to sign in, in turns: a flood of wrong ones is slowed down, and cannot keep out whoever has the right password.

Nothing is ever locked. Each account has a line of its own, so that a flood on one, or on names that nobody has, makes
nobody else wait. In a line, screens on which this person has signed in before go first; then whoever's address has
failed least. After a few wrong tries strangers are answered one at a time, with a growing pause after each wrong one:
the pause is the guesser's, for a right password is let in as soon as its turn comes.
"""

import asyncio
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from streams.board.accounts import Account, Accounts

FREE: Final = 5
"""So many wrong tries of strangers on an account cost nobody a pause."""
MEMORY_S: Final = 900.0
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 2.0
"""Between two strangers' tries on one account: at most 43,200 guesses a day, against passwords of ten characters."""
AT_ONCE: Final = 2
"""Hashes at once: each takes 19 MiB and some 30 ms of a core."""
MOST_OF_ONE_ADDRESS: Final = 8
MOST_IN_A_LINE: Final = 64
MOST_NOBODYS: Final = 256
MOST_LINES: Final = 10_000
USUAL_S: Final = 0.03
SCREEN_FAILS: Final = 10
"""Wrong tries on one account after which a known screen is a stranger again."""


class TooMany(Exception):
    """There is no place in the line: try again in a moment."""


@dataclass(slots=True, eq=False)
class Try:
    """One try that waits for its turn. `screen`: the known screen that it comes from, None from a stranger; `or_pin`:
    what it says may be the PIN as well.
    """

    password: str
    address: str
    screen: str | None
    answer: "asyncio.Future[Account | None]"
    or_pin: bool = False


class Line:
    """The tries on one account."""

    __slots__ = ("failed", "failures", "known", "news", "next_at", "strangers", "task")

    def __init__(self) -> None:
        self.known: deque[Try] = deque()
        self.strangers: list[Try] = []
        self.failures: deque[float] = deque()
        self.failed: Counter[str] = Counter()  # by address
        self.next_at = 0.0
        self.news = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    def place(self, one: Try) -> None:
        """Puts it in the line. Raises TooMany."""
        if one.screen is not None:
            if len(self.known) >= MOST_OF_ONE_ADDRESS:
                raise TooMany
            self.known.append(one)
        else:
            if sum(other.address == one.address for other in self.strangers) >= MOST_OF_ONE_ADDRESS:
                raise TooMany
            if len(self.strangers) >= MOST_IN_A_LINE:
                worst = max(self.strangers, key=lambda other: self.failed[other.address])
                if self.failed[worst.address] <= self.failed[one.address]:
                    raise TooMany
                self.strangers.remove(worst)
                worst.answer.set_exception(TooMany())
            self.strangers.append(one)
        self.news.set()

    def forget(self, now: float) -> None:
        """Lets go of failures of long ago."""
        while self.failures and self.failures[0] <= now - MEMORY_S:
            self.failures.popleft()
        if not self.failures:
            self.failed.clear()

    def wrong(self, one: Try, now: float) -> None:
        """A stranger's try was wrong."""
        self.failures.append(now)
        self.failed[one.address] += 1
        beyond = len(self.failures) - FREE
        self.next_at = now + (min(LONGEST_PAUSE_S, SHORTEST_PAUSE_S * 2.0 ** min(beyond, 10)) if beyond > 0 else 0.0)


def _look(accounts: Accounts, login: str, one: Try) -> Account | None:
    by_pin = accounts.sign_in_by_pin(login, one.password) if one.or_pin else None
    return by_pin or accounts.sign_in(login, one.password)


class SignIns:
    """All lines of one board. `clock` in seconds, monotonic."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lines: OrderedDict[str, Line] = OrderedDict()
        self._hashing = asyncio.Semaphore(AT_ONCE)
        self._nobodys = 0
        self._usual_s = USUAL_S
        self._screen_fails: Counter[tuple[str, str]] = Counter()

    async def attempt(
        self,
        accounts: Accounts,
        login: str,
        password: str,
        *,
        address: str,
        screen: str | None = None,
        or_pin: bool = False,
    ) -> Account | None:
        """The account if the password is right, in its turn. `screen`: a screen that this person is known on.

        `or_pin`: it may be the PIN as well. A PIN is short: it counts on such a screen alone, until too many were wrong
        there.

        Raises TooMany where not even a place in the line is left.
        """
        if not accounts.knows(login):
            await self._nobody()
            return None
        line = self._lines.get(login)
        if line is None:
            line = self._lines[login] = Line()
            self._drop_lines()
        self._lines.move_to_end(login)
        if screen is not None and self._screen_fails[login, screen] >= SCREEN_FAILS:
            screen = None
        may_be_pin = or_pin and screen is not None
        one = Try(password, address, screen, asyncio.get_running_loop().create_future(), may_be_pin)
        line.place(one)
        if line.task is None or line.task.done():
            line.task = asyncio.create_task(self._serve(accounts, login, line))
        return await one.answer

    async def _nobody(self) -> None:
        # A name that nobody has costs no hash, and is answered after as long as one takes.
        if self._nobodys >= MOST_NOBODYS:
            raise TooMany
        self._nobodys += 1
        try:
            await asyncio.sleep(self._usual_s)
        finally:
            self._nobodys -= 1

    async def _serve(self, accounts: Accounts, login: str, line: Line) -> None:
        while line.known or line.strangers:
            now = self._clock()
            line.forget(now)
            line.news.clear()
            if not line.known and now < line.next_at:
                try:
                    async with asyncio.timeout(line.next_at - now):
                        await line.news.wait()
                except TimeoutError:
                    pass
                continue
            one = line.known.popleft() if line.known else self._fairest(line)
            if one.answer.done():  # whoever asked has gone
                continue
            try:
                async with self._hashing:
                    began = self._clock()
                    account = await asyncio.to_thread(_look, accounts, login, one)
                    self._usual_s += 0.2 * (self._clock() - began - self._usual_s)
            except Exception as fault:
                if not one.answer.done():
                    one.answer.set_exception(fault)
                continue
            self._remember(login, line, one, account)
            if not one.answer.done():
                one.answer.set_result(account)

    def _fairest(self, line: Line) -> Try:
        one = min(line.strangers, key=lambda other: line.failed[other.address])
        line.strangers.remove(one)
        return one

    def _remember(self, login: str, line: Line, one: Try, account: Account | None) -> None:
        if account is not None:
            line.failed.pop(one.address, None)
            if one.screen is not None:
                self._screen_fails.pop((login, one.screen), None)
        elif one.screen is None:
            line.wrong(one, self._clock())
        else:
            self._screen_fails[login, one.screen] += 1

    def _drop_lines(self) -> None:
        while len(self._lines) > MOST_LINES:
            login, line = next(iter(self._lines.items()))
            if line.known or line.strangers:
                return
            del self._lines[login]
