"""Two trees of this project on the same readings, taking turns in chunks: CPU time of each, and their ratio.

`python -m tests.bench.old_and_new TREE [--patients 50] [--minutes 10] [--parts]`: TREE is another checkout with its own
`.venv` (`git worktree add TREE COMMIT && make -C TREE setup`); this one is compared with it. The whole is
`Partition.run`, decode to alerts; `--parts` drives the vigils by hand, second by second, and tells three parts apart:
decode, intake (`Vigil.take`) and the watch (`Vigil.tick`). `--same` also asks for equal outputs and snapshots, which
two builds of the same rules must give. `--plain` lets TREE run as plain Python: `old_and_new . --plain` is what
compiling gains.
"""

import argparse
import json
import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Final

CHUNK_S: Final = 30
WARM_S: Final = 2_700  # the Page-Hinkley tests need forty minutes
ROOT: Final = Path(__file__).parents[2]

CHILD: Final = r"""
import gc, hashlib, json, pickle, sys, time
sys.path.insert(0, sys.argv[1])
from schemas.decode import decode
from streams.log import Partition
try:
    from streams.config.packaged_rules import packaged_rules
except ImportError:
    from streams.rules import packaged_rules
try:
    from schemas.plain_reading import decode_plain
except ImportError:
    decode_plain = None  # a tree of before
clock = time.process_time
with open(sys.argv[2], "rb") as file:
    warm, chunks = pickle.load(file)
parts, digest = sys.argv[3] == "parts", hashlib.sha256()
part = Partition(0, 1, clock="arrival", mode="real", rules=packaged_rules())
part.run(warm)
del warm

def by_parts(records):
    vigils = {patient: watch.vigil for patient, watch in part.watches.items()}
    spent, seconds = [0.0, 0.0, 0.0], {}
    for record in records:
        seconds.setdefault(record[1] // 1000, []).append(record)
    for second, those in seconds.items():
        at = second * 1000
        due = [(vigil, vigil.due) for vigil in vigils.values() if vigil.due <= at]
        began = clock()
        for vigil, moment in due:
            vigil.tick(moment)
        spent[2] += clock() - began
        began = clock()
        readings = [(decode_plain and decode_plain(record[3])) or decode(record[3]) for record in those]
        spent[0] += clock() - began
        pairs = [(vigils[reading.patient_id], reading, record) for reading, record in zip(readings, those)]
        began = clock()
        for vigil, reading, record in pairs:
            if not decode_plain:
                vigil.take(reading, record[1])
            elif not vigil.take_plain(reading, record[1]):
                vigil.take(decode(record[3]), record[1])
        spent[1] += clock() - began
    return spent

gc.collect()
gc.freeze()
print("ready", flush=True)
for line in sys.stdin:
    records = chunks[int(line)]
    if parts:
        spent = by_parts(records)
    else:
        began = clock()
        said = part.run(records)
        spent = [clock() - began]
        for one in said:
            digest.update(repr(tuple(one)).encode())
    print(json.dumps(spent), flush=True)
if not parts:
    for patient in sorted(part.watches):
        digest.update(part.watches[patient].vigil.snapshot())
print(digest.hexdigest(), flush=True)
"""


def _records(patients: int, minutes: int) -> tuple[list, list[list]]:
    from streams.tools.bench import made_up

    records = list(made_up(patients, WARM_S + 60 * minutes))
    warm, size = patients * WARM_S, patients * CHUNK_S
    return records[:warm], [records[start : start + size] for start in range(warm, len(records), size)]


class Child:
    """One tree at work in a process of its own."""

    def __init__(self, tree: Path, data: str, what: str, compiled: bool = True) -> None:
        python = str(tree / ".venv" / "bin" / "python")
        self.process = subprocess.Popen(
            [python, "-c", CHILD, str(tree), data, what],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=tree,
            env=os.environ | {"PYTHONHASHSEED": "0", "VIGILWARD_COMPILED": str(int(compiled))},
        )
        if self.read() != "ready":
            raise SystemExit(f"{tree} did not start")

    def read(self) -> str:
        """The next line it says."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def run(self, chunk: int) -> list[float]:
        """Seconds of CPU for one chunk, by part."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{chunk}\n")
        self.process.stdin.flush()
        return json.loads(self.read())

    def end(self) -> str:
        """Ends it; gives the hash of all that it said."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        said = self.read()
        self.process.wait()
        return said


def compare(tree: Path, *, patients: int, minutes: int, parts: bool, plain: bool = False) -> dict[str, object]:
    """Figures by name: microseconds a reading of each tree, and this tree's by the other's; medians over chunks."""
    warm, chunks = _records(patients, minutes)
    what = "parts" if parts else "whole"
    with tempfile.NamedTemporaryFile() as file:
        pickle.dump((warm, chunks), file)
        file.flush()
        children = [Child(tree, file.name, what, not plain), Child(ROOT, file.name, what)]
    spent: list[list[list[float]]] = [[], []]
    for chunk in range(len(chunks)):
        for turn in (0, 1) if chunk % 2 else (1, 0):
            spent[turn].append(children[turn].run(chunk))
    said = [child.end() for child in children]
    told: dict[str, object] = {"readings": sum(map(len, chunks)), "load": round(os.getloadavg()[0], 1)}
    if not parts:
        told["same"] = said[0] == said[1]
    for place, name in enumerate(("decode", "intake", "watch") if parts else ("whole",)):
        other, this = ([one[place] for one in times] for times in spent)
        each = [
            median(1e6 * one / len(chunk) for one, chunk in zip(times, chunks, strict=True)) for times in (other, this)
        ]
        told[name] = {
            "other_us": round(each[0], 2),
            "this_us": round(each[1], 2),
            "this_by_other": round(median(b / a for a, b in zip(other, this, strict=True)), 3),
            "speed": round(median(a / b for a, b in zip(other, this, strict=True)), 3),
        }
    return told


def main() -> None:
    """The command."""
    command = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    command.add_argument("tree", type=Path)
    command.add_argument("--patients", type=int, default=50)
    command.add_argument("--minutes", type=int, default=10)
    command.add_argument("--parts", action="store_true")
    command.add_argument("--same", action="store_true")
    command.add_argument("--plain", action="store_true")
    given = command.parse_args()
    told = compare(
        given.tree.resolve(), patients=given.patients, minutes=given.minutes, parts=given.parts, plain=given.plain
    )
    print(json.dumps(told))
    if given.same and not told["same"]:
        sys.exit("outputs or snapshots differ")


if __name__ == "__main__":
    main()
