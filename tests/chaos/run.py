"""Breaks a running installation on purpose and judges what it left: `python -m tests.chaos.run --kills 25 --seed 1`.

Real Apache Kafka, real worker processes, a schedule of faults from a seed; at the end the checker reads everything that
stands in Kafka. Exit 0 if nothing was wrong, 1 if something was, 3 if it could not be run.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from deploy.kafka.broker import Cluster
from streams.config.packaged_rules import first_rules
from streams.config.topics import Topic
from tests.chaos.checker import Verdict, check, lines
from tests.chaos.history import read_history
from tests.chaos.patients import Patients
from tests.chaos.schedule import FULL, KILLS, Plan, on_three, small
from tests.chaos.stagehand import Happened, Stagehand, Times
from tests.chaos.versions import versions
from tests.integration.staging import Stage

PARTITIONS = 4
HEAP_MB = 200
KEEP_ALL_MS = 10**12
WARM_UP_S = 4.0
PRODUCER_BUFFER_BYTES = 131_072
"""So little that a flood fills a worker's buffer on the way to Kafka, and a catch-up now and then."""
CATCH_UP_WITHIN_S = 120.0


@dataclass(slots=True)
class Result:
    """One run: what was done, what was found."""

    name: str
    seed: int
    seconds: float
    happened: Happened
    verdict: Verdict
    ends: Counter[int] = field(default_factory=Counter)
    full_buffers: int = 0  # so many were asked for

    @property
    def good(self) -> bool:
        """Whether nothing was wrong, and every buffer that was to be full was full."""
        filled = sum(self.happened.done[fault] for fault in FULL) >= self.full_buffers
        return self.verdict.clean and set(self.ends) <= {0} and filled

    def report(self) -> str:
        """The run in words."""
        done = self.happened.done
        killed = sum(done[fault] for fault in KILLS)
        words = [f"{self.name}, seed {self.seed}, {self.seconds:.0f} s: {'nothing wrong' if self.good else 'WRONG'}"]
        words += [f"  {count:>9,}  {fault}" for fault, count in done.items()]
        words.append(f"  {killed:>9,}  kills of workers in all; at points: {_counted(self.happened.points)}")
        words.append(
            f"  ended by itself and was started anew, by exit code: {_counted(self.happened.unexpected_exits)}"
        )
        words.append(f"  workers at the end, by exit code: {_counted(self.ends)}")
        if self.full_buffers:
            held, most = self.happened.blocked_count, self.happened.most_waiting_bytes
            words.append(f"  {held:>9,}  times that a full buffer held back the log; at most {most:,} bytes waited")
        return "\n".join([*words, *lines(self.verdict)])


def run(
    name: str,
    plan: Plan,
    *,
    seed: int,
    brokers: int = 1,
    places: int = 2,
    times: Times | None = None,
    per_s: float = 40.0,
    say: object = print,
    settings: dict[str, object] | None = None,
    folder: Path | None = None,
) -> Result:
    """One installation, broken by one plan."""
    began = time.monotonic()
    where = folder or Path(tempfile.mkdtemp(prefix="chaos-"))
    times = times or Times()
    options = {
        "clock": "arrival", "session_timeout_s": 2, "heartbeat_s": 0.5, "snapshot_every_s": 1,
        "producer_buffer_bytes": PRODUCER_BUFFER_BYTES, **(settings or {}),
    }  # fmt: skip

    def told(words: str) -> None:
        say(f"{time.monotonic() - began:7.1f} s  {words}")  # type: ignore[operator]

    with Cluster(where / "kafka", brokers, heap_mb=HEAP_MB) as cluster:
        stage = Stage(
            cluster.bootstrap, "chaos.", mode="demo", partitions=PARTITIONS,
            replication_factor=min(3, brokers), **options,
        ).make_topics()  # fmt: skip
        keep_everything(cluster, stage)
        with Stagehand(stage, cluster, where / "workers", places, times, told) as hand:
            with Patients(stage, seed, per_s) as patients:
                hand.flood = patients.flood
                time.sleep(WARM_UP_S)
                for act in plan.acts(seed, places, brokers):
                    hand.perform(act)
                time.sleep(WARM_UP_S)
                patients.stop()
            told(f"{patients.delivered} readings sent; catching up")
            stage.all_taken(lambda: fates(hand), CATCH_UP_WITHIN_S)
            codes = hand.end()
        told("reading what was left")
        assert patients.failed == 0, f"{patients.failed} readings were refused by Kafka"
        verdict = check(read_history(stage.settings, patients.delivered), stage.settings, first_rules())
    result = Result(
        name, seed, time.monotonic() - began, hand.happened, verdict, codes, plan.full_buffers + plan.full_buffer_kills
    )
    if folder is None and result.good:
        shutil.rmtree(where)
    else:
        told(f"logs are in {where}")
    return result


def _counted(counts: Counter) -> str:
    return ", ".join(f"{count} x {what}" for what, count in sorted(counts.items())) or "none"


def keep_everything(cluster: Cluster, stage: Stage) -> None:
    """No compaction while the history is needed: the checker wants to see every write."""
    from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

    entry = ConfigEntry("min.compaction.lag.ms", str(KEEP_ALL_MS), incremental_operation=AlterConfigOpType.SET)
    states = ConfigResource(ResourceType.TOPIC, stage.settings.topic(Topic.STATES), incremental_configs=[entry])
    admin = cluster.admin()
    for answer in admin.incremental_alter_configs([states]).values():
        answer.result(30)


def fates(hand: Stagehand) -> str:
    """The last words of every worker."""
    return "\n".join(worker.fate()[-1_500:] for worker in hand.workers.values() if worker)


def main() -> int:
    """The command line."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--kills", type=int, default=25, help="so many faults, most of them kills of workers")
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--full-buffers", type=int, help="only full buffers, so many, half of them with a kill")
    words.add_argument("--zombies", type=int, help="only zombies, so many")
    words.add_argument("--three-brokers", type=int, help="only on three brokers, so many, most of them brokers lost")
    words.add_argument("--clock", choices=["arrival", "event"], default="arrival")
    words.add_argument("--real-times", action="store_true", help="session 8 s, stopped for 20 s, as in production")
    words.add_argument("--report", type=Path, help="write the report here as well")
    asked = words.parse_args()
    results = []
    if asked.zombies:
        plan = Plan(zombies=asked.zombies - asked.zombies // 3, zombies_at_points=asked.zombies // 3)
        times = Times(zombie_s=20.0, settle_s=6.0) if asked.real_times else Times(zombie_s=3.2, settle_s=2.0)
        options = {"session_timeout_s": 8, "heartbeat_s": 2.5} if asked.real_times else {"session_timeout_s": 1.5}
        options = options if asked.real_times else {**options, "heartbeat_s": 0.4}
        results.append(run("zombies", plan, seed=asked.seed, times=times, settings=options))
    elif asked.full_buffers:
        kills = asked.full_buffers // 2
        plan = Plan(full_buffers=asked.full_buffers - kills, full_buffer_kills=kills)
        results.append(run("full buffers", plan, seed=asked.seed))
    elif asked.three_brokers:
        results.append(run("three brokers, two workers", on_three(asked.three_brokers), seed=asked.seed, brokers=3))
    else:
        one, three = small(asked.kills)
        clock = {"clock": asked.clock}
        results.append(run(f"one broker, two workers, {asked.clock} clock", one, seed=asked.seed, settings=clock))
        if three.faults:
            results.append(run("three brokers, two workers", three, seed=asked.seed + 1, brokers=3, settings=clock))
    report = "\n\n".join([versions(), *(result.report() for result in results)]) + "\n"
    print(report)
    if asked.report:
        asked.report.parent.mkdir(parents=True, exist_ok=True)
        asked.report.write_text(report)
    return 0 if all(result.good for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
