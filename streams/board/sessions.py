"""Who is asking: a signed cookie that says the login and ends by itself. What its owner may do the account says anew.

The board keeps no list of sessions: a restarted board with the same secret knows everybody again, and forgets nobody's
end. It keeps in mind who has signed out, until the session would have ended by itself.
"""

import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from itsdangerous import BadData, Signer, URLSafeSerializer

from schemas.action import Role
from schemas.permissions import RIGHTS, May
from streams.board.accounts import Account

COOKIE: Final = "vigilward_session"
SCREEN_COOKIE: Final = "vigilward_screen"
STATION_COOKIE: Final = "vigilward_station"
CSRF_HEADER: Final = "x-vigilward-csrf"
MOST_OVER: Final = 100_000
MOST_OF_A_SCREEN: Final = 20
"""People whom one screen knows; the one that has been away longest is forgotten first."""
SCREEN_DAYS: Final = 180
STATION_DAYS: Final = 400
"""As long as a browser keeps a cookie at most (RFC 6265bis); each look renews it."""
LONGEST_COOKIE: Final = 2_000
_SIGNED: Final[dict[str, Any]] = {"key_derivation": "hmac", "digest_method": hashlib.sha256}


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who has signed in. Times are seconds since 1970. `seen`: last sign of life; `stamp`: the account's.

    `name`, `role` and `wards` are the account's of this moment; the cookie carries none of them. `station`: nobody, but
    a screen of the ward that only looks.
    """

    login: str
    began: float
    seen: float
    nonce: str
    stamp: str = ""
    name: str = ""
    role: Role = Role.VIEWER
    wards: frozenset[str] | None = frozenset()
    station: bool = False

    def may(self, what: May) -> bool:
        """Whether the role allows it."""
        return what in RIGHTS[self.role]

    def sees(self, ward: str | None) -> bool:
        """Whether patients of this ward are this person's; None: of no ward yet."""
        return self.wards is None or ward is None or ward in self.wards

    def of(self, account: Account) -> "Session":
        """With what the account says now."""
        return replace(self, name=account.name, role=account.role, wards=account.wards, station=account.station)


class Sessions:
    """Makes and reads cookies. `idle_s` without a sign of life, or `longest_s` after signing in, a session is over.

    `keys`: the first signs, all are believed, so that a secret can be changed without signing everybody out.
    """

    def __init__(self, keys: Sequence[bytes], *, idle_s: float, longest_s: float) -> None:
        self.idle_s, self.longest_s = idle_s, longest_s
        self._over: OrderedDict[str, float] = OrderedDict()
        self.sign_by(keys)

    def sign_by(self, keys: Sequence[bytes]) -> None:
        """From now on by these: cookies of a key that is no longer among them are over."""
        self._keys = list(reversed(keys))  # the last one signs there
        self._cookies = URLSafeSerializer(self._keys, salt="vigilward session", signer_kwargs=_SIGNED)
        self._stations = URLSafeSerializer(self._keys, salt="vigilward station", signer_kwargs=_SIGNED)
        self._screens = URLSafeSerializer(self._keys, salt="vigilward screen", signer_kwargs=_SIGNED)
        self._csrf = Signer(self._keys, salt="vigilward csrf", **_SIGNED)

    def begin(self, login: str, now: float, stamp: str = "") -> Session:
        """A new session."""
        return Session(login, now, now, secrets.token_urlsafe(12), stamp)

    def end(self, session: Session, now: float) -> None:
        """Over, on every screen that holds its cookie."""
        self._over[session.nonce] = self.ends(session) if session.station else session.began + self.longest_s
        while self._over and (len(self._over) > MOST_OVER or next(iter(self._over.values())) < now):
            self._over.popitem(last=False)

    def is_over(self, session: Session) -> bool:
        """Whether somebody has signed out of it."""
        return session.nonce in self._over

    def write(self, session: Session) -> str:
        """The cookie's value."""
        return self._cookies.dumps([session.login, session.began, session.seen, session.nonce, session.stamp])

    def read(self, cookie: str | None, now: float) -> Session | None:
        """The session of a cookie, if it is ours and not over."""
        if not cookie or len(cookie) > LONGEST_COOKIE:
            return None
        try:
            login, began, seen, nonce, stamp = self._cookies.loads(cookie)
        except (BadData, ValueError, TypeError):
            return None  # another's, or of an older or a newer board: signing in again makes a new one
        session = Session(login, began, seen, nonce, stamp)
        return session if now < self.ends(session) and not self.is_over(session) else None

    def write_station(self, session: Session) -> str:
        """The value of a station's own cookie: it outlives everybody who signs in there."""
        return self._stations.dumps([session.login, session.nonce, session.stamp])

    def read_station(self, cookie: str | None, now: float) -> Session | None:
        """The station of a cookie, if it is ours."""
        if not cookie or len(cookie) > LONGEST_COOKIE:
            return None
        try:
            login, nonce, stamp = self._stations.loads(cookie)
        except (BadData, ValueError, TypeError):
            return None
        session = Session(login, now, now, nonce, stamp, station=True)
        return None if self.is_over(session) else session

    def renewed(self, session: Session, now: float) -> Session:
        """The same after a sign of life."""
        return replace(session, seen=now)

    def ends(self, session: Session) -> float:
        """When it is over, seconds since 1970."""
        if session.station:
            return session.began + STATION_DAYS * 86_400
        return min(session.seen + self.idle_s, session.began + self.longest_s)

    def csrf(self, session: Session) -> str:
        """What the page must send with everything that changes something."""
        return self._csrf.get_signature(session.nonce).decode()

    # ---- screens on which somebody has signed in before

    def screen_of(self, cookie: str | None, login: str) -> str | None:
        """The screen's own name, if this person has signed in on it."""
        name, people = self._read_screen(cookie)
        return name if any(hmac.compare_digest(one, _short(login)) for one in people) else None

    def screen_with(self, cookie: str | None, login: str) -> str:
        """The screen's cookie, once this person has signed in there as well; it holds no login."""
        name, people = self._read_screen(cookie)
        people = [one for one in people if one != _short(login)][-(MOST_OF_A_SCREEN - 1) :]
        return self._screens.dumps([name or secrets.token_urlsafe(12), *people, _short(login)])

    def _read_screen(self, cookie: str | None) -> tuple[str, list[str]]:
        if not cookie or len(cookie) > LONGEST_COOKIE:
            return "", []
        try:
            name, *people = self._screens.loads(cookie)
        except (BadData, ValueError, TypeError):
            return "", []
        return name, people


def _short(login: str) -> str:
    return hashlib.sha256(login.encode()).hexdigest()[:16]
