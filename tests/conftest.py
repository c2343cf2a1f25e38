"""What every test may count on: Hypothesis profiles, the gate before tests that need a tool, the stages."""

import functools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from deploy.make import tools
from deploy.make.stages import Stage, stage_of

TESTS = Path(__file__).parent
collect_ignore = ["absent"]
"""What stands there is for processes that tests start: no doctest is looked for in it."""

# Loaded here, before any test is defined: a profile loaded later does not reach the tests' max_examples.
settings.register_profile(
    "fast", max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "deep", max_examples=4_000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--stage kafka`: only the tests of that stage."""
    parser.addoption("--stage", choices=[str(stage) for stage in Stage], help="run the tests of this stage only")


def tools_named_by(item: pytest.Item) -> list[str]:
    """Every tool in the test's `needs` marks."""
    return [name for mark in item.iter_markers("needs") for name in mark.args]


def stage_of_item(item: pytest.Item) -> Stage:
    """A test's stage; doctests outside tests/ are pure."""
    if not item.path.is_relative_to(TESTS):
        return Stage.PURE
    return stage_of(item.path.relative_to(TESTS).parts[0], tools_named_by(item))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the stage that was asked for."""
    asked = config.getoption("--stage")
    if asked is None:
        return
    elsewhere = [item for item in items if stage_of_item(item) != asked]
    config.hook.pytest_deselected(items=elsewhere)
    items[:] = [item for item in items if stage_of_item(item) == asked]


lacks = functools.cache(tools.lacks)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A missing tool skips a test on a person's machine, with the reason; where nothing may be skipped, it fails."""
    reasons = [reason for name in tools_named_by(item) if (reason := lacks(name))]
    if not reasons:
        return
    if os.environ.get("CI") == "true":
        pytest.fail("; ".join(reasons), pytrace=False)
    pytest.skip("; ".join(reasons))


@pytest.fixture(autouse=True, scope="session")
def _programs_taken_from_packages_are_found() -> Iterator[None]:
    """`promtool` and its like lie in the cache, not on the machine's path."""
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("PATH", str(tools.UNPACKED), prepend=os.pathsep)
        yield


@pytest.fixture(autouse=True, scope="session")
def _processes_find_what_an_installation_has() -> Iterator[None]:
    """A process that a test starts is our command as its users have it: without the libraries of the tests."""
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("PYTHONPATH", str(TESTS / "absent"), prepend=os.pathsep)
        yield
