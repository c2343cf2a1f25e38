"""Every threat says what stands against it and what is left, and every test that it names is there."""

import re

import pytest

from tests.contract.test_hazards import ROOT, functions_of

PAGE = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8")
THREATS = {part.partition("\n")[0]: part for part in PAGE.split("\n## ")[1:]}
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))


def test_the_threats_that_have_to_be_there_are():
    words = ("orders", "Rules", "login", "Listening", "sender", "sessions", "site", "role", "Floods", "data", "Secrets")

    assert all(any(word in name for name in THREATS) for word in words)


@pytest.mark.parametrize("name", THREATS)
def test_a_threat_says_what_stands_against_it_and_names_a_test(name: str):
    assert [re.findall(rf"^- \*\*{part}\*\*: \S", THREATS[name], re.MULTILINE) != [] for part in (
        "Threat", "Against it", "Tests", "Left")] == [True] * 4  # fmt: skip
    assert re.findall(r"`tests/[\w/]+\.py::\w+`", THREATS[name])


@pytest.mark.parametrize(("file", "function"), NAMED)
def test_every_test_that_a_threat_names_exists(file: str, function: str):
    assert function in functions_of(ROOT / file)


def test_no_test_is_named_in_words_that_nobody_finds():
    assert PAGE.count("::") == len(re.findall(r"`tests/[\w/]+\.py::\w+`", PAGE))
