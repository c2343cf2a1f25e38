"""Under which licences the product's dependencies come, and whether each may be shipped.

    .venv/bin/python deploy/make/licences.py       # a table; exit 1 if one is not allowed or not known

What the command needs (requirements/run.txt) and what the page is made of (streams/board/page/node_modules).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / "run.txt"
MODULES = ROOT / "streams" / "board" / "page" / "node_modules"
ALLOWED = (
    "Apache-2.0", "Apache", "MIT", "BSD", "ISC", "0BSD", "PSF-2.0", "Python Software Foundation", "Python-2.0",
    "MPL-2.0", "Mozilla Public License 2.0", "Unlicense", "Zlib", "OFL-1.1", "CC0-1.0",
    "Repoze Public License",
)  # fmt: skip
"""Permissive ones (Repoze's is derived from BSD), and MPL-2.0, whose duties end at its own files."""
FORBIDDEN = re.compile(r"\b(A|L)?GPL|General Public|SSPL|BUSL|Business Source|Commons Clause", re.IGNORECASE)


@dataclass(frozen=True)
class Licence:
    """One dependency. `licence` as its metadata says it; empty where they say nothing."""

    name: str
    version: str
    licence: str

    @property
    def allowed(self) -> bool:
        """Whether it may be shipped: every alternative that is named is allowed, or one of an OR.

        >>> [Licence("a", "1", said).allowed for said in ("MIT OR GPL-2.0", "GPL-3.0", "")]
        [True, False, False]
        """
        choices = re.split(r"\bOR\b", self.licence)
        return any(not FORBIDDEN.search(one) and any(word in one for word in ALLOWED) for one in choices)


def of_python() -> Iterator[Licence]:
    """Every installed distribution of the lock; one for another platform or Python is not installed."""
    for name in re.findall(r"^([A-Za-z0-9._-]+)==", LOCK.read_text(), re.MULTILINE):
        try:
            about = distribution(name).metadata
        except PackageNotFoundError:
            continue
        lines = [line for line in about.get_all("Classifier", []) if line.startswith("License ::")]
        classified = [line.rpartition(" :: ")[2] for line in lines]
        told = about.get("License-Expression") or "; ".join(classified) or (about.get("License") or "").split("\n")[0]
        yield Licence(name, about["Version"], told)


def of_page() -> Iterator[Licence]:
    """Every package of the page's build."""
    for path in sorted(MODULES.glob("**/package.json")):
        if path.parent.parent.name == "node_modules" or path.parent.parent.parent.name == "node_modules":
            about = json.loads(path.read_text())
            if "name" in about and "version" in about:
                yield Licence(about["name"], about["version"], str(about.get("license", "")))


def main() -> int:
    """The table; 1 if something may not be shipped."""
    found = [*of_python(), *of_page()]
    for one in found:
        print(f"{'' if one.allowed else 'NOT ALLOWED  '}{one.name} {one.version}: {one.licence or 'not said'}")
    return int(not all(one.allowed for one in found))


if __name__ == "__main__":
    sys.exit(main())
