"""Three times the sustainable load for two minutes, then one patient at 1,000 readings a second: nothing is lost.

What a worker sustains is what the sizing guide plans with: half of what it carries flat out, measured here first. A
worker that is too fast for one machine to send three times as much is slowed by stopping it for a part of each fifth of
a second. At the end the checker holds every alert, status and state against a replay of the log.
"""

import json
import math
import signal
import threading
import time
from collections.abc import Iterator

from schemas.times import to_text
from streams.config.packaged_rules import first_rules
from streams.config.topics import Topic
from streams.tools.size import BUSY
from tests.chaos.checker import check
from tests.chaos.history import read_history
from tests.chaos.run import keep_everything
from tests.field.cases.made_up_ids import UNITS, WELL, Flood, Ward, bounded
from tests.field.claims import Claim, equal, none, within
from tests.field.installation import Field
from tests.integration.staging import Stage, WorkerProcess, until

TIMES, LASTS_S, BACK_WITHIN = 3, 120.0, 2.0
PATIENTS, ILL = 400, 60
FLAT_OUT_S, CALM_S, EACH_S = 20.0, 20.0, 0.2
FLOOD_A_SECOND, ENOUGH_A_SECOND = 15_000, 4_000
FAST_A_SECOND, FAST_S, LATE_S = 1_000, 60.0, 1.0
CATCH_UP_S = 900


def run(field: Field) -> Iterator[Claim]:
    """Flat out, calm, three times the calm, calm again; then the fast patient, with the worker unslowed."""
    cluster = field.broker()
    assert field.doctor("--fix").returncode in (0, 1)
    keep_everything(cluster, field.stage)
    worker = field.worker().ready()
    stage = field.stage
    flat, share = flat_out(stage, worker), 1.0
    if flat > 1.25 * ENOUGH_A_SECOND:
        share = ENOUGH_A_SECOND / flat
    with Slowed(worker, share):
        flat = flat_out(stage, worker) if share < 1 else flat
        sustained = BUSY * flat
        print(f"  sustainable: {sustained:.0f} readings/s ({BUSY:g} of flat out), slowed to {share:.2f}", flush=True)
        with Ward(stage, "ill", ILL) as ward, Flood(stage, sustained, monitors) as calm:
            time.sleep(CALM_S)
            yield within("calm: behind", behind_s(worker), 2.0)
            with Flood(stage, (TIMES - 1) * sustained, more_monitors) as flood:
                turning = threading.Thread(target=ward.turn_ill)
                began = time.monotonic()
                turning.start()
                most = 0.0
                while time.monotonic() < began + LASTS_S:
                    most = max(most, behind_s(worker))
                    time.sleep(1)
                sent, lasted = flood.stop(), time.monotonic() - began
            turning.join()
            print(f"  {TIMES} x for {lasted:.0f} s, {sent} records more; at most {most:.0f} s behind", flush=True)
            ended = time.monotonic()
            until(lambda: behind_s(worker) < 1.0, worker.fate, CATCH_UP_S)
            yield within(
                "lag back to zero while the calm load goes on", time.monotonic() - ended, BACK_WITHIN * LASTS_S
            )
            calm.stop()
        shed = {topic: worker.metric("vigilward_records_shed_total", f'"{topic}"') for topic in Topic}
        print("  shed: " + (", ".join(f"{count:.0f} {topic}" for topic, count in shed.items() if count) or "nothing"))
        yield none("alerts shed", range(int(shed[Topic.ALERTS])))
        yield bounded("overload", worker)
    yield equal("the worker goes on", worker.process.poll(), None)
    yield from fast_patient(stage, worker)
    until(lambda: behind_s(worker) < 1.0, worker.fate, CATCH_UP_S)
    time.sleep(5)
    yield equal("the worker ends in good order", worker.stop(), 0)
    verdict = check(read_history(stage.settings), stage.settings, first_rules())
    print(f"  {verdict.counts}", flush=True)
    yield none("differences from a replay of the log", verdict.examples.values())
    called = {json.loads(one.value())["patient_id"] for one in stage.read(Topic.ALERTS)}
    yield none("ill patients who were not called for", set(ward.ids) - called)


def fast_patient(stage: Stage, worker: WorkerProcess) -> Iterator[Claim]:
    """One patient's monitor sends 1,000 readings a second; the calls of the others are not late."""
    with Ward(stage, "beside", ILL) as ward, Flood(stage, FAST_A_SECOND, one_fast) as flood:
        began = time.monotonic()
        rounds = ward.turn_ill()
        time.sleep(max(0.0, began + FAST_S - time.monotonic()))
        yield within("one patient at 1,000 readings a second: behind", behind_s(worker), 2.0)
        yield equal("readings of the one sent", flood.stop() >= 0.9 * FAST_A_SECOND * FAST_S, True)
        yield from ward.called("one patient at 1,000 readings a second", rounds)
    yield bounded("one patient at 1,000 readings a second", worker)


class Slowed(threading.Thread):
    """A worker that runs for a share of the time only; 1: it is left alone."""

    def __init__(self, worker: WorkerProcess, share: float) -> None:
        super().__init__(daemon=True)
        self.worker, self.share, self.over = worker, share, threading.Event()

    def __enter__(self) -> None:
        self.start()

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.join()

    def run(self) -> None:
        """Stops it and lets it go on, until it is over."""
        while self.share < 1 and not self.over.wait(EACH_S * self.share):
            self.worker.process.send_signal(signal.SIGSTOP)
            time.sleep(EACH_S * (1 - self.share))
            self.worker.process.send_signal(signal.SIGCONT)


def behind_s(worker: WorkerProcess) -> float:
    """Of the partition that is farthest behind; without end where the worker does not say so."""
    lines = worker.get("/metrics")[1].splitlines()
    said = [float(one.rsplit(" ", 1)[1]) for one in lines if one.startswith("vigilward_partition_lag_seconds{")]
    return max(said, default=math.inf)


def flat_out(stage: Stage, worker: WorkerProcess) -> float:
    """Readings a second with a log that is always ahead; what was sent, where it never was."""

    def taken() -> float:
        return worker.metric("vigilward_records_total", '"readable"')

    with Flood(stage, FLOOD_A_SECOND, monitors) as flood:
        time.sleep(FLAT_OUT_S / 2)
        before, began = taken(), time.monotonic()
        time.sleep(FLAT_OUT_S / 2)
        behind, after, lasted = behind_s(worker), taken(), time.monotonic() - began
        flood.stop()
    print(f"  flat out: {(after - before) / lasted:.0f} readings/s, {behind:.1f} s behind", flush=True)
    until(lambda: behind_s(worker) < 1.0, worker.fate, CATCH_UP_S)
    return (after - before) / lasted


def monitors(number: int) -> tuple[bytes, bytes]:
    """A reading of one of the patients, in turn."""
    return reading(f"m-{number % PATIENTS:04d}", number)


def more_monitors(number: int) -> tuple[bytes, bytes]:
    """The same of as many others."""
    return reading(f"n-{number % PATIENTS:04d}", number)


def one_fast(number: int) -> tuple[bytes, bytes]:
    """The next reading of the one patient."""
    return reading("fast", number)


def reading(patient: str, number: int) -> tuple[bytes, bytes]:
    """A monitor's reading; the sequence is the moment, so that each flood goes on where another ended."""
    noise = number * 7 % 5 / 10
    vitals = {name: {"value": round(value + noise, 1), "unit": UNITS[name]} for name, value in WELL.items()}
    about = {"patient_id": patient, "device_id": f"of-{patient}", "source": "monitor", "mode": "demo"}
    at = time.time_ns()
    body = {**about, "sequence": at // 1_000, "taken_at": to_text(at // 1_000_000), "vitals": vitals}
    return patient.encode(), json.dumps(body).encode()
