"""Rounds at a small ward: patients who fall ill and get well, a worker that lives through some of it, and
commands.
"""

import os
import subprocess
import sys
import time

import msgspec

from schemas.times import to_text
from streams.config.topics import Topic
from tests.chaos.patients import ILL, UNITS, WELL
from tests.integration.staging import ROOT, Stage, until

PATIENTS = [f"p-{number}" for number in range(8)]
PROGRAM = (sys.executable, "-c", "from streams.commands import main; main()")


def small_ward(kafka, prefix):
    """Topics of a test's own, states that are saved at once, and a log that is never quiet for long."""
    return Stage(
        kafka.bootstrap, prefix, clock="arrival", mode="demo", partitions=2, snapshot_every_s=0.5,
        savepoint_every_s=1,
    ).make_topics()  # fmt: skip


def readings(first, count):
    """Rounds at patients who fall ill and get well again."""
    for number in range(first, first + count):
        patient = PATIENTS[number % len(PATIENTS)]
        ill = ILL if number % 24 > 11 else WELL
        vitals = {name: {"value": ill[name], "unit": UNITS[name]} for name in WELL}
        body = {
            "patient_id": patient, "device_id": "rounds", "source": "spot", "sequence": number, "mode": "demo",
            "taken_at": to_text(int(time.time() * 1_000)), "vitals": vitals,
        }  # fmt: skip
        yield patient.encode(), msgspec.json.encode(body)


def publish(stage, first, count):
    """Round by round: what arrives within one millisecond is one moment."""
    for start in range(first, first + count, len(PATIENTS)):
        stage.publish(Topic.READINGS, readings(start, min(len(PATIENTS), first + count - start)))
        time.sleep(0.1)


def taken(stage, worker):
    ends = stage.ends(Topic.READINGS)
    until(lambda: all(at >= ends[p] for p, at in stage.committed(Topic.READINGS).items()), worker.fate)


def lived(stage, folder, first, count):
    """A worker that takes some readings and leaves in good order."""
    with stage.worker(folder) as worker:
        worker.ready(partitions=2)
        publish(stage, first, count)
        taken(stage, worker)
        assert worker.stop() == 0, worker.fate()


def command(stage, *words, code=0):
    """A command of ours with the stage's settings; it must end with this code."""
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("VIGILWARD_")}
    environment = {**surroundings, **stage.environment}
    ended = subprocess.run([*PROGRAM, *words], cwd=ROOT, env=environment, capture_output=True, check=False)
    assert ended.returncode == code, ended.stderr.decode()
    return ended
