"""Five healthy minutes of sixty beds with default settings: a file of its own, which waits beside others that wait."""

from pathlib import Path

import pytest

from tests.field.cases import healthy_hour
from tests.field.listening import Word
from tests.field.run import tried

MINUTES = 5.0


@pytest.mark.needs("java", "maven")
@pytest.mark.timeout(900)
def test_five_healthy_minutes_hear_no_false_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(healthy_hour, "MINUTES", MINUTES)
    told = tried("healthy_hour", tmp_path / "healthy_hour")

    assert told.good, f"\n{told}"
    assert told.seconds >= MINUTES * 60


def test_a_word_is_told_so_that_it_can_be_judged():
    trouble = {"kind": "behind", "partitions": [3], "seconds": 5}
    word = Word(70.0, frozenset({"behind"}), {"troubles": [trouble]}, 12.34)

    assert word.told(10.0) == "60 s, at a load of 12.3: ['behind'] (behind of [3], 5 s)"
