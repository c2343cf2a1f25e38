"""A worker that is no member of its group any more does not go on looking like one."""

from types import SimpleNamespace

import pytest
from aiokafka.errors import GroupAuthorizationFailedError

from streams.worker.membership import AWAY_S, Coordination, Membership

WELL = Coordination(ended=False, refused=None, broker_known=True)


class Story:
    """A worker reduced to what its membership looks at; `look` at seconds from its start."""

    def __init__(self):
        self.coordination, self.assigned, self.faults = WELL, True, []
        consumer = SimpleNamespace(coordination=lambda: self.coordination)
        self.membership = Membership(lambda: consumer, lambda: self.assigned, self.faults.append)

    def looks(self, *seconds):
        for moment in seconds:
            self.membership.look(moment)
        return [str(fault) for fault in self.faults]


@pytest.fixture
def story():
    return Story()


def test_a_member_is_left_alone(story):
    assert story.looks(0, 1, AWAY_S, 2 * AWAY_S) == []


def test_a_worker_whose_group_task_has_ended_fails_at_once(story):
    story.coordination = WELL._replace(ended=True)

    (said,) = story.looks(0)

    assert "fell out of its group" in said


def test_a_worker_without_an_assignment_for_too_long_fails(story):
    story.assigned = False

    assert story.looks(0, AWAY_S - 1) == []
    assert "no partitions were dealt" in story.looks(AWAY_S)[0]


def test_every_assignment_begins_the_wait_anew(story):
    for begin in (0, AWAY_S - 1):
        story.assigned = False
        assert story.looks(begin, begin + AWAY_S / 2) == []
        story.assigned = True
        story.looks(begin + AWAY_S / 2 + 1)

    assert story.faults == []


@pytest.mark.parametrize("why", [{"broker_known": False}, {"refused": GroupAuthorizationFailedError("vigilward")}])
def test_a_worker_that_waits_for_kafka_goes_on_waiting(story, why):
    story.assigned, story.coordination = False, WELL._replace(**why)

    assert story.looks(0, AWAY_S, 2 * AWAY_S) == []


def test_a_refusal_is_said_once_until_it_is_over(story, caplog):
    refused = WELL._replace(refused=GroupAuthorizationFailedError("vigilward"))
    story.assigned = False
    for story.coordination in (refused, WELL, refused, WELL):
        story.looks(0)
    assert [record.message for record in caplog.records if "GroupAuthorizationFailed" in record.message] == [
        caplog.records[0].message
    ]
    story.assigned = True
    for story.coordination in (WELL, refused):
        story.looks(1)

    assert len(caplog.records) == 2


def test_before_there_is_a_group_there_is_nothing_to_see(story):
    story.coordination = None

    assert story.looks(0, AWAY_S, 2 * AWAY_S) == []
