"""The table of rights against what processes do: by the table of topics, and by the topics that their code names."""

import ast
import re
from pathlib import Path

import pytest

import streams
from streams.config.rights import TOPIC_RIGHTS, Principal
from streams.config.topics import TOPICS, WORKER_NEEDS_DURABLE, Topic

WORDS = {
    r"\bworkers?\b": Principal.WORKER,
    r"\bboard\b": Principal.BOARD,
    r"\bgateways\b": Principal.GATEWAY,
    r"\bdevices\b": Principal.DEVICE,
    r"\badmission system\b": Principal.ADMISSIONS,
    r"`vigilward rules`": Principal.APPROVER,
    r"\bnotifiers\b|`vigilward notify`": Principal.NOTIFIER,
    r"\bcanary\b": Principal.CANARY,
    r"`doctor`": Principal.DOCTOR,
}
"""How the table of topics calls who writes and who reads."""

CODE = {
    Principal.BOARD: "board",
    Principal.NOTIFIER: "notify",
    Principal.GATEWAY: "gateways",
    Principal.CANARY: "canary",
}
"""The package of each process that has one of its own."""
PEOPLES_TOOLS = {"desk.py"}  # `vigilward rejections`: with the login of whoever calls it
LABELS = {(Principal.CANARY, Topic.ALERTS)}  # what an answer on the canary's own topic would have been


def named_in(text):
    return {principal for word, principal in WORDS.items() if re.search(word, text)}


def topics_in(source):
    return {
        Topic[node.attr]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Topic"
    }


@pytest.mark.parametrize("topic", TOPICS, ids=str)
def test_who_writes_and_who_reads_a_topic_has_the_right_to(topic):
    facts = TOPICS[topic]
    writes, reads = named_in(facts.written_by), named_in(facts.read_by)

    assert writes
    assert {one for one in writes if "WRITE" not in TOPIC_RIGHTS[one].get(topic, ())} == set()
    assert {one for one in reads if "READ" not in TOPIC_RIGHTS[one].get(topic, ())} == set()


@pytest.mark.parametrize("principal", CODE, ids=str)
def test_every_topic_that_a_process_names_in_its_code_stands_in_its_row(principal):
    files = [path for path in Path(streams.__file__).parent.joinpath(CODE[principal]).rglob("*.py")
             if path.name not in PEOPLES_TOOLS and "node_modules" not in path.parts]  # fmt: skip
    used = {topic for path in files for topic in topics_in(path.read_text("utf-8"))}

    assert used
    assert {topic for topic in used if (principal, topic) not in LABELS} <= set(TOPIC_RIGHTS[principal])


def test_a_worker_has_all_that_it_does_not_begin_without():
    assert set(WORKER_NEEDS_DURABLE) <= set(TOPIC_RIGHTS[Principal.WORKER])


def test_nobody_but_boards_and_notifiers_says_which_browsers_are_called():
    may = {one for one in Principal if "WRITE" in TOPIC_RIGHTS[one].get(Topic.SUBSCRIPTIONS, ())}

    assert may == {Principal.BOARD, Principal.NOTIFIER, Principal.DOCTOR}
