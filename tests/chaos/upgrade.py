"""Two builds in one group under load, there and back, and the first build by drain: real processes, judged by replay.

python -m tests.chaos.upgrade --rounds 10 --from 4f73684        # builds of one behaviour number side by side
python -m tests.chaos.upgrade --drain c8a02ac                   # the first build, stopped in good order, then this one

A build is a commit of this repository, checked out into a folder of its own; it runs with this environment's packages.
Exit 0 if nothing was wrong, 1 if something was.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from deploy.kafka.broker import Cluster
from streams.config.packaged_rules import first_rules
from streams.config.topics import Topic
from tests.chaos.checker import check, lines
from tests.chaos.history import History, read_history
from tests.chaos.patients import WELL, Patients
from tests.chaos.run import CATCH_UP_WITHIN_S, HEAP_MB, PARTITIONS, keep_everything
from tests.chaos.versions import versions
from tests.integration.rounds import PATIENTS, readings
from tests.integration.staging import CONTROL_RECORD_KEY, ROOT, Stage, WorkerProcess, until

UNDER_LOAD_S = 4.0
READY_WITHIN_S = 300.0
DRAIN_ROUNDS = 40


class WrongBuild(Exception):
    """The commit is not there, or is not what this run asks for."""


@dataclass(frozen=True, slots=True)
class Build:
    """A commit, checked out: `folder` holds its files, `behaviour` is its number (0: before there were numbers)."""

    commit: str
    folder: Path

    @classmethod
    def checked_out(cls, commit: str, into: Path) -> "Build":
        """The files of a commit, without its history. Raises WrongBuild."""
        folder = into / commit
        folder.mkdir(parents=True)
        packed = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=False)
        if packed.returncode:
            raise WrongBuild(f"{commit}: {packed.stderr.decode().strip()}")
        subprocess.run(["tar", "-x", "-C", str(folder)], input=packed.stdout, check=True)
        return cls(commit, folder)

    @property
    def behaviour(self) -> int:
        """Its behaviour number."""
        path = self.folder / "streams" / "log" / "behaviour.py"
        if not path.is_file():
            return 0
        said = [line for line in path.read_text().splitlines() if line.startswith("BEHAVIOUR")]
        return int(said[0].rpartition("=")[2])

    @property
    def command(self) -> tuple[str, ...]:
        """Its worker: our interpreter and packages, its files before all others."""
        where = str(self.folder)
        begin = f"import os, sys; os.chdir({where!r}); sys.path[:0] = [{where!r}]; "
        return (sys.executable, "-c", f"{begin}from streams.commands import main; main()", "worker")


class Crew:
    """Two places, at each a worker of some build, which are replaced one after another."""

    def __init__(self, stage: Stage, folder: Path, build: Build) -> None:
        self.stage, self.folder, self.started = stage, folder, 0
        self.exits: list[int] = []
        self.workers = [self._start(build) for _ in range(2)]

    def __enter__(self) -> Self:
        for worker in self.workers:
            self._ready(worker)
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        for worker in self.workers:
            worker.__exit__()

    def _start(self, build: Build) -> WorkerProcess:
        self.started += 1
        return self.stage.worker(self.folder / f"{self.started:03d}-{build.commit}", *build.command)

    @staticmethod
    def _ready(worker: WorkerProcess) -> None:
        until(lambda: worker.get("/readyz")[0] == 200, worker.fate, within_s=READY_WITHIN_S)

    def roll(self, build: Build) -> None:
        """Each worker leaves in good order and one of this build takes its place; meanwhile both share the group."""
        for place, worker in enumerate(self.workers):
            self.exits.append(worker.stop())
            assert self.exits[-1] == 0, worker.fate()
            self.workers[place] = self._start(build)
            self._ready(self.workers[place])
            time.sleep(UNDER_LOAD_S)

    def leave(self) -> None:
        """All end in good order."""
        for worker in self.workers:
            assert worker.stop() == 0, worker.fate()


def side_by_side(other: Build, today: Build, rounds: int, folder: Path, seed: int = 1) -> tuple[bool, list[str]]:
    """From the other build to today's and back, `rounds` times, under load; whether all was well, and the words."""
    if other.behaviour != today.behaviour:
        raise WrongBuild(f"{other.commit} has behaviour {other.behaviour}, {today.commit} has {today.behaviour}")
    began = time.monotonic()
    with Cluster(folder / "kafka", heap_mb=HEAP_MB) as cluster:
        stage = Stage(
            cluster.bootstrap, "upgrade.", clock="arrival", mode="demo", partitions=PARTITIONS, snapshot_every_s=1,
            session_timeout_s=8, heartbeat_s=2.5,
        ).make_topics()  # fmt: skip
        keep_everything(cluster, stage)
        with Crew(stage, folder / "workers", other) as crew, Patients(stage, seed=seed) as patients:
            time.sleep(UNDER_LOAD_S)
            for number in range(rounds):
                crew.roll(today)
                crew.roll(other)
                print(f"{time.monotonic() - began:7.1f} s  round {number + 1} of {rounds}", flush=True)
            patients.stop()
            ends = stage.ends(Topic.READINGS)
            until(
                lambda: all(at >= ends[number] for number, at in stage.committed(Topic.READINGS).items()),
                lambda: "\n".join(worker.fate()[-1_500:] for worker in crew.workers),
                within_s=CATCH_UP_WITHIN_S,
            )
            crew.leave()
        assert patients.failed == 0
        verdict = check(read_history(stage.settings, patients.delivered), stage.settings, first_rules())
    said = [
        f"builds {other.commit} and {today.commit}, behaviour {today.behaviour}, side by side in one group under load, "
        f"there and back: {rounds} rounds, {crew.started} workers, {time.monotonic() - began:.0f} s: "
        f"{'nothing wrong' if verdict.clean else 'WRONG'}",
        *lines(verdict),
    ]
    return verdict.clean, said


def by_drain(first: Build, today: Build, folder: Path) -> tuple[bool, list[str]]:
    """The first build under a ward that goes on being measured, SIGTERM, then this build; then the first one again."""
    with Cluster(folder / "kafka", heap_mb=HEAP_MB) as cluster:
        stage = Stage(cluster.bootstrap, "drain.", clock="arrival", mode="demo", partitions=2, snapshot_every_s=1)
        stage.make_topics()
        keep_everything(cluster, stage)
        old = {"VIGILWARD_LOG_KEY": CONTROL_RECORD_KEY}
        own = ("VIGILWARD_CONTROL_RECORD_KEY", "VIGILWARD_RULES_APPROVERS")
        kept = {name: value for name, value in stage.environment.items() if name not in own}
        sent = 0

        def send(rounds: int) -> None:
            nonlocal sent
            for _ in range(rounds):
                stage.publish(Topic.READINGS, readings(sent, len(PATIENTS)))
                sent += len(PATIENTS)
                time.sleep(0.1)

        before = WorkerProcess(folder / "before", {**kept, **old}, first.command)
        with before:
            until(lambda: before.get("/readyz")[0] == 200, before.fate, within_s=READY_WITHIN_S)
            send(DRAIN_ROUNDS)
            until(lambda: before.metric("vigilward_vitals_total") == sent * len(WELL), before.fate)
            vitals, stopped = before.metric("vigilward_vitals_total"), time.time()
            assert before.stop() == 0, before.fate()
        send(3)  # measured while nobody watches
        with stage.worker(folder / "after", *today.command) as after:
            until(lambda: after.get("/readyz")[0] == 200, after.fate, within_s=READY_WITHIN_S)
            gap_s, told_s = time.time() - stopped, after.metric("vigilward_takeover_gap_seconds")
            send(DRAIN_ROUNDS)
            ends = stage.ends(Topic.READINGS)
            until(
                lambda: all(at >= ends[number] for number, at in stage.committed(Topic.READINGS).items()),
                after.fate, within_s=CATCH_UP_WITHIN_S,
            )  # fmt: skip
            with WorkerProcess(folder / "back", {**kept, **old}, first.command) as back:
                back_exit = back.process.wait(READY_WITHIN_S)
                refused = " ".join([event for event in back.events() if "cannot go on" in event][:1])
            vitals += after.metric("vigilward_vitals_total")
            assert after.stop() == 0, after.fate()
        history = read_history(stage.settings, sent)
    holes, conflicts = told_twice_or_not_at_all(history)
    missed = round(sent * len(WELL) - vitals)
    good = not holes and not conflicts and missed == 0 and back_exit == 3
    said = [
        f"from {first.commit} to {today.commit} by drain: {'nothing wrong' if good else 'WRONG'}",
        f"  {sent:>9,}  readings, {len(history.alerts)} revisions of alerts",
        f"  {gap_s:9.1f}  seconds from SIGTERM until the new build was ready; it told {told_s:.1f} s of its own",
        f"  {len(holes):>9,}  alerts with a revision missing {holes[:3]}",
        f"  {len(conflicts):>9,}  revisions with two contents {conflicts[:3]}",
        f"  {missed:>9,}  of {sent * len(WELL):,} vitals that neither build took",
        f"  {back_exit:>9}  exit of the first build, started again: {refused[:300]}",
    ]
    return good, said


def told_twice_or_not_at_all(history: History) -> tuple[list[str], list[str]]:
    """Alerts one of whose revisions is missing, and revisions that were said with two contents."""
    contents: dict[tuple[str, int], set[bytes]] = defaultdict(set)
    for said in history.alerts:
        body = msgspec.json.decode(said.value or b"{}")
        contents[body["alert_id"], body["revision"]].add(said.value or b"")
    revisions: dict[str, list[int]] = defaultdict(list)
    for alert, revision in contents:
        revisions[alert].append(revision)
    holes = [one for one, found in revisions.items() if sorted(found) != list(range(1, max(found) + 1))]
    return holes, [f"{one}/{revision}" for (one, revision), found in contents.items() if len(found) > 1]


def head() -> str:
    """This commit, in short."""
    asked = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return asked.stdout.strip()


def main() -> int:
    """The command line."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--from", dest="other", metavar="COMMIT", help="a build of this behaviour number")
    words.add_argument("--rounds", type=int, default=10)
    words.add_argument("--drain", metavar="COMMIT", help="the first build, or one of an older behaviour number")
    words.add_argument("--report", type=Path, help="write the report here as well")
    asked = words.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="upgrade-"))
    today = Build.checked_out(head(), folder / "builds")
    outcomes: list[tuple[bool, list[str]]] = []
    if asked.other:
        other = Build.checked_out(asked.other, folder / "builds")
        outcomes.append(side_by_side(other, today, asked.rounds, folder / "side"))
    if asked.drain:
        first = Build.checked_out(asked.drain, folder / "builds")
        outcomes.append(by_drain(first, today, folder / "drain"))
    report = "\n\n".join([versions(), *("\n".join(said) for _, said in outcomes)]) + "\n"
    print(report)
    if asked.report:
        asked.report.write_text(report)
    good = all(one for one, _ in outcomes)
    if good:
        shutil.rmtree(folder)
    else:
        print(f"logs are in {folder}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
