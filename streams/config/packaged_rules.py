"""The packaged rules: in force until a control record names others."""

from importlib.resources import files

from detectors.rules import Rules, read_rules


def packaged_rules_bytes() -> bytes:
    """The rules file that ships with the product."""
    return files("detectors").joinpath("data/rules.json").read_bytes()


def packaged_rules() -> Rules:
    """The packaged rules, read and hashed."""
    return read_rules(packaged_rules_bytes())
