"""How long mistakes take to be told: `python -m tests.bench.usage_errors`; the same mistakes are held by a test.

Each is one whole process. Told are seconds of CPU and of wall, with everything compiled and with nothing.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import NamedTuple

from tests.bench.lab_speed import made

PROGRAM = (sys.executable, "-c", "from streams.commands import main; main()")
HERE = "{folder}"
"""Stands for a folder that holds `recorded` (40 patients, 12 h at 1/min) and an empty file `empty`."""


class Mistake(NamedTuple):
    """A command as it was mistyped, its exit code, and a word that its answer has to hold."""

    words: tuple[str, ...]
    says: str
    exit_code: int = 2


def _of(command, *mistakes):
    return tuple(Mistake((command, *words.split()), says, *code) for words, says, *code in mistakes)


RECORDED = f"{HERE}/recorded"
MISTAKES = (
    *_of(
        "evaluate",
        (f"{RECORDED} --event nolabel", "no_such_label"),
        (f"{RECORDED} --event in_hospital_death:1:2", "bad_horizon"),
        (f"{RECORDED} --event in_hospital_death --event nolabel", "no_such_label"),
        (f"{RECORDED} --event a --event b --report out.html", "--report takes one --event"),
        (f"{RECORDED} --event a --event b --cross-fitted", "--cross-fitted takes one --event"),
        (f"{RECORDED} --horizon 12", "--horizon and --lead are of an --event"),
        (f"{RECORDED} --report {HERE}", "is_a_folder"),
        (f"{RECORDED} --report {HERE}/nowhere/out.html", "there is no folder"),
        (f"{RECORDED} --rules nowhere.json", "there is no rules file"),
        (f"{RECORDED} --source bedside", "'--source'"),
        (f"{RECORDED} --seed -1", "'--seed'"),
        (f"{RECORDED} --workers 0", "'--workers'"),
        (f"{RECORDED} --replicates 1", "'--replicates'"),
        (f"{RECORDED} --injected --event a", "--injected takes none"),
        (f"{HERE}/nowhere", "no_folder"),
        (f"{HERE}/bare", "no_vitals"),
        (f"{HERE}/wrong", "missing_unit"),
        ("", "DIR|FILE"),
    ),
    *_of(
        "explain",
        ("", "name either --in"),
        (f"--in {RECORDED}", "name either an ALERT_ID"),
        (f"--in {RECORDED} --patient p001", "name either an ALERT_ID"),
        (f"--in {RECORDED} --patient p001 --at yesterday", "yesterday"),
        (f"--in {RECORDED} --patient nobody --at 2h", "no reading of 'nobody'", 1),
        (f"--in {RECORDED} --patient nobody --at 2h --as-evaluated", "no reading of 'nobody'", 1),
        (f"--in {HERE}/nowhere --patient p001 --at 2h", "there is no file or folder"),
        (f"--in {RECORDED} --patient p001 --at 2h --rules nowhere.json", "there is no rules file"),
        (f"--in {RECORDED} --patient p001 --at 2h --source spot", "--as-evaluated"),
        (f"--in {RECORDED} {'0' * 24} --revision 0", "'--revision'"),
    ),
    *_of(
        "rules",
        ("sign", "sign"),
        ("validate nowhere.json", "there is no rules file"),
        ("diff", "rules diff needs"),
        ("diff packaged nowhere.json", "there is no rules file", 2),
        ("dry-run", "name one candidate"),
        ("dry-run nowhere.json --in bidmc", "there is no rules file"),
        ("dry-run packaged", "name a recording"),
        (f"dry-run packaged --in {HERE}/nowhere", "there is no file or folder"),
        (f"shadow packaged --in {HERE}/nowhere", "there is no file or folder"),
        ("calibrate", "--budget"),
        (f"calibrate {RECORDED} --budget 0", "--budget"),
        (f"calibrate {RECORDED} --budget 0.5 --out {HERE}", "is_a_folder"),
        (f"calibrate {HERE}/nowhere --budget 0.5", "no_folder"),
        ("enact packaged", "--signature"),
        ("enact packaged --signature nowhere.sig", "there is no signature file"),
    ),
    *_of(
        "learn",
        (f"{RECORDED} --head cancer --out {HERE}/w.json", "known: sepsis"),
        (f"{RECORDED} --head death --out {HERE}", "is_a_folder"),
        (f"{RECORDED} --head death --out {HERE}/w.json --into packaged", "--into needs"),
        (f"{RECORDED} --head death --out {HERE}/w.json --seed -1", "'--seed'"),
        (f"{RECORDED} --head death --out {HERE}/w.json --workers 0", "'--workers'"),
        (f"{HERE}/nowhere --head death --out {HERE}/w.json", "no_folder"),
        (f"{HERE}/bare --head death --out {HERE}/w.json", "no_vitals"),
    ),
    *_of(
        "replay",
        (f"{HERE}/nowhere", "there is no file or folder"),
        (f"{HERE}/empty", "there is no reading in it"),
        (f"{HERE}/bare", "no_vitals"),
        (f"{RECORDED} --patient p001", "are for a log"),
        (f"{RECORDED} --partitions 0", "'--partitions'"),
        ("", "--from-kafka"),
        ("--from-kafka --since yesterday", "yesterday"),
    ),
    *_of(
        "check",
        (f"{HERE}/nowhere", "No such file"),
        (f"{HERE}/bare", "no_vitals"),
        (f"{RECORDED} --report {HERE}", "is_a_folder"),
        (f"{HERE}/empty --site-zone Mars", "no zone"),
        (f"{HERE}/empty --mapping nowhere.toml", "nowhere.toml"),
        (f"{HERE}/empty --format morse", "'--format'"),
    ),
    *_of("score", (f"{HERE}/nowhere", "nowhere")),
    *_of(
        "record",
        (f"{HERE}/empty", "--force"),
        (f"{HERE}/nowhere/night.log", "there is no folder"),
        (f"{HERE}/night.log --since yesterday", "yesterday"),
        (f"{HERE}/night.log --since 1h --until 2h", "--since lies after --until"),
    ),
    *_of(
        "convert",
        (f"{HERE}/nowhere", "nowhere"),
        (f"{HERE}/empty", "there is no message in it"),
        (f"{HERE}/empty --site-zone Mars", "no zone"),
        (f"{HERE}/empty --mapping nowhere.toml", "nowhere.toml"),
        (f"{HERE}/empty --format morse", "'--format'"),
        (f"{HERE}/empty --patients {HERE}", "is_a_folder"),
    ),
)


def made_for_mistakes(folder, patients=40, hours=12):
    """What the mistakes are made with."""
    for name in ("recorded", "bare", "wrong"):
        (folder / name).mkdir()
    made(folder / "recorded", patients, hours)
    (folder / "wrong" / "vitals.csv").write_text("patient_id,time_s,signal,value,unit\np,0,HR,80,\n")
    (folder / "empty").touch()


def told(mistake, folder, *options, **environment):
    """How the process ended that made this mistake; `options` are the interpreter's."""
    words = [word.replace(HERE, str(folder)) for word in mistake.words]
    program = (PROGRAM[0], *options, *PROGRAM[1:])
    return subprocess.run([*program, *words], capture_output=True, text=True, env={**os.environ, **environment})


def main():
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--turns", type=int, default=3)
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made_for_mistakes(folder)
        found = []
        for mistake in MISTAKES:
            compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
            plain = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": str(folder / "nothing")}
            told(mistake, folder, **compiled)
            row = [_took(mistake, folder, asked.turns, compiled), _took(mistake, folder, 1, plain)]
            found.append((row, " ".join(mistake.words).replace(HERE, ".")))
    print("compiled: CPU  wall    plain: CPU  wall")
    for ((cpu, wall), (plain_cpu, plain_wall)), text in sorted(found, reverse=True):
        print(f"         {cpu:5.2f} {wall:5.2f}        {plain_cpu:5.2f} {plain_wall:5.2f}   {text}")


def _took(mistake, folder, turns, environment):
    """The least CPU and wall seconds of so many runs."""
    seen = []
    for _ in range(turns):
        before, begin = getrusage(RUSAGE_CHILDREN), time.monotonic()
        ended = told(mistake, folder, **environment)
        after, wall = getrusage(RUSAGE_CHILDREN), time.monotonic() - begin
        assert ended.returncode == mistake.exit_code, (mistake, ended.stderr)
        assert mistake.says in ended.stderr, (mistake, ended.stderr)
        seen.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall))
    return min(seen)


if __name__ == "__main__":
    main()
