"""What each learned detector adds, as tables for a terminal."""

from collections.abc import Iterator
from typing import Any

from streams.lab.ablation.ablation import ALL_OUT, ALONE, ARMED, LESS
from streams.lab.evaluation.figures_table import cell

SIDES = (
    (ARMED, "with everything armed, and how much is owed to a detector (lost without it)", [*LESS]),
    (ALL_OUT, "by protocol, and how much one detector adds to it, alone", [*ALONE]),
)
"""What stands in the first column, what the table tells, and the others."""


def lines(told: dict[str, Any]) -> Iterator[str]:
    """The tables, each with what its columns mean."""
    injected = told.get("injections")
    kind = f", {len(injected)} injections in each, from minute {told['injected_from_minute']} on" if injected else ""
    yield f"{told['folder']}: {told['patients']} patients{kind}, seed {told['seed']}"
    for first, side, arms in SIDES:
        if injected:
            yield from _injected(injected, first, side, arms)
        yield ""
        plain = told["unplanted"]
        yield f"the recordings as they are, {plain['patient_days']:g} patient-days: how many {side}, a day"
        yield _row("", [_title(first), *arms])
        for name, words in (("alerts", "alerts raised about patients"), ("calls", "of them, that called someone")):
            cells = [f"{plain[arm][name]} {_added(plain[arm], f'{name}_added')}" for arm in arms]
            yield _row(words, [str(plain[first][name]), *cells])
        if told.get("detected"):
            yield ""
            known = told["patients_with_known_onset"]
            yield f"detected within 24 h and 1 h or more before the onset, of {known}: {side}"
            yield _row("", [_title(first), *arms])
            for name, words in (
                ("detected", "by an alert that calls"),
                ("detected_shown", "by an alert that is shown"),
            ):
                cells = [_added(told["detected"][arm], f"{name}_added", 3) for arm in arms]
                yield _row(words, [cell(told["detected"][first], name), *cells])


def _injected(injections: list[dict[str, Any]], first: str, side: str, arms: list[str]) -> Iterator[str]:
    for name, words in (("shown", "shown"), ("called", "someone called")):
        yield ""
        yield f"{words}: share {side}"
        yield _row("", [_title(first), *arms])
        for one in injections:
            yield _row(one["name"], [cell(one[first], name), *(_added(one[arm], f"{name}_added") for arm in arms)])
        yield ""
        yield f"{words}: median delay (s) {side}: by how much sooner on average where both tell of it"
        yield _row("", [_title(first), *arms])
        for one in injections:
            cells = [_added(one[arm], f"{name}_sooner_s", 0) for arm in arms]
            yield _row(one["name"], [cell(one[first], f"{name}_delay_s", 0), *cells])


def _title(arm: str) -> str:
    return "the protocol" if arm == ALL_OUT else arm


def _row(title: str, cells: list[str]) -> str:
    return f"{title:<72}" + "".join(f"{one:>28}" for one in cells)


def _added(figures: dict[str, Any], name: str, digits: int = 2) -> str:
    value = figures.get(name)
    nothing = value == 0 and figures.get(f"{name}_low") == figures.get(f"{name}_high") == 0
    return "0" if nothing else cell(figures, name, digits, sign=True)
