"""Puts approved rules on their topic, from where every worker forwards them into its partitions of the log."""

from confluent_kafka import KafkaException, Producer

from streams.approval import approval
from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.installation.broker import TIMEOUT_S, BrokerUnreachable


def enact(settings: Settings, name: str, rules: bytes, signature: bytes) -> int:
    """The offset at which the record stands. Raises BrokerUnreachable."""
    producer = Producer({**settings.librdkafka(), "enable.idempotence": True, "log_level": 0})
    where: list[int] = []
    said: list[str] = []

    def arrived(error: object, message: object) -> None:
        if error is None:
            where.append(message.offset())  # type: ignore[attr-defined]
        else:
            said.append(str(error))

    try:
        topic = settings.topic(Topic.RULES)
        producer.produce(topic, rules, key=name.encode(), headers=[approval(signature)], on_delivery=arrived)
        producer.flush(TIMEOUT_S)
    except (KafkaException, BufferError) as refused:
        said.append(str(refused))
    if not where:
        raise BrokerUnreachable(f"the rules could not be sent: {said[0] if said else 'no answer'}")
    return where[0]
