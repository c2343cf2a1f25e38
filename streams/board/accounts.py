"""Who may sign in: names, roles and hashed passwords in a file."""

import base64
import hashlib
import hmac
import logging
import os
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final

from schemas.action import Role
from streams.config.settings_problems import SettingsError

log = logging.getLogger(__name__)


class May(StrEnum):
    """What may be done on the board."""

    SEE = "see"
    ACT = "act"
    OBSERVE = "observe"
    ORDER = "order"


RIGHTS: Final[Mapping[Role, frozenset[May]]] = MappingProxyType(
    {
        Role.VIEWER: frozenset({May.SEE}),
        Role.NURSE: frozenset({May.SEE, May.ACT, May.OBSERVE}),
        Role.SHIFT_LEAD: frozenset({May.SEE, May.ACT, May.OBSERVE, May.ORDER}),
        Role.SAFETY_OFFICER: frozenset({May.SEE}),
    }
)
"""Who may sign in, and do what. Orders are the shift lead's to enter; the prescriber is named in each."""


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


# scrypt N=2^14, r=8, p=5: one of OWASP's equivalent minimum settings (password storage cheat sheet, 2024), 16 MiB.
_N, _R, _P, _LENGTH = 2**14, 8, 5, 32
SHORTEST: Final = 10


@dataclass(frozen=True, slots=True)
class Account:
    """One person: the name to sign in with, the name to show, the role, and the hash of the password."""

    login: str
    name: str
    role: Role
    password: str

    @property
    def stamp(self) -> str:
        """Changes with role and password: a session that carries another one is over."""
        return hashlib.sha256(f"{self.login}\0{self.role}\0{self.password}".encode()).hexdigest()[:16]

    def opens_with(self, password: str) -> bool:
        """Whether this is the password."""
        return matches(password, self.password)


def hashed(password: str, salt: bytes | None = None) -> str:
    """A password as it stands in the file. Raises ValueError for one that is too short.

    >>> matches("correct horse", hashed("correct horse")), matches("wrong", hashed("correct horse"))
    (True, False)
    """
    if len(password) < SHORTEST:
        raise ValueError(f"a password has at least {SHORTEST} characters")
    salt = os.urandom(16) if salt is None else salt
    digest = hashlib.scrypt(password.encode(), salt=salt, n=_N, r=_R, p=_P, maxmem=64 * 2**20, dklen=_LENGTH)
    return f"scrypt${_N}${_R}${_P}${_text(salt)}${_text(digest)}"


def matches(password: str, stored: str) -> bool:
    """Whether the password has this hash; takes as long whether it is right or wrong. Raises ValueError: no hash."""
    name, n, r, p, salt, digest = stored.split("$")
    if name != "scrypt":
        raise ValueError(f"{name!r} is not a hash that we know; known: scrypt")
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


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


# Tried for a name that nobody has, so that its refusal takes as long as a wrong password's.
_NOBODY: Final = f"scrypt${_N}${_R}${_P}${_text(bytes(16))}${_text(bytes(_LENGTH))}"


class Accounts:
    """The accounts of a file.

    >>> Accounts({}).sign_in("nobody", "anything") is None
    True
    """

    def __init__(self, accounts: Mapping[str, Account], fingerprint: bytes = b"") -> None:
        self._accounts, self.fingerprint = dict(accounts), fingerprint

    def __len__(self) -> int:
        return len(self._accounts)

    @classmethod
    def read(cls, path: Path) -> "Accounts":
        """From the file. Raises SettingsError in words that name what is wrong."""
        try:
            data = path.read_bytes()
            table = tomllib.loads(data.decode())
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as broken:
            raise SettingsError([f"VIGILWARD_BOARD_ACCOUNTS: {str(path)!r} cannot be read: {broken}"]) from None
        found = {}
        for login, facts in table.items():
            found[login] = _account(login, facts, path)
        if not found:
            raise SettingsError([f"VIGILWARD_BOARD_ACCOUNTS: {str(path)!r} holds no account"])
        return cls(found, hashlib.sha256(data).digest())

    def sign_in(self, login: str, password: str) -> Account | None:
        """The account, if name and password are right."""
        account = self._accounts.get(login)
        if account is None:
            matches(password, _NOBODY)
            return None
        return account if account.opens_with(password) else None

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
    if not isinstance(password, str) or password.count("$") != 5 or not password.startswith("scrypt$"):
        raise SettingsError([f"{where} needs a hashed password: `vigilward board --new-account {login}` writes one"])
    return Account(login, str(facts.get("name", login)), role, password)


def as_lines(login: str, name: str, role: Role, password: str) -> str:
    """One account as it is written in the file."""
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'[{login}]\nname = "{quoted}"\nrole = "{role}"\npassword = "{hashed(password)}"\n'
