"""Durable state: each patient's, with the offset up to which it holds, fenced per partition, in a compacted topic."""

from streams.worker.state_store.kafka_store import KafkaStateStore

__all__ = ["KafkaStateStore"]
