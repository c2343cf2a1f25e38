"""Whether the login of these settings has the rights that a process needs, by the broker's own word."""

from collections.abc import Iterator, Mapping
from typing import Final

from confluent_kafka import KafkaException, TopicCollection

from streams.config.rights import TOPIC_RIGHTS, Principal
from streams.config.settings import Settings
from streams.installation.broker import TIMEOUT_S, admin_of
from streams.installation.finding import Code, Finding

SCRIPT: Final = "deploy/kafka/acls.py"


def authorized(settings: Settings, names: list[str]) -> Mapping[str, frozenset[str]]:
    """By topic what this login may do; nothing for one that it may not even see."""
    admin = admin_of(settings)  # must outlive its answers
    asked = admin.describe_topics(TopicCollection(names), include_authorized_operations=True, request_timeout=TIMEOUT_S)
    found: dict[str, frozenset[str]] = {}
    for name, answer in asked.items():
        try:
            operations = answer.result(TIMEOUT_S).authorized_operations or []
        except (KafkaException, TimeoutError):
            operations = []
        found[name] = frozenset(one.name for one in operations)
    return found


def right_findings(has: Mapping[str, frozenset[str]], principal: Principal, settings: Settings) -> Iterator[Finding]:
    """One finding a topic on which something is missing. `has`: as `authorized` tells."""
    who = f"User:{settings.sasl_username}" if settings.sasl_username else "this user"
    for topic, wanted in TOPIC_RIGHTS[principal].items():
        name = settings.topic(topic)
        if missing := sorted(set(wanted) - has.get(name, frozenset())):
            yield Finding(
                Code.RIGHT_MISSING,
                name,
                f"{who} lacks {', '.join(missing)}, which a {principal} needs",
                f"allow it: `python {SCRIPT} --{principal} {who} --apply` with the admin's login",
            )
