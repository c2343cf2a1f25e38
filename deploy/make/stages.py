"""In which stage of the suite a test runs: cheap ones first, those that need a broker or a browser later."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Stage(StrEnum):
    """One stage, in the order of running; named as the report names it."""

    PURE = "pure"
    KAFKA = "kafka"
    CHAOS = "chaos"
    BROWSER = "browser"
    LAB = "lab"


FOLDERS = {
    "integration": Stage.KAFKA,
    "chaos": Stage.CHAOS,
    "field": Stage.CHAOS,
    "browser": Stage.BROWSER,
    "lab": Stage.LAB,
}
"""The folders below tests/ that are a stage of their own; every other test is pure unless it names a tool."""

TOOLS = {
    Stage.PURE: (),
    Stage.KAFKA: (
        "java",
        "maven",
        "promtool",
        "prometheus",
        "amtool",
        "alertmanager",
        "kubectl",
        "mosquitto",
        "go",
        "node",
        "npm",
    ),
    Stage.CHAOS: ("java", "maven"),
    Stage.BROWSER: ("chromium", "node", "npm"),
    Stage.LAB: (),
}
"""What each stage needs outside Python."""

AT_ONCE = {Stage.PURE: 2, Stage.KAFKA: 4, Stage.CHAOS: 2, Stage.BROWSER: 2}
"""How many files of a stage run beside each other; of the others one after another.

Tests on Kafka mostly wait: for a start, for a group, for a time-out; each file has brokers of its own.
"""


def stage_of(folder: str, needs: Iterable[str] = ()) -> Stage:
    """The stage of a test from its first folder below tests/ and the tools it names.

    >>> stage_of("detectors"), stage_of("integration"), stage_of("deploy", ["java"]), stage_of("deploy", ["chromium"])
    (<Stage.PURE: 'pure'>, <Stage.KAFKA: 'kafka'>, <Stage.KAFKA: 'kafka'>, <Stage.BROWSER: 'browser'>)
    """
    if folder in FOLDERS:
        return FOLDERS[folder]
    needed = set(needs)
    if not needed:
        return Stage.PURE
    return Stage.BROWSER if "chromium" in needed else Stage.KAFKA
