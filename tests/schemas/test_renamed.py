"""Alerts and statuses written before fields were renamed are read as if they had been written today."""

from pathlib import Path

import pytest

from schemas.renamed import RENAMED, in_todays_names
from tests.making import from_json, to_json

KEPT = Path(__file__).parents[1] / "streams/recorded/kept"


def kept(name: str) -> list[bytes]:
    return (KEPT / name).read_bytes().splitlines()


def names(part: object) -> set[str]:
    if isinstance(part, dict):
        return set(part).union(*[names(inner) for inner in part.values()])
    return set().union(*[names(inner) for inner in part]) if isinstance(part, list) else set()


@pytest.mark.parametrize("name", ["alerts.jsonl", "statuses.jsonl"])
def test_what_was_written_before_has_todays_names_and_the_same_values(name):
    assert any(set(RENAMED) & names(from_json(before)) for before in kept(name))
    for before in kept(name):
        today = in_todays_names(before)

        assert not set(RENAMED) & names(from_json(today))
        text = before.decode()
        for old, new in RENAMED.items():
            text = text.replace(f'"{old}":', f'"{new}":')
        assert from_json(today) == from_json(text.encode())


def test_what_is_written_today_is_handed_on_byte_for_byte():
    today = to_json(
        {"status": "calling", "headline": 'he said "life": a word', "lifecycle": {"unacknowledged": "high"}}
    )

    assert in_todays_names(today) is today
