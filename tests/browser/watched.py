"""A small ward that a real worker watches on an embedded broker, with devices that never stop."""

import os
import signal
import threading
from typing import Any, Self

from schemas.reading import Mode
from schemas.times import to_text
from streams.config.settings import Clock, Settings
from streams.config.topics import TOPICS, Topic, partitions_of
from streams.demo.embedded import EmbeddedBroker
from streams.demo.process import WorkerProcess
from tests.browser.made import Ward, now
from tests.streams.board.conftest import BoardProcess

UNITS = {"heart_rate": (78, "/min"), "resp_rate": (16, "/min"), "spo2": (97, "%")}


class Watched:
    """Broker, worker, board, and beds A01 to A0n; as a context."""

    def __init__(self, beds: int = 4) -> None:
        named = Settings(partitions=2)
        self.broker = EmbeddedBroker({named.topic(topic): partitions_of(topic, named) for topic in TOPICS})
        self.patients = [f"w-{number:02d}" for number in range(1, beds + 1)]
        self._over = threading.Event()

    def __enter__(self) -> Self:
        self.broker.start()
        settings = Settings(
            bootstrap_servers=self.broker.bootstrap_servers, partitions=2, mode=Mode.DEMO, clock=Clock.EVENT
        )
        self.settings, self.ward = settings, Ward(settings)
        environment = {
            "VIGILWARD_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
            "VIGILWARD_PARTITIONS": "2",
            "VIGILWARD_CLOCK": "event",
            "VIGILWARD_STATE": "memory",
            "VIGILWARD_MODE": "demo",
            "VIGILWARD_CONTROL_RECORD_KEY": "a secret of the tests",
        }
        self.worker = WorkerProcess(environment)
        self.board = BoardProcess(settings, silent_after_s=4, send_within_s=2)
        self.board.environment["VIGILWARD_CLOCK"] = "event"
        for number, patient in enumerate(self.patients, 1):
            admitted = {"event": "admit", "patient_id": patient, "ward": "A", "bed": f"A{number:02d}", "mode": "demo"}
            self.ward.send(Topic.PATIENTS, patient, admitted)
        self.ward.flush()
        self.worker.start()
        self._devices = threading.Thread(target=self._measure, daemon=True)
        self._devices.start()
        self.board.start()
        return self

    def _measure(self) -> None:
        sequence = 0
        while not self._over.wait(0.25):
            sequence += 1
            for patient in self.patients:
                vitals = {name: {"value": value + sequence % 2, "unit": unit} for name, (value, unit) in UNITS.items()}
                self._tell(patient, sequence, vitals)
            self.ward.flush()

    def _tell(self, patient: str, sequence: int, vitals: dict[str, Any]) -> None:
        taken = {"taken_at": to_text(now()), "sequence": sequence, "mode": "demo", "vitals": vitals}
        self.ward.send(Topic.READINGS, patient, {"patient_id": patient, "device_id": f"m-{patient}", **taken})

    def kill_worker(self) -> None:
        """As `kill -9` does."""
        os.kill(self.worker.pid, signal.SIGKILL)
        self.worker.stop()  # it is gone: this only waits for it

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._devices.join(10)
        self.board.kill()
        self.worker.stop()
        self.broker.stop()
