"""Adds up what several reports say: `python -m tests.chaos.total tests/chaos/reports/kills-*.txt`."""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

COUNTED = re.compile(r"^ +([\d,]+)  ([^;]+?)(?:;.*|   e\.g\..*)?$")
RUN = re.compile(r"^(?:[a-z ,]+), seed \d+, \d+ s: (nothing wrong|WRONG)$")


def total(lines: Iterable[str]) -> Counter[str]:
    """The sums by what was counted; runs by how they ended.

    >>> total(["zombies, seed 1, 20 s: nothing wrong", "      1,020  records", "         20  records"])
    Counter({'records': 1040, 'runs: nothing wrong': 1})
    """
    sums: Counter[str] = Counter()
    for line in lines:
        if run := RUN.match(line):
            sums[f"runs: {run[1]}"] += 1
        elif counted := COUNTED.match(line):
            sums[counted[2]] += int(counted[1].replace(",", ""))
    return sums


def main() -> int:
    """The command line; 1 if a run found something."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("reports", nargs="+", type=Path)
    sums = total(line for report in words.parse_args().reports for line in report.read_text().splitlines())
    for what, count in sums.items():
        print(f"{count:>12,}  {what}")
    return 1 if sums["runs: WRONG"] else 0


if __name__ == "__main__":
    sys.exit(main())
