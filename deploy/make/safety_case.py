"""The clinical safety report: each hazard with its controls, and whether the tests that show them passed, and when.

    python3 deploy/make/safety_case.py        # from tests/hazards.toml and the reports of the last `make test`

`make test` writes it after the last stage and fails where a control, against a hazard or against a threat of
`docs/threats.md`, has no test that passed in that run.
"""

from __future__ import annotations

import re
import sys
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HAZARDS = ROOT / "tests" / "hazards.toml"
THREATS = ROOT / "docs" / "threats.md"
REPORTS = ROOT / ".cache" / "reports"
WRITTEN = REPORTS / "safety-case.md"
FACTS = ("severity", "likelihood_before", "likelihood_after", "approver")
"""What a hazard may say of its risk; absent is written as not assessed."""


def passed(reports: Iterable[Path]) -> dict[str, str]:
    """Test as pytest names it, with and without its parameters -> when it passed (ISO 8601). A failure beats a pass.

    A function without parameters in its name has passed when one of its cases did and none failed.
    """
    found: dict[str, str] = {}
    failed: set[str] = set()
    for path in reports:
        for suite in ElementTree.parse(path).getroot().iter("testsuite"):  # our own file
            for case in suite.iter("testcase"):
                test = f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name', '')}"
                names = {test, test.partition("[")[0]}
                if case.find("failure") is not None or case.find("error") is not None:
                    failed |= names
                elif case.find("skipped") is None:
                    found |= dict.fromkeys(names, suite.get("timestamp", ""))
    return {name: at for name, at in found.items() if name not in failed}


def without_proof(hazards: Iterable[Mapping[str, Any]], proven: Mapping[str, str]) -> list[str]:
    """`hazard: test` for each test that a hazard names and that did not pass.

    >>> without_proof([{"name": "wrong bed", "tests": ["a.py::test_a", "a.py::test_b"]}], {"a.py::test_a": "today"})
    ['wrong bed: a.py::test_b']
    """
    return [f"{one['name']}: {test}" for one in hazards for test in one["tests"] if test not in proven]


def threats(page: str) -> list[dict[str, Any]]:
    """Name and tests of each threat of the page.

    >>> threats("# T\\n## Floods\\n- **Tests**: `tests/a.py::test_a`")
    [{'name': 'Floods', 'tests': ['tests/a.py::test_a']}]
    """
    parts = [part.partition("\n") for part in page.split("\n## ")[1:]]
    return [{"name": name, "tests": re.findall(r"`(tests/[\w/]+\.py::\w+)`", text)} for name, _, text in parts]


def report(hazards: list[dict[str, Any]], proven: Mapping[str, str]) -> str:
    """The report in Markdown."""
    lines = [
        *("# Clinical safety report", ""),
        "Written by `make test` from `tests/hazards.toml` and the reports of the tests. Vigilward is an information",
        "display, not a certified alarm. Risk figures without an approver are the makers' own: a safety officer signs.",
        "",
        "| hazard | severity | likelihood before | after | approver | tests passed |",
        "|---|---|---|---|---|---|",
    ]
    for one in hazards:
        count = sum(test in proven for test in one["tests"])
        facts = [str(one.get(fact) or "not assessed") for fact in FACTS]
        lines.append(f"| {one['name']} | {' | '.join(facts)} | {count} of {len(one['tests'])} |")
    for one in hazards:
        lines += ["", f"## {one['name']}", "", f"**Harm.** {one['harm']}", "", "**Causes.**"]
        lines += [f"- {cause}" for cause in one["causes"]]
        lines += ["", f"**Controls.** {one['control']}", "", "| test | passed |", "|---|---|"]
        lines += [f"| `{test}` | {proven.get(test, 'NO')} |" for test in one["tests"]]
        if one.get("left"):
            lines += ["", f"**What remains.** {one['left']}"]
    return "\n".join(lines) + "\n"


def write() -> list[str]:
    """Writes the report; gives what has no proof."""
    hazards = tomllib.loads(HAZARDS.read_text(encoding="utf-8"))["hazard"]
    feared = threats(THREATS.read_text(encoding="utf-8"))
    proven = passed(sorted(REPORTS.glob("*.xml")))
    WRITTEN.parent.mkdir(parents=True, exist_ok=True)
    WRITTEN.write_text(report(hazards, proven), encoding="utf-8")
    return without_proof([*hazards, *feared], proven)


def main() -> int:
    """Write it; 1 where a control has no passing test."""
    missing = write()
    print(f"written: {WRITTEN.relative_to(ROOT)}")
    for line in missing:
        print(f"no test passed for {line}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
