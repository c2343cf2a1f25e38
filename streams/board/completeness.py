"""Whether the picture is whole: whose status or alert could not be read, until something readable makes it good.

Only what workers write makes the picture: a patient record that cannot be read is refused by the worker as well.
"""

from typing import Final

from streams.config.topics import Topic

MAKES_THE_PICTURE: Final = frozenset({Topic.STATUS, Topic.ALERTS})


class Completeness:
    """Keys of records that could not be read, by topic.

    >>> whole = Completeness()
    >>> whole.unreadable(Topic.STATUS, b"p"), whole.missing
    (None, frozenset({b'p'}))
    >>> whole.status_read(b"p", alerts_known=True), whole.missing
    (None, frozenset())
    """

    def __init__(self) -> None:
        self._missing: dict[Topic, set[bytes]] = {topic: set() for topic in MAKES_THE_PICTURE}

    @property
    def missing(self) -> frozenset[bytes]:
        """Whose picture is not whole, by the records' keys."""
        return frozenset().union(*self._missing.values())

    def unreadable(self, topic: Topic, key: bytes | None) -> None:
        """A record could not be read."""
        if topic in MAKES_THE_PICTURE:
            self._missing[topic].add(key or b"")

    def status_read(self, key: bytes, *, alerts_known: bool) -> None:
        """A later status was read: it replaces those before, and names every alert that stands open."""
        self._missing[Topic.STATUS].discard(key)
        if alerts_known:
            self._missing[Topic.ALERTS].discard(key)

    def forgotten(self, key: bytes) -> None:
        """The patient is not here any more."""
        for keys in self._missing.values():
            keys.discard(key)
