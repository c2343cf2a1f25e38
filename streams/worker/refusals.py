"""What to send in place of a record that Kafka will not take: a rejection that says so."""

from schemas.reasons import Refusal
from schemas.rejection import Rejection
from streams.settings import Settings
from streams.topics import Topic
from streams.worker.letters import Letter

OMITTED = "omitted_bytes"
"""Header of a rejection whose original did not fit: how large it was."""


class Substitutes:
    """Gives the letter to send instead of one that is too large, or None where there is nothing to say."""

    def __init__(self, settings: Settings) -> None:
        self._rejections = settings.topic(Topic.REJECTIONS)

    def __call__(self, letter: Letter) -> Letter | None:
        """A rejection with the bytes; of a rejection that is itself too large, its facts without the bytes."""
        if letter.topic == self._rejections:
            if letter.value is None:
                return None
            said = (*letter.headers, (OMITTED, str(len(letter.value)).encode()))
            return Letter(letter.topic, letter.partition, letter.key, None, said)
        facts = Rejection.of(Refusal.TOO_LARGE, None, letter.topic, letter.partition, -1)
        return Letter(self._rejections, letter.partition, letter.key, letter.value, facts.headers())
