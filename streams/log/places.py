"""How far a source was taken: by its topic's id, so that one that was made anew begins again."""

from collections.abc import Mapping

from schemas.control_record import ControlRecord


def taken_of(sources: Mapping[str, int], forwarded: ControlRecord) -> int:
    """The greatest offset that was taken of this record's source; -1 for none.

    The first id that a log sees of a topic goes on from what was written of it without an id: it is the same topic.
    An id with a `#` names an occasion, and goes on from nothing.

    >>> first, anew = ControlRecord("a", 0, 7, "", b"", "X"), ControlRecord("a", 0, 0, "", b"", "Y")
    >>> taken_of({"a/0": 9}, first), taken_of({"a/0": 9, "a/0@X": 12}, first), taken_of({"a/0@X": 12}, anew)
    (9, 12, -1)
    >>> taken_of({"log/0": 9}, ControlRecord("log", 0, 0, "", b"", "Y#anew"))
    -1
    """
    known = sources.get(forwarded.source)
    if known is not None:
        return known
    if "#" in forwarded.source_topic_id:
        return -1
    name = f"{forwarded.source_topic}/{forwarded.source_partition}"
    return -1 if ids_of(sources, name) else sources.get(name, -1)


def ids_of(sources: Mapping[str, int], name: str) -> set[str]:
    """Which ids the topic of a source `topic/partition` had so far. Ids of losses hold a `#`, and are none.

    >>> ids_of({"a/0": 9, "a/0@X": 3, "a/0@X#anew": 0, "a/01@Z": 1}, "a/0")
    {'X'}
    """
    prefix = name + "@"
    return {one.removeprefix(prefix) for one in sources if one.startswith(prefix) and "#" not in one}


def is_anew(sources: Mapping[str, int], name: str, topic_id: str) -> bool:
    """Whether a topic of another id than any before stands in the place of this source.

    >>> is_anew({"a/0@X": 3}, "a/0", "Y"), is_anew({"a/0": 3}, "a/0", "Y"), is_anew({}, "a/0", "Y")
    (True, False, False)
    """
    before = ids_of(sources, name)
    return bool(before) and topic_id not in before
