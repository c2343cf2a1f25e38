"""Tries everything on a real broker with default settings and keeps a report: `python -m tests.field.run`.

A case is one file in `cases/`: a docstring whose first line says what it shows, and `run(field)`, which yields claims.
Exit 0 if every claim of every case held, 1 if one did not.
"""

import argparse
import importlib
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path
from types import ModuleType

from tests.chaos.versions import versions
from tests.field.claims import Told
from tests.field.installation import Field

CASES = Path(__file__).parent / "cases"


def names() -> list[str]:
    """Every case there is."""
    return sorted(path.stem for path in CASES.glob("*.py"))


def case_of(name: str) -> ModuleType:
    """A case by its name."""
    return importlib.import_module(f"tests.field.cases.{name}")


def tried(name: str, folder: Path) -> Told:
    """One case to its end, or to where it broke."""
    case = case_of(name)
    told = Told(name, (case.__doc__ or "").splitlines()[0], 0.0)
    began = time.monotonic()
    try:
        with Field(folder, **getattr(case, "SETTINGS", {"mode": "demo"})) as field:
            for claim in case.run(field):
                print(claim, flush=True)
                told.claims.append(claim)
    except Exception as fault:
        told.broke = "".join(traceback.format_exception(fault))[-3_000:]
    told.seconds = time.monotonic() - began
    return told


def main() -> int:
    """The command line."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("cases", nargs="*", metavar="CASE", choices=[[], *names()], help=", ".join(names()))
    words.add_argument("--report", type=Path, help="write the report here as well")
    words.add_argument("--keep", action="store_true", help="keep the folder of a case that was good, too")
    asked = words.parse_args()
    where = Path(tempfile.mkdtemp(prefix="field-"))
    found = []
    for name in asked.cases or names():
        print(f"=== {name}", flush=True)
        found.append(tried(name, where / name))
        print(found[-1], flush=True)
        if found[-1].good and not asked.keep:
            shutil.rmtree(where / name, ignore_errors=True)
        elif not found[-1].good:
            print(f"  its logs are in {where / name}", flush=True)
    good = sum(one.good for one in found)
    report = "\n\n".join([versions(), f"{good} of {len(found)} cases are good", *map(str, found)]) + "\n"
    if asked.report:
        asked.report.parent.mkdir(parents=True, exist_ok=True)
        asked.report.write_text(report)
    print(f"{good} of {len(found)} cases are good")
    return 0 if good == len(found) else 1


if __name__ == "__main__":
    sys.exit(main())
