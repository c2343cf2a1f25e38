"""The rules that ship with the product, and those that a log means which names none."""

from functools import cache
from importlib.resources import files
from typing import Final

from detectors.rules import Rules, read_rules

PACKAGED_SOURCE: Final = "packaged"
"""What a control record names as its source where the packaged rules entered a log at its first start."""


def packaged_rules_bytes() -> bytes:
    """The rules file that ships with the product."""
    return files("detectors").joinpath("data/rules.json").read_bytes()


@cache
def packaged_rules() -> Rules:
    """The packaged rules, read and hashed."""
    return read_rules(packaged_rules_bytes())


def first_rules_bytes() -> bytes:
    """The rules file of the first build, whose logs name no rules. It never changes."""
    return files("detectors").joinpath("data/rules-first.json").read_bytes()


@cache
def first_rules() -> Rules:
    """What a log without a record of rules means, whatever is packaged by now."""
    return read_rules(first_rules_bytes())


def newer_wait(sha256: str) -> bool:
    """Whether these rules in force were packaged once, and newer ones are packaged now: those wait for an approver.

    >>> newer_wait(first_rules().sha256), newer_wait(packaged_rules().sha256), newer_wait("a site's own")
    (True, False, False)
    """
    return sha256 == first_rules().sha256 != packaged_rules().sha256
