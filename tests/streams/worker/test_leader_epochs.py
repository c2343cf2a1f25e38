"""Whether what was taken still stands in a log that another leader goes on with."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka.consumer import fetcher
from aiokafka.errors import NotLeaderForPartitionError, TopicAuthorizationFailedError
from faust.types import TP

from streams.config.settings import Settings
from streams.worker import leader_epochs
from streams.worker.assignment import PartitionAssignment
from streams.worker.leader_epochs import EpochEnd, EpochRecords, end_of_epoch
from tests.streams.worker.test_batch_view import some

HERE = TP("vitals.readings", 3)


def under_epoch(data, epoch):
    return data[:12] + epoch.to_bytes(4, "big") + data[16:]


def test_each_record_batch_says_under_which_leader_it_was_written():
    records = EpochRecords(under_epoch(some(3), 4) + under_epoch(some(2, 3), 7))
    seen = []
    while records.has_next():
        seen.append((records.next_batch().base_offset, records.epoch))

    assert seen == [(0, 4), (3, 7)]
    assert fetcher.MemoryRecords is EpochRecords, "aiokafka reads what it fetched through it"


class Client:
    """A cluster whose leader answers one after another with these: an offset, an error's number, or a refusal."""

    def __init__(self, *answers, knows=((23, (2, 4)),)):
        self.answers, self.asked, self.updates, self.knows = list(answers), [], 0, dict(knows)
        self.cluster = SimpleNamespace(leader_for_partition=lambda tp: 1)

    async def send(self, node, request):
        self.asked.append((node, request.prepare(self.knows).to_object()["topics"][0]["partitions"][0]))
        code, end = self.answers.pop(0)
        wire = EpochEnd(0, [(HERE.topic, [(code, HERE.partition, 4, end)])]).encode()
        return EpochEnd.decode(wire)

    async def force_metadata_update(self):
        self.updates += 1


def asked(client, monkeypatch):
    monkeypatch.setattr(leader_epochs, "AGAIN_S", 0)
    return asyncio.run(end_of_epoch(client, HERE, 4))


def test_the_leader_tells_up_to_where_an_epoch_goes(monkeypatch):
    client = Client((NotLeaderForPartitionError.errno, -1), (0, 90))

    assert asked(client, monkeypatch) == 90
    assert client.updates == 1 and client.asked[0] == (
        1, {"partition": 3, "current_leader_epoch": -1, "leader_epoch": 4}
    )  # fmt: skip
    assert asked(Client((0, -1)), monkeypatch) is None
    with pytest.raises(TopicAuthorizationFailedError):
        asked(Client((TopicAuthorizationFailedError.errno, -1)), monkeypatch)


@pytest.mark.parametrize("knows", [(), ((23, (0, 1)),)])
def test_where_the_question_is_not_known_nobody_waits_for_an_answer(monkeypatch, knows):
    client = Client((0, 90), knows=knows)

    assert asked(client, monkeypatch) is None
    assert not client.updates


@pytest.mark.parametrize(
    "topics",
    [
        [],
        [(HERE.topic, [])],
        [("other", [(0, 3, 4, 50)]), (HERE.topic, [(0, 2, 4, 50)])],
        [(HERE.topic, [(0, 2, 4, 50), (0, 3, 4, 90), (0, 4, 4, 60)]), ("other", [(0, 3, 4, 50)])],
    ],
)
def test_an_answer_about_other_partitions_is_asked_for_again(monkeypatch, topics):
    """A proxy, or a broker that knows nothing of the topic yet, may answer for more or for less than was asked."""
    client = Client((0, 90))
    first = EpochEnd.decode(EpochEnd(0, topics).encode())
    send, answers = client.send, iter([first])

    async def answered(node, request):
        return next(answers, None) or await send(node, request)

    client.send = answered
    assert asked(client, monkeypatch) == 90


class Consumer:
    def __init__(self, end, heard_of=500):
        self.end, self.heard_of = end, heard_of
        self.asked, self.rejoined, self.refetched = [], 0, []

    async def end_of_epoch(self, tp, epoch):
        self.asked.append(epoch)
        if isinstance(self.end, Exception):
            raise self.end
        return self.end if epoch == 4 else self.heard_of

    async def rejoin(self):
        self.rejoined += 1

    def refetch(self, tp):
        self.refetched.append(tp)


def stands(end, metrics, epoch, before=4):
    assignment = assigned(Consumer(end), metrics, before)
    return asyncio.run(assignment.stands(HERE, epoch)), assignment.consumer


def assigned(consumer, metrics, before=4):
    assignment = PartitionAssignment(Settings(), None, None, None, None, metrics)
    assignment.consumer = consumer
    assignment.owned_partitions[3] = SimpleNamespace(epoch=before, unheard_of=-1, expected=100)
    return assignment


@pytest.mark.parametrize("end", [100, 130, None])
def test_what_stands_there_is_gone_on_with(metrics, end):
    stood, consumer = stands(end, metrics, epoch=5)

    assert stood and consumer.asked == [4, 5] and not consumer.rejoined


def test_of_a_tail_that_was_cut_and_grew_again_nothing_is_taken(metrics):
    stood, consumer = stands(90, metrics, epoch=5)

    assert not stood and consumer.rejoined == 1


def test_a_damaged_epoch_does_not_hide_the_elections_to_come(metrics):
    """The checksum of a batch does not hold it: one that is far ahead would make every later one look old."""
    consumer = Consumer(100, heard_of=None)
    assignment = assigned(consumer, metrics)
    stood = [asyncio.run(assignment.stands(HERE, 1 << 30)) for _ in range(3)]
    assert stood == [True] * 3 and consumer.asked == [4, 1 << 30], "asked about once"
    assert assignment.owned_partitions[3].epoch == -1, "of the last records nobody knows the leader"

    consumer.heard_of = 500
    assert asyncio.run(assignment.stands(HERE, 5)) and assignment.owned_partitions[3].epoch == 5
    consumer.heard_of = 90
    assert not asyncio.run(assignment.stands(HERE, 6)) and consumer.rejoined == 1


def test_the_first_epoch_that_is_seen_is_confirmed_too(metrics):
    consumer = Consumer(100, heard_of=None)
    assignment = assigned(consumer, metrics, before=-1)

    assert asyncio.run(assignment.stands(HERE, 1 << 30)) and assignment.owned_partitions[3].epoch == -1
    consumer.heard_of = 500
    assert asyncio.run(assignment.stands(HERE, 5)) and assignment.owned_partitions[3].epoch == 5


@pytest.mark.parametrize(("before", "epoch"), [(4, 4), (5, 4), (4, -1)])
def test_nobody_is_asked_under_the_same_leader_or_where_none_is_named(metrics, before, epoch):
    stood, consumer = stands(0, metrics, epoch, before)

    assert stood and consumer.asked == []


def test_without_an_answer_nothing_is_taken_and_it_is_fetched_and_asked_again(metrics):
    stood, consumer = stands(TopicAuthorizationFailedError(), metrics, epoch=5)

    assert not stood and consumer.refetched == [HERE] and not consumer.rejoined
