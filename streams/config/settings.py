"""What may be set from outside: where Kafka is, which log this is, and how patiently we read it.

Every setting is an environment variable `VIGILWARD_NAME` or a key `name` of a TOML file (VIGILWARD_CONFIG, else
./vigilward.toml where there is one); the environment wins. Tables of the file (`[board]`) belong to other processes.
Nothing here changes an alert except `clock`, `mode` and `partitions`, and these are fixed for a log's lifetime; rules
are not settings, they come through the log.
"""

import logging
import os
import ssl
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import SettingsConfigDict

from schemas.control_record import ControlRecordKeys, MalformedKeys
from schemas.reading import Mode
from streams.approval import Approvers, MalformedApprovers
from streams.config.rotation import FreshContext
from streams.config.settings_file import FiledSettings, TomlFile
from streams.config.settings_names import refuse_unknown, still_read, variable
from streams.config.settings_problems import Problem, SettingsError, problems_of
from streams.listening_socket import is_loopback

log = logging.getLogger(__name__)

PREFIX = "VIGILWARD_"

MAX_INBOUND_BYTES = 1_048_576
"""What the broker takes from producers, in bytes a batch; one reading may be 65,536 (`schemas.decode`)."""

PRODUCER_BUFFER_BYTES = 33_554_432
"""What may wait for a broker that is slow or away, in bytes, before a worker reads no further."""


class Clock(StrEnum):
    """What a record's time is: the moment the broker appended it, or the moment the device measured."""

    ARRIVAL = "arrival"
    EVENT = "event"


class State(StrEnum):
    """Where patients' states are kept."""

    KAFKA = "kafka"
    MEMORY = "memory"


class LogLevel(StrEnum):
    """From which level a process writes lines of its own."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def number(self) -> int:
        """The number that Python's logging gives it."""
        return logging.getLevelNamesMapping()[self.name]


class SecurityProtocol(StrEnum):
    """How we speak to the broker."""

    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SASL_SSL = "SASL_SSL"


class SaslMechanism(StrEnum):
    """How we prove who we are."""

    SCRAM_SHA_512 = "SCRAM-SHA-512"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    PLAIN = "PLAIN"


class Settings(FiledSettings):
    """All settings, checked; `load` reads them and explains what is wrong.

    >>> Settings(topic_prefix="night.").topic("readings")
    'night.readings'
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    bootstrap_servers: Annotated[str, Field(min_length=1)] = "127.0.0.1:9092"
    """Brokers to begin with, `host:port`, separated by commas."""
    group: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._-]+$")] = "vigilward"
    """The consumer group of the workers: those of one group share the partitions."""
    topic_prefix: Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9._-]*$")] = "vitals."
    """What stands before every topic's name."""
    clock: Clock = Clock.ARRIVAL
    """What a record's time is: `arrival` (the broker's append time) or `event` (the device's, for recordings)."""
    mode: Mode = Mode.REAL
    """Which readings are taken: `real`, `demo` or `test`; any other is refused as `wrong_mode`."""
    partitions: Annotated[int, Field(ge=1, le=1_000)] = 8
    """Partitions of each topic that is keyed by patient; fixed for a log's lifetime."""
    control_record_key: SecretStr = SecretStr("")
    """Signs control records: a secret, or `id:secret,id:secret` while it changes. Without it patient records, actions
    and rules are not forwarded.
    """
    log_level: LogLevel = LogLevel.INFO
    """From which level a process writes lines of its own."""
    http_host: str = "127.0.0.1"
    """Where the worker serves /metrics, /livez and /readyz."""
    http_port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    """Its port; the next free one of twenty is taken. 0 is any."""
    http_tls_cert_file: Path | None = None
    """Certificate (PEM) for it."""
    http_tls_key_file: Path | None = None
    """Key (PEM) for it."""
    http_plain: bool = False
    """Allows HTTP without TLS beyond loopback."""
    poll_wait_ms: Annotated[int, Field(ge=0, le=1_000)] = 20
    """How long a fetch waits at the broker for new records."""
    session_timeout_s: Annotated[float, Field(ge=1, le=60)] = 8.0
    """After how long without a heartbeat the group gives a worker's patients to another."""
    heartbeat_s: Annotated[float, Field(ge=0.1, le=20)] = 2.5
    """Time between heartbeats to the group; at most a third of the session timeout."""
    state: State = State.KAFKA
    """Where patients' states are kept: `kafka`, or `memory` (forgotten at a restart)."""
    snapshot_every_s: Annotated[float, Field(ge=0.1, le=600)] = 15.0
    """Time between snapshots of a partition's states."""
    snapshot_patients: Annotated[int, Field(ge=1)] = 5_000
    """So many changed patients make a snapshot due before its time."""
    savepoint_every_s: Annotated[float, Field(ge=1)] = 3_600.0
    """Time between savepoints, from which a replay may begin, in the log's time."""
    max_outage_h: Annotated[float, Field(ge=1, le=87_600)] = 167.0
    """For how long all workers may be away without losing a record; `doctor` sets the retention by it."""
    shadow_rules: Path | None = None
    """File of candidate rules that run beside those in force and are heard by nobody."""
    rules_approvers: Path | None = None
    """File of the public keys of those who may approve rules."""
    shutdown_timeout_s: Annotated[float, Field(ge=1, le=60)] = 8.0
    """How long a stopping worker may take to send, save and commit."""
    max_inbound_bytes: Annotated[int, Field(ge=131_072, le=67_108_864)] = MAX_INBOUND_BYTES
    """Largest batch that the broker takes from producers."""
    max_outbound_bytes: Annotated[int, Field(ge=131_072, le=134_217_728)] = 2 * MAX_INBOUND_BYTES
    """Largest batch that the worker sends; a rejection carries the original and the facts."""
    producer_buffer_bytes: Annotated[int, Field(ge=65_536, le=1_073_741_824)] = PRODUCER_BUFFER_BYTES
    """How much may wait for a slow or absent broker before the worker reads no further."""
    replication_factor: Annotated[int, Field(ge=1, le=9)] | None = None
    """Copies of each topic that `doctor --fix` makes; unset: 3, or as many as there are brokers."""
    security_protocol: SecurityProtocol = SecurityProtocol.PLAINTEXT
    """How the broker is spoken to."""
    sasl_mechanism: SaslMechanism = SaslMechanism.SCRAM_SHA_512
    """How a login is proved."""
    sasl_username: str = ""
    """Login at the broker."""
    sasl_password: SecretStr = SecretStr("")
    """Its password."""
    ssl_ca_file: Path | None = None
    """Authority (PEM) of the broker's certificate; unset: the system's."""
    ssl_cert_file: Path | None = None
    """Client certificate (PEM)."""
    ssl_key_file: Path | None = None
    """Its key (PEM)."""

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.max_outbound_bytes < self.max_inbound_bytes + 65_536:
            raise Problem(
                "max_outbound_bytes",
                "must exceed MAX_INBOUND_BYTES by at least 65536: a rejection carries the original bytes and the facts",
            )
        try:
            ControlRecordKeys.parse(self.control_record_key.get_secret_value())
        except MalformedKeys as malformed:
            raise Problem("control_record_key", str(malformed)) from None
        if self.heartbeat_s * 3 > self.session_timeout_s:
            raise Problem(
                "heartbeat_s", "must be at most a third of SESSION_TIMEOUT_S, or a busy worker loses its patients"
            )
        if self.uses_sasl and not (self.sasl_username and self.sasl_password.get_secret_value()):
            raise Problem("sasl_username", f"{self.security_protocol} needs SASL_USERNAME and SASL_PASSWORD")
        for name in (
            "ssl_ca_file",
            "ssl_cert_file",
            "ssl_key_file",
            "shadow_rules",
            "rules_approvers",
            "http_tls_cert_file",
            "http_tls_key_file",
        ):
            path = getattr(self, name)
            if path is not None and not path.is_file():
                raise Problem(name, f"there is no file {str(path)!r}")
        if (self.http_tls_cert_file is None) is not (self.http_tls_key_file is None):
            raise Problem("http_tls_cert_file", "set both HTTP_TLS_CERT_FILE and HTTP_TLS_KEY_FILE, or neither")
        if self.http_tls_cert_file is None and not (self.http_plain or is_loopback(self.http_host)):
            raise Problem(
                "http_host",
                "beyond loopback metrics and health are served by HTTPS: set HTTP_TLS_CERT_FILE and HTTP_TLS_KEY_FILE, "
                "or HTTP_PLAIN=true where the network is your own",
            )
        if self.rules_approvers is not None:
            try:
                Approvers.read(self.rules_approvers)
            except MalformedApprovers as malformed:
                raise Problem("rules_approvers", str(malformed)) from None
        return self

    @property
    def approvers(self) -> Approvers:
        """Who may approve rules; nobody without VIGILWARD_RULES_APPROVERS."""
        return Approvers({}) if self.rules_approvers is None else Approvers.read(self.rules_approvers)

    @property
    def durable(self) -> bool:
        """Whether states are kept in Kafka: always, unless STATE=memory says otherwise.

        Only the embedded broker needs that word: it has no usable transactions.
        """
        return self.state is State.KAFKA

    @property
    def uses_sasl(self) -> bool:
        """Whether we log in by name and password."""
        return self.security_protocol in (SecurityProtocol.SASL_PLAINTEXT, SecurityProtocol.SASL_SSL)

    @property
    def uses_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.security_protocol in (SecurityProtocol.SSL, SecurityProtocol.SASL_SSL)

    @cached_property
    def keys(self) -> ControlRecordKeys:
        """The keys that sign control records; empty without VIGILWARD_CONTROL_RECORD_KEY. One object for all who hold
        them, so that all follow when they are replaced.
        """
        return ControlRecordKeys.parse(self.control_record_key.get_secret_value())

    def topic(self, name: str) -> str:
        """The real name of a topic of ours (`streams.config.topics`)."""
        return self.topic_prefix + name

    def http_context(self) -> ssl.SSLContext | None:
        """TLS for metrics and health, or None."""
        if self.http_tls_cert_file is None:
            return None
        return FreshContext.server(self.http_tls_cert_file, self.http_tls_key_file)

    def ssl_context(self) -> ssl.SSLContext | None:
        """TLS as asked for, or None; a name that does not match the certificate is always refused."""
        if not self.uses_tls:
            return None
        return FreshContext.client(self.ssl_ca_file, self.ssl_cert_file, self.ssl_key_file)

    def aiokafka(self) -> dict[str, Any]:
        """How an aiokafka client connects."""
        options: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap_servers,
            "security_protocol": self.security_protocol.value,
        }
        if self.uses_tls:
            options["ssl_context"] = self.ssl_context()
        if self.uses_sasl:
            options |= {
                "sasl_mechanism": self.sasl_mechanism.value,
                "sasl_plain_username": self.sasl_username,
                "sasl_plain_password": self.sasl_password.get_secret_value(),
            }
        return options

    def librdkafka(self) -> dict[str, Any]:
        """How a confluent-kafka client connects."""
        options: dict[str, Any] = {
            "bootstrap.servers": self.bootstrap_servers,
            "security.protocol": self.security_protocol.value,
        }
        ca, certificate, key = self.ssl_ca_file, self.ssl_cert_file, self.ssl_key_file
        files = {"ssl.ca.location": ca, "ssl.certificate.location": certificate, "ssl.key.location": key}
        if self.uses_tls:
            options |= {name: str(path) for name, path in files.items() if path is not None}
        if self.uses_sasl:
            options |= {
                "sasl.mechanisms": self.sasl_mechanism.value,
                "sasl.username": self.sasl_username,
                "sasl.password": self.sasl_password.get_secret_value(),
            }
        return options


def load(**said: Any) -> Settings:
    """The settings of this process; `said` (command-line options) wins over everything. Raises SettingsError.

    >>> load(clock="sundial")
    Traceback (most recent call last):
    streams.config.settings_problems.SettingsError: VIGILWARD_CLOCK: 'sundial' cannot be used: ...
    """
    file = TomlFile(Settings).read()
    refuse_unknown(file)
    for new, old, _ in still_read(os.environ, file):
        log.warning(
            "%s is called %s now; this version reads the old name, the next one refuses it", old, variable("", new)
        )
    try:
        return Settings(**{name: value for name, value in said.items() if value is not None})
    except ValidationError as refused:
        raise SettingsError(problems_of(refused, PREFIX)) from None


def refuse_unless_a_worker_may(settings: Settings) -> None:
    """A worker that watches real patients goes by the broker's clock. Raises SettingsError."""
    if settings.mode is Mode.REAL and settings.clock is Clock.EVENT:
        raise SettingsError(
            [
                f"{PREFIX}CLOCK: a worker in mode real refuses clock event, where one fast device moves time for its "
                f"neighbours; set {PREFIX}CLOCK=arrival, or {PREFIX}MODE=demo (or test) for recordings"
            ]
        )
