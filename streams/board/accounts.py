"""Who may sign in: names, roles and hashed passwords in a file."""

import base64
import hashlib
import hmac
import logging
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from schemas.action import Role
from schemas.permissions import RIGHTS
from streams.config.settings_problems import SettingsError

log = logging.getLogger(__name__)


def role_of(text: str) -> Role:
    """A role as people write it. Raises ValueError that lists the roles.

    >>> role_of("shift lead")
    <Role.SHIFT_LEAD: 'shift_lead'>
    """
    wanted = text.strip().replace(" ", "_")
    for role in RIGHTS:
        if role == wanted:
            return role
    raise ValueError(f"{text!r} is no role; known: {', '.join(RIGHTS)}")


SHORTEST: Final = 10
SHORTEST_PIN: Final = 6
LONGEST_PIN: Final = 12  # what a page takes for a PIN; whatever is longer is a password


@dataclass(frozen=True, slots=True)
class Account:
    """One person: the name to sign in with, the name to show, the role, the hash of the password, and whose patients
    this person sees and acts on (None: of every ward). `pin`: its hash, empty where there is none; it opens only a
    screen on which this person has signed in by password. `station`: no person but a screen of the ward, which looks.
    """

    login: str
    name: str
    role: Role
    password: str
    wards: frozenset[str] | None = None
    pin: str = ""
    station: bool = False

    @property
    def stamp(self) -> str:
        """Changes with role and password: a session that carries another one is over."""
        kind = "\0station" if self.station else ""
        return hashlib.sha256(f"{self.login}\0{self.role}\0{self.password}{kind}".encode()).hexdigest()[:16]

    def opens_with(self, password: str) -> bool:
        """Whether this is the password."""
        return matches(password, self.password)


def hashed_pin(pin: str) -> str:
    """A PIN as it stands in the file. Raises ValueError for one that is too short or too long, or no number.

    >>> matches("271828", hashed_pin("271828"))
    True
    """
    if not SHORTEST_PIN <= len(pin) <= LONGEST_PIN or not pin.isdigit():
        raise ValueError(f"a PIN has {SHORTEST_PIN} to {LONGEST_PIN} digits, and nothing else")
    return _HASHER.hash(pin)


_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""Argon2id, 19 MiB, two passes, one lane: OWASP's minimum (password storage cheat sheet, 2024), so that a right
password is found soon also while others are guessed.
"""


def hashed(password: str) -> str:
    """A password as it stands in the file. Raises ValueError for one that is too short.

    >>> matches("correct horse", hashed("correct horse")), matches("wrong", hashed("correct horse"))
    (True, False)
    """
    if len(password) < SHORTEST:
        raise ValueError(f"a password has at least {SHORTEST} characters")
    return _HASHER.hash(password)


def matches(password: str, stored: str) -> bool:
    """Whether the password has this hash: argon2, or scrypt as older boards wrote it. Raises ValueError: no hash."""
    if stored.startswith("scrypt$"):
        return _matches_scrypt(password, stored)
    try:
        return _HASHER.verify(stored, password)
    except VerifyMismatchError:
        return False
    except (VerificationError, InvalidHashError) as broken:
        raise ValueError(f"not a hash that we know ({type(broken).__name__}); known: argon2id, scrypt") from None


def _matches_scrypt(password: str, stored: str) -> bool:
    _, n, r, p, salt, digest = stored.split("$")
    wanted = base64.b64decode(digest)
    found = hashlib.scrypt(
        password.encode()[:1024],
        salt=base64.b64decode(salt),
        n=int(n),
        r=int(r),
        p=int(p),
        maxmem=64 * 2**20,
        dklen=len(wanted),
    )
    return hmac.compare_digest(found, wanted)


def is_hash(text: object) -> bool:
    """Whether this is a password as it may stand in the file."""
    if not isinstance(text, str):
        return False
    return text.startswith("$argon2id$") or (text.count("$") == 5 and text.startswith("scrypt$"))


LOCAL: Final = Account("local", "Somebody at this machine", Role.SHIFT_LEAD, "")
"""Who acts where there are no accounts: the board is then on loopback only."""


class Accounts:
    """The accounts of a file.

    >>> Accounts({}).sign_in("nobody", "anything") is None
    True
    """

    def __init__(self, accounts: Mapping[str, Account]) -> None:
        self._accounts = dict(accounts)

    def __len__(self) -> int:
        return len(self._accounts)

    @classmethod
    def read(cls, path: Path) -> "Accounts":
        """From the file. Raises SettingsError in words that name what is wrong."""
        try:
            table = tomllib.loads(path.read_bytes().decode())
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as broken:
            raise SettingsError([f"VIGILWARD_BOARD_ACCOUNTS: {str(path)!r} cannot be read: {broken}"]) from None
        found = {}
        for login, facts in table.items():
            found[login] = _account(login, facts, path)
        if not found:
            raise SettingsError([f"VIGILWARD_BOARD_ACCOUNTS: {str(path)!r} holds no account"])
        return cls(found)

    def sign_in(self, login: str, password: str) -> Account | None:
        """The account, if name and password are right."""
        account = self._accounts.get(login)
        return account if account is not None and account.opens_with(password) else None

    def sign_in_by_pin(self, login: str, pin: str) -> Account | None:
        """The account, if it has this PIN; on which screens that counts is not known here."""
        account = self._accounts.get(login)
        might_be = pin.isdigit() and SHORTEST_PIN <= len(pin) <= LONGEST_PIN  # else no hash is spent on it
        return account if account is not None and account.pin and might_be and matches(pin, account.pin) else None

    def knows(self, login: str) -> bool:
        """Whether there is such a person."""
        return login in self._accounts

    def people(self) -> list[Account]:
        """Everybody; a station is nobody."""
        return [one for one in self._accounts.values() if not one.station]

    def of(self, login: str) -> Account | None:
        """The account as it is now."""
        return self._accounts.get(login)

    def holds(self, login: str, stamp: str) -> bool:
        """Whether somebody of this name is still let in with the role and the password that the stamp was made of."""
        account = self._accounts.get(login)
        return account is not None and hmac.compare_digest(account.stamp, stamp)


class AccountsFile:
    """The accounts as the file has them now: read again when it has changed, as soon as it can be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = self._look()
        self._accounts = Accounts.read(path)
        self._looked = 0.0

    @property
    def current(self) -> Accounts:
        """The accounts, looked at anew at most once a second."""
        now = time.monotonic()
        if now - self._looked >= 1.0:
            self._looked = now
            stamp = self._look()
            if stamp is not None and stamp != self._stamp:
                try:
                    self._accounts, self._stamp = Accounts.read(self._path), stamp
                except SettingsError as broken:  # being written, or broken: those who were let in stay known
                    log.warning("%s", broken)
        return self._accounts

    def _look(self) -> tuple[int, int, int] | None:
        try:
            facts = self._path.stat()
        except OSError:
            return None
        return facts.st_mtime_ns, facts.st_size, facts.st_ino


def _account(login: str, facts: object, path: Path) -> Account:
    where = f"VIGILWARD_BOARD_ACCOUNTS: {str(path)!r}: [{login}]"
    if not isinstance(facts, dict):
        raise SettingsError([f"{where} is no table"])
    try:
        role = role_of(str(facts.get("role", "")))
    except ValueError as unknown:
        raise SettingsError([f"{where}: {unknown}"]) from None
    password = facts.get("password")
    if not is_hash(password):
        raise SettingsError([f"{where} needs a hashed password: `vigilward board --new-account {login}` writes one"])
    wards = facts.get("wards")
    if wards is not None and not (isinstance(wards, list) and wards and all(isinstance(one, str) for one in wards)):
        raise SettingsError(
            [f'{where} wards is a list of ward names, such as wards = ["A", "B"]; without it: all wards']
        )
    pin, station = facts.get("pin", ""), facts.get("station", False)
    if pin and not is_hash(pin):
        raise SettingsError([f"{where} pin is a hash: `vigilward board --new-pin` writes one"])
    if station is not False and (station is not True or role is not Role.VIEWER):
        raise SettingsError([f"{where} station = true is for a screen that only looks: its role is viewer"])
    name = str(facts.get("name", login))
    return Account(login, name, role, str(password), None if wards is None else frozenset(wards), str(pin), station)


def as_lines(login: str, name: str, role: Role, password: str, *, pin: str = "", station: bool = False) -> str:
    """One account as it is written in the file."""
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    more = (f'pin = "{hashed_pin(pin)}"\n' if pin else "") + ("station = true\n" if station else "")
    return f'[{login}]\nname = "{quoted}"\nrole = "{role}"\npassword = "{hashed(password)}"\n{more}'
