"""What each learned detector adds, as tables for a terminal."""

from collections.abc import Iterator
from typing import Any

from streams.lab.ablation import ARMED, OUT
from streams.lab.words import cell

ADDED = [arm for arm in OUT if arm != ARMED]


def lines(told: dict[str, Any]) -> Iterator[str]:
    """The tables, each with what its columns mean."""
    planted = told.get("plants")
    kind = f", {len(planted)} plants in each, from minute {told['planted_from_minute']} on" if planted else ""
    yield f"{told['folder']}: {told['patients']} patients{kind}, seed {told['seed']}"
    if planted:
        for name, words in (("shown", "shown"), ("called", "someone called")):
            yield ""
            yield f"{words}: share with everything armed, and how much of it is owed to a detector (lost without it)"
            yield _row("", ["everything", *ADDED])
            for one in planted:
                yield _row(one["name"], [cell(one[ARMED], name), *(_added(one[arm], f"{name}_added") for arm in ADDED)])
            yield ""
            yield f"{words}: median delay (s), and by how much sooner on average where both are told of it"
            yield _row("", ["everything", *ADDED])
            for one in planted:
                cells = [_added(one[arm], f"{name}_sooner_s", 0) for arm in ADDED]
                yield _row(one["name"], [cell(one[ARMED], f"{name}_delay_s", 0), *cells])
    yield ""
    plain = told["unplanted"]
    yield f"the recordings as they are, {plain['patient_days']:g} patient-days: how many, and how many a day are owed"
    yield _row("", ["everything", *ADDED])
    for name, words in (("alerts", "alerts raised about patients"), ("calls", "of them, that called someone")):
        cells = [f"{plain[arm][name]} {_added(plain[arm], f'{name}_added')}" for arm in ADDED]
        yield _row(words, [str(plain[ARMED][name]), *cells])
    if told.get("caught"):
        yield ""
        yield f"caught within 24 h and at least 1 h before the onset, of {told['patients_with_known_onset']}"
        yield _row("", ["everything", *ADDED])
        for name, words in (("caught", "by an alert that calls"), ("caught_shown", "by an alert that is shown")):
            cells = [_added(told["caught"][arm], f"{name}_added", 3) for arm in ADDED]
            yield _row(words, [cell(told["caught"][ARMED], name), *cells])


def _row(title: str, cells: list[str]) -> str:
    return f"{title:<72}" + "".join(f"{one:>28}" for one in cells)


def _added(figures: dict[str, Any], name: str, digits: int = 2) -> str:
    value = figures.get(name)
    nothing = value == 0 and figures.get(f"{name}_low") == figures.get(f"{name}_high") == 0
    return "0" if nothing else cell(figures, name, digits, sign=True)
