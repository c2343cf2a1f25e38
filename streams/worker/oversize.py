"""What to send in place of a record that Kafka will not take: a rejection that says so."""

from schemas.reasons import Refusal
from schemas.rejection import Rejection
from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.worker.outgoing import OutgoingRecord

OMITTED = "omitted_bytes"
"""Header of a rejection whose original did not fit: how large it was."""


class OversizeSubstitute:
    """Gives the record to send instead of one that is too large, or None where there is nothing to say."""

    def __init__(self, settings: Settings) -> None:
        self._rejections = settings.topic(Topic.REJECTIONS)

    def __call__(self, record: OutgoingRecord) -> OutgoingRecord | None:
        """A rejection with the bytes; of a rejection that is itself too large, its facts without the bytes."""
        if record.topic == self._rejections:
            if record.value is None:
                return None
            said = (*record.headers, (OMITTED, str(len(record.value)).encode()))
            return OutgoingRecord(record.topic, record.partition, record.key, None, said)
        facts = Rejection.of(Refusal.TOO_LARGE, None, record.topic, record.partition, -1)
        return OutgoingRecord(self._rejections, record.partition, record.key, record.value, facts.headers())
