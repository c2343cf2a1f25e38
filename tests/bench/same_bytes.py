"""Whether two trees say the same and remember the same: hashes of all outputs, snapshots and checkpoints.

`python -m tests.bench.same_bytes TREE [--wards 120]`: TREE is another checkout with its own `.venv`; both take the
same logs in processes of their own. The logs: the bundled recordings (in both clocks), generated wards with everything
that can happen to a log (`tests.properties.wards`), and long made-up ones with a mishap now and then. Snapshots are
taken all along, and half of the logs go on from them. `--said` leaves the snapshots' own bytes aside, where one tree
has another layout of them. `--plain` lets TREE run as plain Python: `. --plain` compares the two builds of this one.
"""

import argparse
import os
import pickle
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
RECORDINGS: Final = ("bidmc", "sepsis2019", "challenge2012")

CHILD: Final = r"""
import hashlib, pickle, sys
sys.path.insert(0, sys.argv[1])
said_only = len(sys.argv) > 3
from tests.making import new_partition, rules_with
with open(sys.argv[2], "rb") as file:
    logs = pickle.load(file)
for name, clock, mode, changes, records, pieces, stops in logs:
    digest = hashlib.sha256()
    part = new_partition(clock=clock, mode=mode, rules=rules_with(*changes))
    size = len(records) // pieces + 1
    for number, start in enumerate(range(0, len(records), size)):
        for said in part.run(records[start : start + size]):
            digest.update(repr(tuple(said)).encode())
        if number % 3 == 2:
            for said in part.advance(part.time, 1 << 30)[0]:
                digest.update(repr(tuple(said)).encode())
        kept = [part.state(patient) for patient in sorted(part.watches)]
        digest.update(repr(([] if said_only else kept, part.checkpoint, part.tally.as_dict())).encode())
        if stops and number % 2 and part.checkpoint.next_offset == part.next_offset:
            part = new_partition(clock=clock, mode=mode, rules=part.rules, checkpoint=part.checkpoint, states=kept)
    for said in part.release() + part.advance(part.time + 100_000_000, 1 << 30)[0]:
        digest.update(repr(tuple(said)).encode())
    if not said_only:
        digest.update(repr([part.state(patient) for patient in sorted(part.watches)]).encode())
    print(name, digest.hexdigest(), flush=True)
"""


def recorded_logs() -> list[tuple]:
    """The bundled recordings, in both clocks."""
    from streams.recordings.recordings import read_folder
    from streams.recordings.samples import folder

    logs = []
    for name in RECORDINGS:
        chance = random.Random(name)
        readings = list(read_folder(folder(name)))
        for clock in ("event", "arrival"):
            records, late = [], 0
            for offset, (ms, patient, line) in enumerate(readings):
                late = max(0, late + chance.randint(-400, 400))
                records.append((offset, ms + late, patient.encode(), line, ()))
            records = [(n, *record[1:]) for n, record in enumerate(sorted(records, key=lambda one: one[1]))]
            logs.append((f"{name} {clock}", clock, "real", (), records, 12, clock == "arrival"))
    return logs


def ward_logs(count: int) -> list[tuple]:
    """Generated wards with everything that can happen to a log."""
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st

    from tests.making import numbered
    from tests.properties.wards import FORGETFUL, wards

    logs: list[tuple] = []

    def collect(clock: str, ward: list) -> None:
        stops = bool(len(logs) % 2)
        changes = FORGETFUL if len(logs) % 3 else ()
        logs.append((f"ward {len(logs)} {clock}", clock, "test", changes, numbered(ward), 9, stops))

    drawn = st.booleans().flatmap(lambda event: st.tuples(st.just("event" if event else "arrival"), wards(event)))
    quiet = settings(
        max_examples=count, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    quiet(given(drawn)(lambda one: collect(*one)))()
    return logs


def long_log(seed: int) -> tuple:
    """Four patients over hours, a value a second to one a minute, with whatever goes wrong now and then."""
    from tests.making import T0, numbered, reading

    chance, log = random.Random(seed), []
    for number in range(4):
        patient, step = f"p{number}", chance.choice((1, 1, 2, 5, 15, 60))
        beat, skew, level, at = 0, chance.choice((0, 0, 300, -4_000, 90_000)), chance.gauss(0, 1), T0
        end, batch = T0 + (2_400 if step < 3 else 14_000) * 1_000, []
        while at < end:
            at, beat = at + step * 1_000, beat + 1
            level += chance.gauss(0, 0.02 * step**0.5)
            wild = chance.random()
            if wild < 0.002:
                at += chance.choice((20, 60, 200, 1_000, 4_000)) * 1_000  # nothing comes
            elif wild < 0.003:
                skew += chance.choice((-3_600_000, 5_000, 400, -400))
            elif wild < 0.005:
                level += chance.choice((-4, 4))
            vitals: dict[str, object] = {
                "heart_rate": round(80 + 9 * level + chance.gauss(0, 2)),
                "resp_rate": max(4, round(16 + 2 * level + chance.gauss(0, 1))),
                "spo2": min(100, max(60, round(97 - abs(level) + chance.gauss(0, 0.6)))),
                "systolic_bp": round(122 - 6 * level + chance.gauss(0, 3)),
            }
            if chance.random() < 0.5:
                vitals["pulse_rate"] = max(20, vitals["heart_rate"] + chance.choice((0, 0, 0, -40)))
            if beat % 7 == 0:
                vitals["temperature"], vitals["diastolic_bp"] = round(36.8 + 0.2 * level, 1), 75
            if wild > 0.99:
                name = chance.choice(list(vitals))
                vitals[name] = chance.choice(
                    ({"value": None, "unit": None, "quality": "not available"}, {"value": 1e6, "unit": "/min"},
                     {"value": 0, "unit": "/min"}, {"value": 80, "unit": "/min", "quality": "questionable"})
                )  # fmt: skip
            sent = reading(at, patient, f"m{number}", taken=at + skew, sequence=beat, **vitals)
            delay = chance.choice((0, 0, 0, 40, 700, 3_000)) if wild > 0.9 else 0
            batch.append(sent._replace(at=at + delay))
            if wild > 0.995:
                batch.append(sent._replace(at=at + delay + chance.choice((0, 5_000, 40_000))))
            if beat % max(1, 600 // step) == 0:
                chart = {"consciousness": "A", "supplemental_oxygen": chance.random() < 0.3, "temperature": 37.0}
                batch.append(reading(at, patient, "chart", taken=at - 20_000, source="spot", sequence=beat, **chart))
        log += batch
    log.sort(key=lambda entry: entry.at)
    return f"long {seed}", "arrival", "test", (), numbered(log), 11, bool(seed % 2)


def _hashes(trees: list[Path], logs: list[tuple], plain: bool, said: bool) -> list[list[str]]:
    with tempfile.NamedTemporaryFile() as file:
        pickle.dump(logs, file)
        file.flush()
        children = [
            subprocess.Popen(
                [str(tree / ".venv" / "bin" / "python"), "-c", CHILD, str(tree), file.name, *["said"] * said],
                stdout=subprocess.PIPE,
                text=True,
                cwd=tree,
                env=os.environ
                | {"PYTHONHASHSEED": str(place), "VIGILWARD_COMPILED": "0" if plain and not place else "1"},
            )
            for place, tree in enumerate(trees)
        ]
        hashes = [child.communicate()[0].splitlines() for child in children]
    if any(child.returncode for child in children):
        raise SystemExit("a tree failed")
    return hashes


def main() -> None:
    """The command."""
    command = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    command.add_argument("tree", type=Path)
    command.add_argument("--wards", type=int, default=120)
    command.add_argument("--long", type=int, default=8)
    command.add_argument("--plain", action="store_true")
    command.add_argument("--said", action="store_true")
    given = command.parse_args()
    logs = recorded_logs() + [long_log(seed) for seed in range(given.long)] + ward_logs(given.wards)
    other, this = _hashes([given.tree.resolve(), ROOT], logs, given.plain, given.said)
    differ = [one.split(" ")[:-1] for one, two in zip(other, this, strict=True) if one != two]
    print(f"{len(logs)} logs, {sum(len(log[4]) for log in logs)} records; {len(differ)} differ")
    for name in differ[:20]:
        print(" ".join(name))
    sys.exit(bool(differ))


if __name__ == "__main__":
    main()
