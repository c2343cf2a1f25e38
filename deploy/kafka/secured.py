"""A broker as a hospital would run it: encrypted, with logins, and with rights for each user.

An authority of its own signs its certificate; users log in by SCRAM-SHA-512; who has no right gets nothing.

    with Cluster(folder, security=secured(folder, {"worker": "its password"})) as kafka:
        kafka.admin()                # logged in as `admin`, who may do everything
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.kafka.properties import HOST, Node

MECHANISM = "SCRAM-SHA-512"
ADMIN, BROKER, CONTROLLER = "admin", "broker", "controller"
OWN_PASSWORDS = {ADMIN: "of the admin", BROKER: "of the brokers", CONTROLLER: "of the controllers"}
JAAS = "org.apache.kafka.common.security"


@dataclass(frozen=True, slots=True)
class Security:
    """How brokers and their clients prove who they are. `authority`: the file that clients trust."""

    authority: Path
    keys: Path
    users: Mapping[str, str] = field(repr=False)

    def properties(self, node: Node) -> dict[str, str]:
        """The settings of one broker that differ from those of an open one."""
        own = self.users[BROKER]
        controller = self.users[CONTROLLER]
        return {
            "listeners": f"SASL_SSL://{HOST}:{node.port},CONTROLLER://{HOST}:{node.controller_port}",
            "advertised.listeners": f"SASL_SSL://{HOST}:{node.port}",
            "inter.broker.listener.name": "SASL_SSL",
            "listener.security.protocol.map": "CONTROLLER:SASL_SSL,SASL_SSL:SASL_SSL",
            "sasl.enabled.mechanisms": MECHANISM,
            "sasl.mechanism.inter.broker.protocol": MECHANISM,
            "sasl.mechanism.controller.protocol": "PLAIN",
            "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": (
                f'{JAAS}.scram.ScramLoginModule required username="{BROKER}" password="{own}";'
            ),
            "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.controller.plain.sasl.jaas.config": (
                f'{JAAS}.plain.PlainLoginModule required username="{CONTROLLER}" password="{controller}" '
                f'user_{CONTROLLER}="{controller}";'
            ),
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.keys),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.authority),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": ";".join(f"User:{name}" for name in (ADMIN, BROKER, CONTROLLER)),
            "allow.everyone.if.no.acl.found": "false",
        }

    @property
    def format_options(self) -> list[str]:
        """Users are part of a cluster's first record: options of Kafka's own formatting tool."""
        names = [name for name in self.users if name != CONTROLLER]
        return [
            word for name in names for word in ("--add-scram", f"{MECHANISM}=[name={name},password={self.users[name]}]")
        ]

    def client(self, user: str = ADMIN) -> dict[str, str]:
        """How a user's confluent-kafka client connects."""
        return {
            "security.protocol": "SASL_SSL",
            "sasl.mechanisms": MECHANISM,
            "sasl.username": user,
            "sasl.password": self.users[user],
            "ssl.ca.location": str(self.authority),
        }


def secured(folder: Path, users: Mapping[str, str]) -> Security:
    """Makes the authority and the brokers' certificate; `users` are passwords by name. Needs openssl."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = new_authority(folder, "authority")
    request, key, certificate = (folder / f"broker.{kind}" for kind in ("csr", "key", "crt"))
    extensions = folder / "broker.ext"
    extensions.write_text(
        f"subjectAltName=DNS:localhost,IP:{HOST}\nextendedKeyUsage=serverAuth,clientAuth\n"
        "keyUsage=digitalSignature,keyEncipherment\n"
    )
    _openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", key, "-out", request)
    _openssl(
        "x509", "-req", "-in", request, "-CA", authority, "-CAkey", authority.with_suffix(".key"), "-CAcreateserial",
        "-days", "365", "-extfile", extensions, "-out", certificate,
    )  # fmt: skip
    keys = folder / "broker.pem"
    keys.write_text("".join(part.read_text() for part in (key, certificate, authority)))
    return Security(authority, keys, {**OWN_PASSWORDS, **users})


def new_authority(folder: Path, name: str) -> Path:
    """A new authority's certificate; its key lies beside it."""
    certificate = folder / f"{name}.crt"
    _openssl(
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "365", "-subj", f"/CN={name}",
        "-keyout", certificate.with_suffix(".key"), "-out", certificate,
        "-addext", "keyUsage=critical,keyCertSign,cRLSign",
    )  # fmt: skip
    return certificate


def _openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)
