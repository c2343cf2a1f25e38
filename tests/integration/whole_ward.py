"""Every process over one made-up ward, and a Prometheus that scrapes them all: two workers, board, gateway, notifier,
canary.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from deploy.kafka.properties import HOST, free_ports
from schemas.action import Step
from schemas.times import to_text
from streams.config.topics import Topic
from tests.browser.made import now
from tests.integration.gates import GateProcess, Mllp
from tests.integration.prometheus import Prometheus
from tests.integration.staging import COMMAND, STARTS_WITHIN_S, Stage, WorkerProcess, until
from tests.integration.test_notifier import Receiver
from tests.streams.board.conftest import BoardProcess
from tests.streams.formats.making import SPO2, message

UNITS = {"resp_rate": "/min", "spo2": "%", "systolic_bp": "mm[Hg]", "pulse_rate": "/min", "temperature": "Cel"}
ILL = {"resp_rate": 28, "spo2": 88, "systolic_bp": 92, "pulse_rate": 126, "temperature": 38.9}
UNREADABLE = message(SPO2).replace(b"|2.6|", b"|3.0|")
JOBS = ("vigilward", "vigilward-board", "vigilward-gateway", "vigilward-notify", "vigilward-canary")


def command(*words: str) -> tuple[str, ...]:
    """A command of ours in a process of its own."""
    return (*COMMAND[:-1], *words)


class WholeWard:
    """Twelve simulated patients watched by two workers; `nudge` adds a patient who is ill and HL7 v2 messages."""

    def __init__(self, stage: Stage, folder: Path, canary_every_s: float = 3, **settings: Any) -> None:
        self.stage, self.folder, self.settings, self.every_s = stage, folder, settings, canary_every_s
        self.processes: dict[str, WorkerProcess] = {}
        self.ill = 0

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *problem: object) -> None:
        self._stack.close()

    def _start(self, stack: ExitStack) -> None:
        worker = stack.enter_context(self.stage.worker(self.folder / "worker", **self.settings))
        self.processes["worker"] = worker.ready()
        ward = command("simulate", "--patients", "12", "--rate", "1")
        stack.enter_context(self.stage.worker(self.folder / "simulate", *ward, **self.settings))
        self.receiver = Receiver()
        self.receiver.honest = True
        stack.callback(self.receiver.server.server_close)
        stack.callback(self.receiver.server.shutdown)
        notify = {"notify_routes": self._routes(), "notify_port": 0, **self.settings}
        canary = command("canary", "--every", str(self.every_s))
        self.gate = stack.enter_context(GateProcess(self.stage, self.folder / "gateway", "hl7v2"))
        self.processes |= {
            "gateway": self.gate,
            "notifier": stack.enter_context(self.stage.worker(self.folder / "n", *command("notify"), **notify)),
            "canary": stack.enter_context(self.stage.worker(self.folder / "canary", *canary, **self.settings)),
        }
        self.board = self._board(stack)
        self.mllp = stack.enter_context(Mllp(self.gate.door))
        self.prometheus = stack.enter_context(Prometheus(self.folder, self._targets()))

    def _board(self, stack: ExitStack) -> BoardProcess:
        board = BoardProcess(self.stage.settings, topic="x")
        more = {f"VIGILWARD_{name.upper()}": str(value) for name, value in self.settings.items()}
        named = ("VIGILWARD_TOPIC_PREFIX", "VIGILWARD_GROUP", "VIGILWARD_CONTROL_RECORD_KEY")
        board.environment |= {name: self.stage.environment[name] for name in named} | more
        board.environment.pop("VIGILWARD_BOARD_TOPIC")
        board.log = self.folder / "board.log"
        stack.callback(board.kill)
        return board.start()

    def _routes(self) -> Path:
        key, path = self.folder / "key", self.folder / "routes.toml"
        key.write_bytes(b"sixteen bytes ok")
        to = f'channel = "webhook"\nurl = "{self.receiver.url}"\nkey_id = "k"\nkey_file = "{key}"\n'
        people = "".join(f'[[recipient]]\nname = "{step}"\nrole = "{step}"\n{to}' for step in Step)
        path.write_text(f'[[recipient]]\nname = "machine"\naudience = "machine"\n{to}{people}')
        return path

    def _targets(self) -> dict[str, str | list[str]]:
        at = {name: f"{HOST}:{process.port()}" for name, process in self.processes.items()}
        (self.second_port,) = free_ports(1)
        addresses = (
            [at["worker"], f"{HOST}:{self.second_port}"],
            self.board.address.removeprefix("http://").rstrip("/"),
        )
        return dict(zip(JOBS, (*addresses, at["gateway"], at["notifier"], at["canary"]), strict=True))

    def nudge(self, ill: bool = True) -> None:
        """One message through the gateway, one that it refuses, and the readings of one more patient who is ill."""
        self.mllp.send(message(SPO2), UNREADABLE)
        assert all(self.mllp.answer() for _ in range(2))
        if ill:
            self.ill += 1
            vitals = {vital: {"value": value, "unit": UNITS[vital]} for vital, value in ILL.items()}
            about = {"patient_id": f"p-ill-{self.ill}", "device_id": "rounds", "source": "spot", "mode": "demo"}
            reading = {**about, "taken_at": to_text(now()), "vitals": vitals}
            self.stage.publish(Topic.READINGS, [(about["patient_id"].encode(), json.dumps(reading).encode())])

    def scraped(self) -> None:
        """Waits until Prometheus has every process; the second worker joins under its eyes: partitions are redealt."""
        until(lambda: len(self.prometheus.values("up == 1")) == len(JOBS), self.fates, STARTS_WITHIN_S)
        joins = self.stage.worker(self.folder / "worker 2", http_port=self.second_port, **self.settings)
        self.processes["worker 2"] = self._stack.enter_context(joins)
        until(lambda: len(self.prometheus.values("up == 1")) == len(JOBS) + 1, self.fates, STARTS_WITHIN_S)

    def series(self, job: str) -> list[dict[str, str]]:
        """Every series of a job, by its labels."""
        return self.prometheus.ask("series", **{"match[]": f'{{job="{job}"}}'})

    def fates(self) -> str:
        """What to say when waiting was in vain."""
        return "\n".join(f"{name}: {one.fate()[-500:]}" for name, one in self.processes.items())

    def answers(self, expressions: list[str], within_s: float = 90) -> dict[str, list[dict[str, str]]]:
        """What each expression gave at the first moment when it gave numbers: the labels of its series."""
        found: dict[str, list[dict[str, str]]] = {}

        def asked() -> Iterator[str]:
            for expression in expressions:
                if expression not in found and (labels := self.prometheus.labels(expression)):
                    found[expression] = labels
                if expression not in found:
                    yield expression

        def looked() -> bool:
            self.nudge(ill=self.ill < 8)
            return not list(asked())

        try:
            until(looked, within_s=within_s)
        except AssertionError:
            print(f"without an answer: {list(asked())}", file=sys.stderr)
        return found
