"""A broker's clock that jumps blinds nobody: default settings, a real broker, its wall clock set at will."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.kafka.broker import Cluster
from deploy.kafka.false_clock import FalseClock
from streams.config.topics import Topic
from tests.field.installation import Field
from tests.integration.staging import WorkerProcess, until

pytestmark = pytest.mark.needs("java", "javac", "maven")

HOUR_S = 3_600
DYING = ("p-0", "p-1", "p-2", "p-3")
WELL, CHARTED = "p-4", "p-5"
ILL = {"heart_rate": (135, "/min"), "spo2": (83, "%"), "resp_rate": (31, "/min")}
FINE = {"heart_rate": (80, "/min"), "spo2": (97, "%"), "resp_rate": (16, "/min")}
CALLED_WITHIN_S = 100.0


class Ward:
    """Six patients, a reading each a second; four of them are dying."""

    def __init__(self, field: Field) -> None:
        self._stage, self._sequence, self._over = field.stage, 0, threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self.began = time.time()
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def chart(self, patient: str, **vitals: tuple[float, str]) -> None:
        self._publish([self._reading(patient, "chart", "spot", vitals)])

    def alerts(self, kind: str) -> dict[str, float]:
        """Who has an alert of a kind, and by what moment it was raised, in seconds since the ward began."""
        found = [json.loads(message.value()) for message in self._stage.read(Topic.ALERTS)]
        return {
            one["patient_id"]: datetime.fromisoformat(one["at"]).timestamp() - self.began
            for one in found
            if one["kind"] == kind and one["state"] == "raised"
        }

    def _send(self) -> None:
        while not self._over.wait(1.0):
            self._sequence += 1
            self._publish(
                [self._reading(one, f"m-{one}", "monitor", ILL) for one in DYING]
                + [self._reading(one, f"m-{one}", "monitor", FINE) for one in (WELL, CHARTED)]
            )

    def _publish(self, readings: list[tuple[bytes, bytes]]) -> None:
        self._stage.publish(Topic.READINGS, readings)

    def _reading(
        self, patient: str, device: str, source: str, vitals: dict[str, tuple[float, str]]
    ) -> tuple[bytes, bytes]:
        body = {
            "patient_id": patient, "device_id": device, "source": source, "mode": "demo", "sequence": self._sequence,
            "taken_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "vitals": {name: {"value": value, "unit": unit} for name, (value, unit) in vitals.items()},
        }  # fmt: skip
        return patient.encode(), json.dumps(body).encode()


@pytest.fixture
def clock(tmp_path: Path) -> FalseClock:
    return FalseClock(tmp_path / "clock")


@pytest.fixture
def field(tmp_path: Path, clock: FalseClock) -> Iterator[Field]:
    with Cluster(tmp_path / "kafka", clock=clock) as cluster, Field(tmp_path, mode="demo") as field:
        field.cluster = cluster
        assert field.doctor("--fix").returncode in (0, 1)
        yield field


@pytest.fixture
def worker(field: Field) -> WorkerProcess:
    return field.worker().ready()


def play(field: Field, clock: FalseClock, jump_s: float | None) -> Ward:
    """Ten seconds that are right, an hour ahead for so long (for good where it is None), then a charted round."""
    ward = Ward(field)
    time.sleep(10)
    clock.set(HOUR_S)
    if jump_s is not None:
        time.sleep(jump_s)
        clock.set(0)
    time.sleep(10)
    ward.chart(CHARTED, resp_rate=(35, "/min"), spo2=(80, "%"))
    return ward


@pytest.mark.parametrize("jump_s", [3.0, None], ids=["for three seconds", "for good"])
def test_an_hour_ahead_keeps_nobody_from_being_called(field: Field, clock: FalseClock, worker: WorkerProcess, jump_s):
    """Before stream time had witnesses, three seconds of it kept all five uncalled for the hour, at ready and live."""
    ward = play(field, clock, jump_s)
    everybody = {*DYING, CHARTED}
    try:
        until(lambda: ward.alerts("physiological").keys() >= everybody, worker.fate, within_s=CALLED_WITHIN_S)
        found = ward.alerts("physiological")
    finally:
        ward.end()

    assert found.keys() == everybody and max(found.values()) < CALLED_WITHIN_S, "at the right time, not an hour ahead"
    assert ward.alerts("technical") == {}
    assert worker.get("/readyz")[0] == 200, worker.get("/readyz")[1]
    assert any("stream time leaves the step out" in event for event in worker.events())
