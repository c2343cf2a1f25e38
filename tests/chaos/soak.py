"""Lets a whole installation run for an hour and watches its memory: `python -m tests.chaos.soak --minutes 60`.

A broker, two workers at production's times, the ward of `patients.py` with its admissions, discharges, repeats and
poison. Every half minute: resident memory of each worker, how far each partition was taken, readiness. At the end the
checker judges what was said and stored. Exit 1 if memory at the end is more than 2 % from what it was after a third of
the time, if a partition stood still, or if the checker found anything.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple

from deploy.kafka.broker import Cluster
from streams.config.packaged_rules import first_rules
from streams.config.topics import Topic
from tests.chaos.checker import check, lines
from tests.chaos.history import read_history
from tests.chaos.patients import Patients
from tests.chaos.run import HEAP_MB, PARTITIONS, keep_everything
from tests.chaos.versions import versions
from tests.integration.staging import Stage, WorkerProcess, until

EVERY_S = 30.0
WITHIN = 0.02
AROUND_S = 120.0
"""A look at memory is the median of two minutes around a moment: one look falls into a snapshot, another beside it."""


class Look(NamedTuple):
    """One look: seconds since the start, kB resident by worker, committed offsets and ends by partition, all ready."""

    at_s: float
    resident_kb: tuple[int, ...]
    taken: dict[int, int]
    ends: dict[int, int]
    ready: bool


@dataclass(frozen=True, slots=True)
class Soak:
    """What the looks say."""

    looks: list[Look]
    minutes: float

    def resident_kb(self, at_s: float) -> list[float]:
        """Of each worker around a moment."""
        near = [look.resident_kb for look in self.looks if abs(look.at_s - at_s) <= AROUND_S]
        return [median(column) for column in zip(*near, strict=True)]

    def growth(self) -> list[float]:
        """Of each worker from a third of the time to the end, as a share."""
        early, late = self.resident_kb(self.minutes * 20), self.resident_kb(self.minutes * 60)
        return [end / begin - 1 for begin, end in zip(early, late, strict=True)]

    def stuck(self) -> list[str]:
        """Partitions that did not move between two looks although there was something to take."""
        found = []
        for before, after in zip(self.looks, self.looks[1:], strict=False):
            for number, end in before.ends.items():
                if before.taken[number] < end and after.taken[number] <= before.taken[number]:
                    found.append(f"partition {number} at {after.at_s:.0f} s")
        return found

    @property
    def good(self) -> bool:
        """Whether memory stayed and everything moved."""
        return all(abs(share) <= WITHIN for share in self.growth()) and not self.stuck()

    def report(self) -> str:
        """In words, with a line every five minutes."""
        said = []
        for minute in range(0, round(self.minutes) + 1, 5):
            look = min(self.looks, key=lambda one: abs(one.at_s - minute * 60))
            resident = ", ".join(f"{kb / 1_024:.1f} MB" for kb in look.resident_kb)
            said.append(f"  minute {minute:>3}: {resident}; {sum(look.taken.values()):,} records taken")
        shares = ", ".join(f"{share:+.2%}" for share in self.growth())
        said.append(f"  from minute {self.minutes / 3:.0f} to {self.minutes:.0f}: {shares} (allowed 2 %)")
        said.append(f"  looks {len(self.looks)}, not ready in {sum(not look.ready for look in self.looks)}")
        said.append(f"  stuck: {', '.join(self.stuck()) or 'nothing'}")
        return "\n".join(said)


def resident_kb(worker: WorkerProcess) -> int:
    """Memory of a process that is in use, in kB (Linux)."""
    lines = Path(f"/proc/{worker.process.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


def soak(minutes: float, seed: int, per_s: float, folder: Path) -> tuple[str, bool]:
    """The report, and whether all was well."""
    with Cluster(folder / "kafka", heap_mb=HEAP_MB) as cluster:
        stage = Stage(
            cluster.bootstrap, "soak.", clock="arrival", mode="demo", partitions=PARTITIONS, session_timeout_s=8,
            heartbeat_s=2.5,
        ).make_topics()  # fmt: skip
        keep_everything(cluster, stage)
        with stage.worker(folder / "one") as one, stage.worker(folder / "two") as two:
            workers = [one, two]
            for worker in workers:
                worker.ready(partitions=PARTITIONS // 2)
            began, looks = time.monotonic(), []
            with Patients(stage, seed, per_s) as patients:
                while (at_s := time.monotonic() - began) <= minutes * 60:
                    looks.append(
                        Look(
                            at_s,
                            tuple(resident_kb(worker) for worker in workers),
                            {number: max(0, at) for number, at in stage.committed(Topic.READINGS).items()},
                            stage.ends(Topic.READINGS),
                            all(worker.get("/readyz")[0] == 200 for worker in workers),
                        )
                    )
                    time.sleep(EVERY_S)
                patients.stop()
            ends = stage.ends(Topic.READINGS)
            until(lambda: all(at >= ends[n] for n, at in stage.committed(Topic.READINGS).items()), one.fate, 120)
            codes = [worker.stop() for worker in workers]
        verdict = check(read_history(stage.settings, patients.delivered), stage.settings, first_rules())
    found = Soak(looks, minutes)
    good = found.good and verdict.clean and not any(codes)
    head = f"soak of {minutes:g} minutes, seed {seed}: {'nothing wrong' if good else 'WRONG'}; workers ended {codes}"
    return "\n".join([versions(), head, found.report(), *lines(verdict)]) + "\n", good


def main() -> int:
    """The command line."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--minutes", type=float, default=60)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--per-s", type=float, default=40.0, help="rounds a second, beside the monitors")
    words.add_argument("--report", type=Path, help="write the report here as well")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report, good = soak(asked.minutes, asked.seed, asked.per_s, Path(folder))
    print(report)
    if asked.report:
        asked.report.parent.mkdir(parents=True, exist_ok=True)
        asked.report.write_text(report)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
