"""Who may own a partition: what is refused before anything is fenced, and in which words."""

import asyncio

import msgspec
import pytest

from streams.config.settings import Settings
from streams.log.behaviour import BEHAVIOUR, FIRST
from streams.worker.faults import CannotTake
from streams.worker.state_store import authority
from streams.worker.state_store.state_encoding import CheckpointBody, decode_checkpoint, encode_checkpoint

SETTINGS = Settings(group="day")


def body(**more):
    made = CheckpointBody(100, 0, None, {}, None, "cluster", "topic", 1, 1)
    return msgspec.structs.replace(made, **{"group": "day", "behaviour": BEHAVIOUR, **more})


def refusal(monkeypatch, said=(), **of):
    async def said_beyond(settings, ends):
        return set(said) & set(ends)

    monkeypatch.setattr(authority, "said_beyond", said_beyond)
    try:
        authority.refuse_another_group({0: body(**of)}, SETTINGS)
        authority.refuse_another_mode({0: body(**of)}, SETTINGS)
        asyncio.run(authority.refuse_another_behaviour({0: body(**of)}, SETTINGS))
    except CannotTake as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize(
    ("of", "said", "words"),
    [
        ({}, (), ""),
        ({"drained": True}, (), ""),
        ({"group": "", "behaviour": FIRST}, (), ""),
        ({"group": "night"}, (), "belongs to group night"),
        ({"mode": "real"}, (), ""),
        ({"mode": "demo"}, (), "set VIGILWARD_MODE=demo"),
        ({"mode": "demo", "patients": 0}, (), ""),
        ({"behaviour": BEHAVIOUR + 1, "drained": True}, (), "no way back"),
        ({"group": "", "behaviour": FIRST}, (0,), "stop it with SIGTERM"),
    ],
)
def test_what_may_be_taken_and_what_is_refused(monkeypatch, of, said, words):
    refused = refusal(monkeypatch, said, **of)

    assert words in refused and bool(words) == bool(refused)


def test_a_later_build_goes_on_only_from_a_checkpoint_that_says_it_is_drained(monkeypatch):
    monkeypatch.setattr(authority, "BEHAVIOUR", BEHAVIOUR + 1)

    assert "good order" in refusal(monkeypatch)
    assert not refusal(monkeypatch, drained=True)


class OfBehaviourOne(msgspec.Struct, array_like=True, frozen=True):
    """The checkpoint as the first build reads it."""

    next_offset: int
    time: int
    first_time: int | None
    sources: dict[str, int]
    rules: bytes | None
    cluster_id: str
    topic_id: str
    generation: int
    patients: int
    savepoint_at: int | None = None


def test_the_first_build_finds_words_in_the_place_of_the_topics_id_and_this_one_the_id():
    value = encode_checkpoint(body())
    read = msgspec.msgpack.decode(value[7:], type=OfBehaviourOne)

    assert "newer vigilward" in read.topic_id and read.next_offset == 100
    assert decode_checkpoint(value) == body()


def test_a_checkpoint_of_the_first_build_is_read():
    before = OfBehaviourOne(7, 0, None, {}, None, "cluster", "topic", 1, 1)
    from streams.worker.state_store.state_encoding import CHECKPOINT_KEY, seal

    read = decode_checkpoint(seal(CHECKPOINT_KEY, before))
    assert (read.topic_id, read.group, read.behaviour, read.drained) == ("topic", "", FIRST, False)
