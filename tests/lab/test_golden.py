"""Every figure of the bundled recordings is what it was when somebody last looked at it."""

import json
from collections.abc import Iterator

import pytest

from tests.lab.golden import FILE, figures


def fields(told, path="") -> Iterator[tuple[str, object]]:
    if isinstance(told, dict):
        for name, value in told.items():
            yield from fields(value, f"{path}.{name}")
    elif isinstance(told, list):
        for place, value in enumerate(told):
            yield from fields(value, f"{path}[{place}]")
    else:
        yield path, told


@pytest.fixture(scope="module")
def now():
    return dict(fields(figures()))


def test_the_golden_report_has_the_same_fields(now):
    assert now.keys() == dict(fields(json.loads(FILE.read_text()))).keys()


def test_every_field_of_the_golden_report_is_the_same(now):
    """Numbers to a ten-thousandth: sums may be rounded otherwise on another processor."""
    kept = dict(fields(json.loads(FILE.read_text())))
    other = {
        path: (value, now[path])
        for path, value in kept.items()
        if (now[path] != pytest.approx(value, abs=1e-4) if isinstance(value, float) else now[path] != value)
    }

    assert other == {}, "after a wanted change: python -m tests.lab.golden, and say in the commit what moved and why"
