"""A flood of wrong tries slows the guesser down, and keeps nobody out who has the right password."""

import asyncio
import time

import pytest

from schemas.action import Role
from streams.board import sign_in
from streams.board.accounts import Account, Accounts
from streams.board.sign_in import MOST_OF_ONE_ADDRESS, SCREEN_FAILS, SignIns, TooMany

HASH_S = 0.005


class Slow(Accounts):
    """Two people, with a PIN; a hash takes a moment, and no library."""

    def __init__(self):
        super().__init__({login: Account(login, login.title(), Role.NURSE, "") for login in ("nora", "lea")})
        self.hashes = 0

    def sign_in(self, login, password):
        time.sleep(HASH_S)
        self.hashes += 1
        return self.of(login) if password == "right" else None

    def sign_in_by_pin(self, login, pin):
        return self.of(login) if pin == "271828" else None


def story(told):
    async def run():
        return await told(SignIns(), Slow())

    return asyncio.run(run())


async def flood(ours, accounts, login, address, until, counts, screen=None):
    while not until.is_set():
        try:
            await ours.attempt(accounts, login, "wrong", address=address, screen=screen)
            counts.append(login)
        except TooMany:
            await asyncio.sleep(0.001)


async def beside(ours, accounts, floods, right):
    """How long `right()` took beside so many floods."""
    over, counts = asyncio.Event(), []
    tasks = [asyncio.create_task(flood(ours, accounts, *one, over, counts)) for one in floods]
    await asyncio.sleep(1.0)
    began = time.monotonic()
    account = await right()
    took = time.monotonic() - began
    over.set()
    for task in tasks:
        task.cancel()
    return account, took, len(counts)


def test_made_up_names_cost_no_hash_and_make_nobody_wait():
    async def told(ours, accounts):
        floods = [(f"nobody-{number}", "10.0.0.9") for number in range(100)]
        found = await beside(
            ours, accounts, floods, lambda: ours.attempt(accounts, "nora", "right", address="10.0.0.9")
        )
        return (*found, accounts.hashes)

    account, took, _, hashes = story(told)
    assert (account.login, hashes) == ("nora", 1)
    assert took < 1.0


def test_a_flood_on_another_account_makes_nobody_wait():
    async def told(ours, accounts):
        floods = [("lea", f"10.0.0.{number}") for number in range(20)]
        return await beside(ours, accounts, floods, lambda: ours.attempt(accounts, "nora", "right", address="10.0.0.1"))

    account, took, _ = story(told)
    assert account.login == "nora" and took < 1.0


def test_under_a_flood_on_the_own_account_another_address_waits_for_one_pause():
    async def told(ours, accounts):
        floods = [("nora", "10.0.0.9")] * 20
        return await beside(ours, accounts, floods, lambda: ours.attempt(accounts, "nora", "right", address="10.0.0.1"))

    account, took, guesses = story(told)
    assert account.login == "nora" and took < sign_in.LONGEST_PAUSE_S + 1.0
    assert guesses < 12, "the guesser is slowed down"


def test_under_a_flood_from_the_same_address_a_known_screen_goes_first():
    async def told(ours, accounts):
        floods = [("nora", "10.0.0.9")] * 20
        right = lambda: ours.attempt(accounts, "nora", "right", address="10.0.0.9", screen="ward-pc")  # noqa: E731
        return await beside(ours, accounts, floods, right)

    account, took, _ = story(told)
    assert account.login == "nora" and took < 1.0


def test_a_screen_on_which_somebody_guesses_is_a_stranger_again():
    async def told(ours, accounts):
        for _ in range(SCREEN_FAILS):
            await ours.attempt(accounts, "nora", "wrong", address="a", screen="pc")
        for _ in range(sign_in.FREE + 1):
            await ours.attempt(accounts, "nora", "wrong", address="a", screen="pc")
        began = time.monotonic()
        await ours.attempt(accounts, "nora", "wrong", address="a", screen="pc")
        return time.monotonic() - began

    assert story(told) >= sign_in.SHORTEST_PAUSE_S


def test_a_secret_that_may_be_pin_or_password_is_one_try_whichever_it_is():
    async def told(ours, accounts):
        right = [
            await ours.attempt(accounts, "nora", secret, address="a", screen="pc", or_pin=True)
            for secret in ("271828", "right")
        ]
        for number in range(SCREEN_FAILS - 1):
            await ours.attempt(accounts, "nora", f"{number:06d}", address="a", screen="pc", or_pin=True)
        last = await ours.attempt(accounts, "nora", "271828", address="a", screen="pc", or_pin=True)
        for number in range(SCREEN_FAILS):
            await ours.attempt(accounts, "nora", f"{number:06d}", address="a", screen="pc", or_pin=True)
        beyond = await ours.attempt(accounts, "nora", "271828", address="a", screen="pc", or_pin=True)
        strange = await ours.attempt(accounts, "nora", "271828", address="a", or_pin=True)
        return right, last, beyond, strange

    right, last, beyond, strange = story(told)
    assert all(right) and last is not None, "nine wrong ones are nine, not eighteen"
    assert beyond is None and strange is None, "then, and on any other screen, the PIN opens nothing"


def test_one_address_takes_only_some_places_of_a_line():
    async def told(ours, accounts):
        tries = [ours.attempt(accounts, "nora", "wrong", address="a") for _ in range(MOST_OF_ONE_ADDRESS + 3)]
        return await asyncio.gather(*tries, return_exceptions=True)

    assert sum(isinstance(one, TooMany) for one in story(told)) >= 2


def test_a_fault_while_hashing_is_told_to_whoever_asked_and_the_line_goes_on():
    async def told(ours, accounts):
        right, accounts.sign_in = accounts.sign_in, lambda login, password: 1 / 0
        with pytest.raises(ZeroDivisionError):
            await ours.attempt(accounts, "nora", "right", address="a")
        accounts.sign_in = right
        return await ours.attempt(accounts, "nora", "right", address="a")

    assert story(told).login == "nora"
