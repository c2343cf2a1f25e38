"""Whether the canary is heard: how old what the workers last said of her is, partition by partition."""

import time
from collections.abc import Iterator, Mapping
from typing import Final

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec

from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.installation.broker import TIMEOUT_S, admin_of
from streams.installation.finding import Code, Finding

SILENT_AFTER_S: Final = 100.0
"""As the alert rule: a round is 60 s, and one may be late."""


def canary_ages(settings: Settings) -> Mapping[int, float | None]:
    """Seconds since the newest record on her topic, by partition; None where there is none. Empty: not to be read."""
    name = settings.topic(Topic.CANARY)
    asked = {TopicPartition(name, number): OffsetSpec.max_timestamp() for number in range(settings.partitions)}
    admin = admin_of(settings)  # must outlive its answers
    try:
        told = admin.list_offsets(asked, request_timeout=TIMEOUT_S)
        answers = {place.partition: answer.result(TIMEOUT_S) for place, answer in told.items()}
    except (KafkaException, TimeoutError):
        return {}
    now = time.time()
    return {
        number: None if one.offset < 0 or one.timestamp < 0 else max(0.0, now - one.timestamp / 1_000)
        for number, one in answers.items()
    }


def canary_findings(ages: Mapping[int, float | None], settings: Settings) -> Iterator[Finding]:
    """Partitions whose canary is silent; nothing where she has never sung, for then nothing was promised."""
    if all(age is None for age in ages.values()):
        return
    for number, age in sorted(ages.items()):
        if age is not None and age <= SILENT_AFTER_S:
            continue
        since = "nothing was ever said of her" if age is None else f"nothing was said of her for {age:.0f} s"
        yield Finding(
            Code.CANARY_SILENT,
            f"{settings.topic(Topic.READINGS)}/{number}",
            f"the canary is silent: {since}",
            "is `vigilward canary` running? Then this partition is blind: see runbook VigilwardCanaryBlind",
        )
