"""The one log and its time, without Kafka: what replay, the lab and the worker all run."""

from streams.log.partition import Partition
from streams.log.record import Checkpoint, Output, Record
from streams.log.tally import Tally

__all__ = ["Checkpoint", "Output", "Partition", "Record", "Tally"]
