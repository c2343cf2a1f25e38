"""Why no Kafka answers us: a closed list, each with its remedy.

Asked, librdkafka says "broker transport failure" whatever is wrong; the reason comes beside the answer, by its error
callback, in words. The words of these texts are librdkafka's own (seen with 2.16 against Kafka 4.4).
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple


class NoAnswer(StrEnum):
    """What keeps us out; codes may be added to, never renamed."""

    WRONG_LOGIN = "wrong_login"
    WRONG_MECHANISM = "wrong_mechanism"
    UNKNOWN_AUTHORITY = "unknown_authority"
    WRONG_NAME = "wrong_name"
    NOT_ENCRYPTED = "not_encrypted"
    UNKNOWN_HOST = "unknown_host"
    NOBODY_LISTENS = "nobody_listens"
    UNREACHABLE = "unreachable"

    @property
    def final(self) -> bool:
        """Whether trying again is of no use: somebody answered, and refused."""
        return self not in (NoAnswer.UNKNOWN_HOST, NoAnswer.NOBODY_LISTENS, NoAnswer.UNREACHABLE)


class Trouble(NamedTuple):
    """What librdkafka's error callback said: its code's name, and its words."""

    name: str
    words: str


SIGNS: tuple[tuple[NoAnswer, str, str], ...] = (
    (NoAnswer.WRONG_MECHANISM, "_AUTHENTICATION", "mechanism handshake failed"),
    (NoAnswer.WRONG_LOGIN, "_AUTHENTICATION", ""),
    (NoAnswer.WRONG_NAME, "_SSL", "mismatch"),
    (NoAnswer.UNKNOWN_AUTHORITY, "_SSL", "certificate verify failed"),
    (NoAnswer.NOT_ENCRYPTED, "_TRANSPORT", "connecting to a PLAINTEXT broker listener"),
    (NoAnswer.UNKNOWN_HOST, "_RESOLVE", ""),
    (NoAnswer.NOBODY_LISTENS, "_TRANSPORT", "Connection refused"),
)
"""By which name and which words each is known; the first that fits counts."""

SAYS: Mapping[NoAnswer, tuple[str, str]] = {
    NoAnswer.WRONG_LOGIN: (
        "refuses user {user!r} with this password",
        "check VIGILWARD_SASL_USERNAME and VIGILWARD_SASL_PASSWORD",
    ),
    NoAnswer.WRONG_MECHANISM: (
        "does not take logins by {mechanism}",
        "set VIGILWARD_SASL_MECHANISM and VIGILWARD_SECURITY_PROTOCOL as the broker has them",
    ),
    NoAnswer.UNKNOWN_AUTHORITY: (
        "shows a certificate of an authority that this machine does not trust",
        "set VIGILWARD_SSL_CA_FILE to the certificate of the authority that signed the broker's",
    ),
    NoAnswer.WRONG_NAME: (
        "shows a certificate for another name",
        "use in VIGILWARD_BOOTSTRAP_SERVERS a name that the certificate holds",
    ),
    NoAnswer.NOT_ENCRYPTED: (
        "does not speak TLS at this port",
        "set VIGILWARD_SECURITY_PROTOCOL=PLAINTEXT, or use the port that does",
    ),
    NoAnswer.UNKNOWN_HOST: ("has no address: nobody knows this name", "check VIGILWARD_BOOTSTRAP_SERVERS"),
    NoAnswer.NOBODY_LISTENS: ("does not listen: nobody is there", "start it, or set VIGILWARD_BOOTSTRAP_SERVERS"),
    NoAnswer.UNREACHABLE: (
        "does not answer",
        "start it, or set VIGILWARD_BOOTSTRAP_SERVERS (and VIGILWARD_SECURITY_PROTOCOL: a broker that wants TLS hangs "
        "up on a client without it)",
    ),
}


def why_no_answer(troubles: Iterable[Trouble]) -> NoAnswer:
    """The reason that is known best.

    >>> why_no_answer([Trouble("_ALL_BROKERS_DOWN", "1/1 brokers are down"), Trouble("_AUTHENTICATION", "SASL ...")])
    <NoAnswer.WRONG_LOGIN: 'wrong_login'>
    >>> why_no_answer([])
    <NoAnswer.UNREACHABLE: 'unreachable'>
    """
    told = list(troubles)
    for reason, name, words in SIGNS:
        if any(trouble.name == name and words in trouble.words for trouble in told):
            return reason
    return NoAnswer.UNREACHABLE


def sentence(why: NoAnswer, client: Mapping[str, Any]) -> str:
    """The reason with its code and its remedy. `client`: how librdkafka was told to connect; no password is said.

    >>> sentence(NoAnswer.UNKNOWN_HOST, {"bootstrap.servers": "kafka:9092"})
    'unknown_host: Kafka at kafka:9092 has no address: nobody knows this name; check VIGILWARD_BOOTSTRAP_SERVERS'
    """
    says, remedy = SAYS[why]
    facts = {"user": client.get("sasl.username", ""), "mechanism": client.get("sasl.mechanisms", "")}
    return f"{why}: Kafka at {client['bootstrap.servers']} {says.format(**facts)}; {remedy}"


class Troubles(list[Trouble]):
    """Collects them: give `heard` to a client as `error_cb`."""

    def heard(self, error: Any) -> None:
        """What librdkafka calls back with. Only the newest hundred are kept."""
        self.append(Trouble(error.name(), error.str()))
        del self[:-100]
