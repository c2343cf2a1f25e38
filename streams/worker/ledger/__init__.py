"""Durable state: each patient's, with the offset up to which it holds, fenced per partition, in a compacted topic."""

from streams.worker.ledger.ledger import Ledger

__all__ = ["Ledger"]
