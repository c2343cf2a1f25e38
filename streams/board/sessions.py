"""Who is asking: a signed cookie that says the name and the role, and ends by itself.

The board keeps no list of sessions: a restarted board knows everybody again, and forgets nobody's end. It keeps in
mind who has signed out, until the session would have ended by itself.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections import OrderedDict
from dataclasses import asdict, dataclass, replace
from typing import Final

from schemas.action import Role
from streams.board.accounts import RIGHTS, May

COOKIE: Final = "vigilward_session"
CSRF_HEADER: Final = "x-vigilward-csrf"
MOST_OVER: Final = 100_000


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who has signed in. Times are seconds since 1970. `seen`: last sign of life; `stamp`: the account's."""

    login: str
    name: str
    role: Role
    began: float
    seen: float
    nonce: str
    stamp: str = ""

    def may(self, what: May) -> bool:
        """Whether the role allows it."""
        return what in RIGHTS[self.role]


class Sessions:
    """Makes and reads cookies. `idle_s` without a sign of life, or `longest_s` after signing in, a session is over."""

    def __init__(self, key: bytes, *, idle_s: float, longest_s: float) -> None:
        self._key = hashlib.sha256(b"vigilward board" + key).digest()
        self.idle_s, self.longest_s = idle_s, longest_s
        self._over: OrderedDict[str, float] = OrderedDict()

    def begin(self, login: str, name: str, role: Role, now: float, stamp: str = "") -> Session:
        """A new session."""
        return Session(login, name, role, now, now, secrets.token_urlsafe(12), stamp)

    def end(self, session: Session, now: float) -> None:
        """Over, on every screen that holds its cookie."""
        self._over[session.nonce] = session.began + self.longest_s
        while self._over and (len(self._over) > MOST_OVER or next(iter(self._over.values())) < now):
            self._over.popitem(last=False)

    def is_over(self, session: Session) -> bool:
        """Whether somebody has signed out of it."""
        return session.nonce in self._over

    def write(self, session: Session) -> str:
        """The cookie's value."""
        body = base64.urlsafe_b64encode(json.dumps(asdict(session)).encode()).decode()
        return f"{body}.{self._sign('session', body)}"

    def read(self, cookie: str | None, now: float) -> Session | None:
        """The session of a cookie, if it is ours and not over."""
        if not cookie or len(cookie) > 2_000:
            return None
        body, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(self._sign("session", body).encode(), signature.encode()):
            return None
        facts = json.loads(base64.urlsafe_b64decode(body))
        try:
            session = Session(**{**facts, "role": Role(facts["role"])})
        except (TypeError, KeyError, ValueError):
            return None  # ours, of an older or a newer board: signing in again makes a new one
        return session if now < self.ends(session) and not self.is_over(session) else None

    def renewed(self, session: Session, now: float) -> Session:
        """The same after a sign of life."""
        return replace(session, seen=now)

    def ends(self, session: Session) -> float:
        """When it is over, seconds since 1970."""
        return min(session.seen + self.idle_s, session.began + self.longest_s)

    def csrf(self, session: Session) -> str:
        """What the page must send with everything that changes something."""
        return self._sign("csrf", session.nonce)

    def _sign(self, purpose: str, text: str) -> str:
        return hmac.new(self._key, f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()
