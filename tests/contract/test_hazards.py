"""Every hazard names what stands against it, and every test that it names is there."""

import ast
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HAZARDS = tomllib.loads((ROOT / "tests/hazards.toml").read_text(encoding="utf-8"))["hazard"]
AT_LEAST = {
    "wrong patient", "silent failure", "getting used to illness", "artefact storm", "lost sensor", "oximeter bias",
    "unit mistake", "wrong clock", "alarm fatigue", "old data replayed",
}  # fmt: skip
LIKELIHOODS = ("improbable", "remote", "occasional", "probable", "frequent")
NAMED = sorted({test for hazard in HAZARDS for test in hazard["tests"]})


@cache
def functions_of(path: Path) -> frozenset[str]:
    """The names of a file's test functions, without running it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


# What a story has to hold so that a test of test_scenarios.py is made for it.
STORY_NEEDS = {
    "test_what_is_expected_is_said_in_that_order": "expect",
    "test_what_must_never_be_said_is_not": "never",
    "test_the_board_shows_what_the_story_says": "board",
    "test_late_and_repeated_delivery_changes_no_alert": "same_as_without_delivery",
}


def test_the_hazards_that_have_to_be_there_are():
    names = [hazard["name"] for hazard in HAZARDS]
    assert set(names) >= AT_LEAST
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("hazard", HAZARDS, ids=lambda hazard: hazard["name"])
def test_a_hazard_says_its_harm_its_causes_its_control_and_its_tests(hazard):
    rated = {"severity", "likelihood_before", "likelihood_after", "approver"}
    assert set(hazard) - {"left"} == {"name", "harm", "causes", "control", "tests"} | rated
    assert all(value for name, value in hazard.items() if name != "approver")


@pytest.mark.parametrize("hazard", HAZARDS, ids=lambda hazard: hazard["name"])
def test_a_hazard_is_rated_and_its_control_never_makes_it_likelier(hazard):
    assert hazard["severity"] in ("minor", "moderate", "major", "catastrophic")
    assert LIKELIHOODS.index(hazard["likelihood_after"]) <= LIKELIHOODS.index(hazard["likelihood_before"])


@pytest.mark.parametrize("named", NAMED)
def test_every_test_that_a_hazard_names_exists(named):
    file, _, test = named.partition("::")
    function, _, story = test.partition("[")
    assert function in functions_of(ROOT / file)
    if story:
        told = tomllib.loads((ROOT / "tests/scenarios" / f"{story.removesuffix(']')}.toml").read_text("utf-8"))
        assert told[STORY_NEEDS[function]]
