"""What may be said of a fault in a log: its kind and its place in the code, never the data that it was about."""

import traceback

from aiokafka.errors import KafkaError

from streams.installation.broker import BrokerUnreachable


class WorkerFault(Exception):
    """Stands in for a fault whose own text might hold a patient's data."""


class CannotTake(WorkerFault):
    """A partition that may not be taken as it is; the text names the remedy."""


class Unsound(WorkerFault):
    """An installation with which a worker does not start; the text names every remedy."""


SPOKEN = (KafkaError, OSError, BrokerUnreachable, WorkerFault)
"""Their texts name brokers, topics and files, never a patient."""


def redact(fault: BaseException) -> str:
    """The kind of a fault, and its text where that is safe.

    >>> redact(ValueError("p-7f3a has heart rate 300")), redact(OSError(111, "Connection refused"))
    ('ValueError', 'ConnectionRefusedError: [Errno 111] Connection refused')
    """
    if isinstance(fault, WorkerFault):
        return str(fault)
    name = type(fault).__name__
    return f"{name}: {fault}" if isinstance(fault, SPOKEN) else name


def place(fault: BaseException) -> str:
    """The lines of code that it went through."""
    return "".join(traceback.format_list(traceback.extract_tb(fault.__traceback__)))
