"""What two processes are worth to the lab: `python -m tests.bench.lab_speed --patients 40 --hours 12`.

A made-up folder (a value a minute of five vitals, a pressure each quarter of an hour, one patient in eight gets worse),
evaluated by the command itself with one and with two processes, in turn. Whole processes, wall and CPU seconds; the
figures must be the same. All modules are compiled beforehand, as an installed program's are.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

USUAL = {
    "HR": (78, 4, "bpm"),
    "RR": (16, 1.5, "1/min"),
    "SPO2": (97, 1, "%"),
    "PULSE": (78, 4, "bpm"),
    "TEMP": (36.9, 0.1, "Cel"),
}
SICK = {"HR": 45, "RR": 14, "SPO2": -9, "PULSE": 45, "TEMP": 2}
PROGRAM = (sys.executable, "-c", "from streams.commands import main; main()", "evaluate")


def made(folder, patients, hours, seed=0):
    """Vitals and labels of so many patients, in `folder`."""
    chance = np.random.default_rng(seed)
    minutes = np.arange(hours * 60) * 60.0
    rows = {"patient_id": [], "time_s": [], "signal": [], "value": [], "unit": []}
    labels = {"patient_id": [], "label": [], "value": [], "time_s": []}

    def told(patient, times, signal, values, unit):
        rows["patient_id"] += [patient] * len(times)
        rows["time_s"] += list(times)
        rows["signal"] += [signal] * len(times)
        rows["value"] += list(np.round(values, 1))
        rows["unit"] += [unit] * len(times)

    for number in range(patients):
        patient, sick = f"p{number:03}", number % 8 == 0
        worse = np.clip((minutes / 3600 - hours * 0.6) / 3, 0, 1) if sick else np.zeros(len(minutes))
        for signal, (mean, spread, unit) in USUAL.items():
            values = mean + chance.normal(0, spread, len(minutes)) + SICK[signal] * worse
            told(patient, minutes, signal, np.minimum(values, 100) if signal == "SPO2" else values, unit)
        for signal, mean in (("NISBP", 124), ("NIDBP", 76)):
            told(
                patient,
                minutes[::15],
                signal,
                mean + chance.normal(0, 4, len(minutes[::15])) - 25 * worse[::15],
                "mmHg",
            )
        labels["patient_id"].append(patient)
        labels["label"].append("in_hospital_death")
        labels["value"].append(float(sick))
        labels["time_s"].append(None)
        if sick:
            labels["patient_id"].append(patient)
            labels["label"].append("death_time")
            labels["value"].append(1.0)
            labels["time_s"].append(float(hours * 3600))
    parquet.write_table(pa.table(rows), folder / "vitals.parquet")
    parquet.write_table(pa.table(labels), folder / "labels.parquet")


def evaluated(folder, workers):
    """Wall and CPU seconds of one run, and what it said."""
    before, begin = getrusage(RUSAGE_CHILDREN), time.monotonic()
    words = (*PROGRAM, str(folder / "recorded"), "--json", "--workers", str(workers))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
    ended = subprocess.run(words, capture_output=True, check=True, env=environment)
    wall, after = time.monotonic() - begin, getrusage(RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, ended.stdout


def main():
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--patients", type=int, default=40)
    words.add_argument("--hours", type=int, default=12)
    words.add_argument("--turns", type=int, default=3)
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        recorded = Path(folder) / "recorded"
        recorded.mkdir()
        made(recorded, asked.patients, asked.hours)
        seen = {1: [], 2: []}
        said = {evaluated(Path(folder), 2)[2]}  # compiles
        for _ in range(asked.turns):
            for workers, runs in seen.items():
                wall, cpu, text = evaluated(Path(folder), workers)
                runs.append((wall, cpu))
                said.add(text)
    best = {workers: min(runs) for workers, runs in seen.items()}
    print(
        json.dumps(
            {
                "patient_days": asked.patients * asked.hours / 24,
                "one_s": [round(best[1][0], 2), round(best[1][1], 2)],
                "two_s": [round(best[2][0], 2), round(best[2][1], 2)],
                "two_of_one": round(best[2][0] / best[1][0], 3),
                "same_figures": len(said) == 1,
            }
        )
    )


if __name__ == "__main__":
    main()
