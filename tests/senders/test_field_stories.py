"""Every story of `make field CASES=senders` through the log in arrival clock; there it runs through a real broker."""

import json

import pytest

from streams.config.topics import Topic
from tests.field.cases.senders import batches, clocks, records, values
from tests.field.stories import LASTS_S, Heard, Story
from tests.making import SECOND, T0, Entry, new_partition, numbered

BY_THE_BOARD = {"one-bed-old", "one-bed-new"}
STORIES = {story.name: story for part in (clocks, records, batches, values) for story in part(T0 / 1_000)}


def heard_of(*stories: Story) -> dict[str, Heard]:
    """What is said of patients whose records arrive as they are sent; what is handed on comes back at once."""
    sent = sorted((one for story in stories for one in story.sent), key=lambda one: one[0])
    log, forwarded = [], 0
    for second, topic, body, _ in sent:
        at, body = T0 + int(second * SECOND) + 150, body | {"mode": "test"}
        if topic is Topic.PATIENTS:
            log.append(Entry(at, "patient", body["patient_id"], body, ("vitals.patients", forwarded)))
            forwarded += 1
        else:
            log.append(Entry(at, "reading", body["patient_id"], json.dumps(body).encode()))
    log += [Entry(T0 + second * SECOND, "tick", None, b"") for second in range(LASTS_S + 20)]
    partition = new_partition()
    heard = {story.name: Heard() for story in stories}
    outputs = []
    for record in numbered(sorted(log, key=lambda one: one.at)):
        taken = [(partition.expected, *record[1:])]
        while taken:
            said = partition.run(taken)
            outputs += said
            taken = [(partition.expected, record[1], one.key, one.value, one.headers) for one in said
                     if one.topic == "readings"]  # fmt: skip
    for one in outputs:
        if one.topic in ("alerts", "status") and one.value:
            who = heard[json.loads(one.value)["patient_id"]]
            (who.alerts if one.topic == "alerts" else who.statuses).append(json.loads(one.value))
    return heard


@pytest.mark.parametrize("name", sorted(STORIES.keys() - BY_THE_BOARD - {"merged-away", "merged-into"}))
def test_a_ward_hears_what_it_would_rightly_expect(name):
    claim = STORIES[name].judge(heard_of(STORIES[name])[name])

    assert claim.holds, str(claim)


def test_a_merge_is_told_and_called_for_under_the_id_that_stays():
    pair = STORIES["merged-away"], STORIES["merged-into"]
    heard = heard_of(*pair)

    for story in pair:
        claim = story.judge(heard[story.name])
        assert claim.holds, str(claim)
