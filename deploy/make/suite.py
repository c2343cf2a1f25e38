"""Runs the whole suite, stage by stage, and says at the end what ran, what did not and why, and how long each took.

    python3 deploy/make/suite.py                 # everything
    python3 deploy/make/suite.py pure kafka      # these stages only

Every stage runs, also after one has failed. With CI=true a missing tool is a failure.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by a bare Python, before there is an environment

from deploy.make import environment, page, safety_case, tools
from deploy.make.stages import AT_ONCE, FOLDERS, TOOLS, Stage

ROOT = environment.ROOT
REPORTS = ROOT / ".cache" / "reports"
NO_TESTS_COLLECTED = 5


@dataclass(frozen=True)
class Outcome:
    """What became of one stage. `seconds` is wall time, the counts are pytest's, errors counted as failures."""

    name: str
    seconds: float
    ok: bool
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    remark: str = ""


def has_tests(stage: Stage) -> bool:
    """Whether the stage has anything to run yet."""
    folders = [folder for folder, its_stage in FOLDERS.items() if its_stage is stage]
    if stage in (Stage.PURE, Stage.KAFKA):
        return True
    return any(list((ROOT / "tests" / folder).rglob("test_*.py")) for folder in folders)


def timed(name: str, work: Callable[[], Outcome | None]) -> Outcome:
    """Run one part and note how long it took; an exception of ours is its failure, told in one line."""
    print(f"\n=== {name} ===", flush=True)
    began = time.monotonic()
    try:
        outcome = work()
    except (environment.CannotSetUp, subprocess.CalledProcessError) as error:
        outcome = Outcome(name, 0, ok=False, remark=str(error))
    outcome = outcome or Outcome(name, 0, ok=True)
    return Outcome(**{**vars(outcome), "seconds": time.monotonic() - began})


def set_up(stages: list[Stage]) -> Outcome:
    """The environment, and the tools that these stages need."""
    environment.set_up(dev=True)
    if Stage.PURE in stages:  # where this machine can: `tests/contract/test_two_builds.py` compares
        subprocess.run([environment.BIN / "python", ROOT / "deploy" / "make" / "native.py"], cwd=ROOT, check=True)
    needed = list(dict.fromkeys(name for stage in stages for name in TOOLS[stage]))
    missing = tools.install(needed)
    if "node" in needed and not missing and (reason := page.set_up()):
        missing["page"] = reason
    remark = "; ".join(missing.values())
    if remark:
        print(f"cannot run everything: {remark}", flush=True)
    return Outcome("set-up", 0, ok=not missing or os.environ.get("CI") != "true", remark=remark)


def run_stage(stage: Stage) -> Outcome:
    """One pytest run; what it collected and how it ended is read from its own report."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    report = REPORTS / f"{stage}.xml"
    report.unlink(missing_ok=True)
    words = [environment.BIN / "python", "-m", "pytest", "--stage", stage, f"--junitxml={report}", "-q", "tests"]
    # A file that cannot be imported fails the stage; the others have still something to say.
    words += ["--continue-on-collection-errors"]
    if stage in AT_ONCE:
        # In the order of their names: in xdist's own the files of few and long tests come last, and one is waited for.
        words += ["-n", str(AT_ONCE[stage]), "--dist", "loadfile", "--no-loadscope-reorder"]
    if stage is Stage.PURE:
        words += ["--doctest-modules", "schemas", "detectors", "streams", "deploy"]
    # What `make setup` makes is what is tested: plain sources, unless the caller asks for the others.
    surroundings = {"VIGILWARD_COMPILED": "0"} | os.environ
    ended = subprocess.run([str(word) for word in words], cwd=ROOT, check=False, env=surroundings).returncode
    counts = read_report(report)
    remark = "no test was found" if ended == NO_TESTS_COLLECTED else ""
    return Outcome(stage, 0, ok=ended in (0, NO_TESTS_COLLECTED), remark=remark, **counts)


def prove_controls() -> Outcome:
    """The clinical safety report of this run; a control without a test that passed is a failure."""
    missing = safety_case.write()
    for line in missing:
        print(f"no test passed for {line}", flush=True)
    remark = f"{len(missing)} tests of controls did not pass" if missing else ""
    return Outcome("safety", 0, ok=not missing, remark=remark)


def read_report(report: Path) -> dict[str, int]:
    """passed, failed and skipped from a JUnit report; nothing when the run did not come far enough to write one."""
    if not report.is_file():
        return {}
    found = ElementTree.parse(report).getroot().iter("testsuite")  # our own file
    totals = [
        {name: int(suite.get(name, "0")) for name in ("tests", "errors", "failures", "skipped")} for suite in found
    ]
    failed = sum(one["errors"] + one["failures"] for one in totals)
    skipped = sum(one["skipped"] for one in totals)
    return {"passed": sum(one["tests"] for one in totals) - failed - skipped, "failed": failed, "skipped": skipped}


def table(outcomes: list[Outcome]) -> str:
    """The report at the end, one stage a line, and the sum in the words that test readers know."""
    lines = [f"{'stage':<10}{'seconds':>8}{'passed':>8}{'failed':>8}{'skipped':>8}"]
    for one in outcomes:
        remark = " ".join(filter(None, ["" if one.ok else "FAILED", one.remark]))
        counts = f"{one.passed:>8}{one.failed:>8}{one.skipped:>8}"
        lines.append(f"{one.name:<10}{one.seconds:>8.1f}{counts}  {remark}".rstrip())
    lines.append(f"{'together':<10}{sum(one.seconds for one in outcomes):>8.1f}")
    passed, failed, skipped = (sum(getattr(one, name) for one in outcomes) for name in ("passed", "failed", "skipped"))
    # A stage that broke without counting a failed test is a failure all the same.
    failed += sum(1 for one in outcomes if not one.ok and not one.failed)
    return "\n".join([*lines, "", f"{passed} passed, {failed} failed, {skipped} skipped"])


def main() -> int:
    """Run what was asked; 0 only if everything that ran passed."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("stages", nargs="*", choices=[[], *Stage], metavar="STAGE", help=", ".join(Stage))
    asked = words.parse_args().stages
    stages = [stage for stage in Stage if (not asked or stage in asked) and has_tests(stage)]
    outcomes = [timed("set-up", lambda: set_up(stages))]
    if (environment.BIN / "python").exists():
        outcomes += [timed(stage, lambda stage=stage: run_stage(stage)) for stage in stages]
    if not asked:
        outcomes.append(timed("safety", prove_controls))
    print(f"\n{table(outcomes)}", flush=True)
    return 0 if all(one.ok for one in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
