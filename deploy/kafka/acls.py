"""Who may do what on the broker: one principal a kind of process, and no more rights than it needs.

    python deploy/kafka/acls.py --worker User:worker --board User:board --gateway User:gateway     # prints them
    python deploy/kafka/acls.py --worker User:worker ... --apply    # makes them, with the admin's login in VIGILWARD_*

The table of rights is the product's own (`streams/config/rights.py`); `vigilward doctor --as` looks whether a login
has them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import NamedTuple

from confluent_kafka.admin import AclBinding, AclOperation, AclPermissionType, ResourcePatternType, ResourceType

from streams.config.rights import LOOK, TOPIC_RIGHTS, Principal
from streams.config.settings import Settings, load
from streams.config.topics import Topic
from streams.installation.broker import TIMEOUT_S, admin_of


class Right(NamedTuple):
    """One thing that is allowed: on what, by which pattern, and the operation."""

    kind: ResourceType
    name: str
    pattern: ResourcePatternType
    operation: str


def rights(principal: Principal, settings: Settings) -> Iterator[Right]:
    """All that this principal is allowed."""
    literal, prefixed = ResourcePatternType.LITERAL, ResourcePatternType.PREFIXED
    for topic, operations in TOPIC_RIGHTS[principal].items():
        for operation in operations:
            yield Right(ResourceType.TOPIC, settings.topic(topic), literal, operation)
    if principal is Principal.WORKER:
        yield Right(ResourceType.GROUP, settings.group, literal, "READ")
        # The fence is named after the log; that of the first build after its group, and it is fenced once.
        for name in (settings.topic(Topic.READINGS), f"{settings.group}-{settings.topic(Topic.READINGS)}"):
            for operation in ("WRITE", "DESCRIBE"):
                yield Right(ResourceType.TRANSACTIONAL_ID, f"{name}-", prefixed, operation)
    if principal in (Principal.BOARD, Principal.NOTIFIER, Principal.DOCTOR):
        yield Right(ResourceType.GROUP, "vigilward-", prefixed, "READ")
        yield Right(ResourceType.GROUP, settings.group, literal, "DESCRIBE")
    if principal is Principal.NOTIFIER:
        yield Right(ResourceType.GROUP, f"{settings.group}-notify", literal, "READ")
    if principal is Principal.DOCTOR:
        for name in ("__consumer_offsets", "__transaction_state"):
            for operation in (*LOOK, "ALTER_CONFIGS"):
                yield Right(ResourceType.TOPIC, name, literal, operation)
        yield Right(ResourceType.BROKER, "kafka-cluster", literal, "DESCRIBE_CONFIGS")


def bindings(who: str, principal: Principal, settings: Settings) -> list[AclBinding]:
    """The same as the broker takes them; `who` as `User:name`."""
    return [
        AclBinding(
            one.kind, one.name, one.pattern, who, "*", AclOperation[one.operation], AclPermissionType.ALLOW
        )
        for one in rights(principal, settings)
    ]  # fmt: skip


def apply(wanted: list[AclBinding], settings: Settings) -> None:
    """Makes them; those that are there already stay. Raises KafkaException."""
    admin = admin_of(settings)
    for answer in admin.create_acls(wanted, request_timeout=TIMEOUT_S).values():
        answer.result(TIMEOUT_S)


def main() -> int:
    """Prints the rights, or makes them."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for principal in Principal:
        words.add_argument(f"--{principal}", action="append", default=[], metavar="User:NAME")
    words.add_argument("--apply", action="store_true", help="make them on the broker")
    asked = words.parse_args()
    settings = load()
    named = [(who, principal) for principal in Principal for who in getattr(asked, principal)]
    wanted = [one for who, principal in named for one in bindings(who, principal, settings)]
    if not wanted:
        words.error("name at least one principal")
    for one in wanted:
        print(one.principal, "ALLOW", one.operation.name, one.restype.name, one.resource_pattern_type.name, one.name)
    if asked.apply:
        apply(wanted, settings)
        print(f"{len(wanted)} rights made", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
