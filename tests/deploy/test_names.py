"""No two public classes share a name, but for those listed here, each with its reason; a new pair has to be renamed."""

import ast
from collections import defaultdict

from tests.deploy.test_house import OURS, ROOT, tracked

ALLOWED = {
    "what travels, and the same as the Vigil, the board, the notifier or the lab holds it": {
        "AlertFacts", "Answered", "Asked", "Baseline", "Burden", "Cadence", "CallingLimit", "Concern", "Finding",
        "Head", "Judged", "LevelShift", "Lifecycle", "Minute", "Observations", "Order", "Person", "Recording",
        "Revision",
        "Score", "Story", "Trend", "Vital", "Ward",
    },
    "a closed list or a table of its own room, never imported by the other": {
        "Answer", "Change", "Code", "Columns", "Counts", "Door", "Event", "Fault", "Kind", "Level", "Outcome", "Sign",
        "Source", "Span", "State", "Step", "Table", "Taken", "Trouble", "Turn", "Window",
    },
    "a refusal or a fault of its own room: each has its own codes and exit": {"CannotTake", "Refused", "Unreadable"},
    "the messages of two protocols": {"Begin", "Message", "Line"},
    "a small value of its own room, of which the other knows nothing": {
        "Device", "Facts", "Identity", "Kept", "Place", "Said", "Seen", "Sender", "Stretch", "Together", "Watch",
        "Watched",
    },
}  # fmt: skip


def shared() -> dict[str, list[str]]:
    where = defaultdict(list)
    for path in tracked(*(f"{name}/*.py" for name in OURS)):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                where[node.name].append(str(path.relative_to(ROOT)))
    return {name: files for name, files in where.items() if len(files) > 1}


def test_no_two_public_classes_share_a_name_without_a_reason():
    listed = set().union(*ALLOWED.values())

    assert {name: files for name, files in shared().items() if name not in listed} == {}


def test_a_name_that_is_unique_again_leaves_the_list():
    assert set().union(*ALLOWED.values()) - set(shared()) == set()
