"""An installation as a user would have it: a real broker, the README's commands, default settings, no more."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from deploy.kafka.broker import Cluster
from deploy.kafka.false_clock import FalseClock
from deploy.kafka.properties import HOST, free_ports
from streams.config.settings import Settings
from tests.field.listening import Page
from tests.field.proxy import Proxy
from tests.integration.staging import ROOT, Stage, WorkerProcess, until
from tests.streams.board.conftest import BoardProcess

VIGILWARD = (sys.executable, "-c", "from streams.commands import main; main()")
SECRET = "a long secret of the field"


class Field:
    """What a case is given: a folder, and makers for everything in it. All that it started ends with it."""

    def __init__(self, folder: Path, say: Callable[[str], None] = print, **settings: Any) -> None:
        """`settings`: what is not as by default; a case of a promise has none but the address, the secret, the mode."""
        self.folder, self.say = folder, say
        self.given = settings
        self._stack = contextlib.ExitStack()
        self.cluster: Cluster | None = None

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def broker(self, brokers: int = 1, **properties: str) -> Cluster:
        """A real Kafka; `properties` with underscores for dots."""
        named = {name.replace("_", "."): value for name, value in properties.items()}
        self.cluster = self._stack.enter_context(Cluster(self.folder / "kafka", brokers, settings=named, heap_mb=256))
        return self.cluster

    def broker_with_a_clock(self) -> FalseClock:
        """A real Kafka whose wall clock is set at will."""
        clock = FalseClock(self.folder / "clock")
        self.cluster = self._stack.enter_context(Cluster(self.folder / "kafka", heap_mb=256, clock=clock))
        return clock

    def broker_behind_a_proxy(self) -> Proxy:
        """A broker with a second way in, which can be cut; whoever takes it has its address from `proxy.port`."""
        port, controller, behind, front = free_ports(4)
        folder = self.folder / "kafka"
        folder.mkdir(parents=True)
        nodes = [{"id": 1, "port": port, "controller_port": controller}]
        (folder / "cluster.json").write_text(json.dumps({"cluster_id": "FieldOfOneBroker000000", "nodes": nodes}))
        self.broker(
            listeners=f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller},CUT://{HOST}:{behind}",
            advertised_listeners=f"PLAINTEXT://{HOST}:{port},CUT://{HOST}:{front}",
            listener_security_protocol_map="CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,CUT:PLAINTEXT",
        )
        return self._stack.enter_context(Proxy(front, behind))

    @property
    def environment(self) -> dict[str, str]:
        """What the README exports, and nothing of this machine's own."""
        assert self.cluster is not None
        clean = {name: value for name, value in os.environ.items() if not name.startswith("VIGILWARD_")}
        named = {f"VIGILWARD_{name.upper()}": str(value) for name, value in self.given.items()}
        own = {"VIGILWARD_BOOTSTRAP_SERVERS": self.cluster.bootstrap, "VIGILWARD_CONTROL_RECORD_KEY": SECRET}
        return clean | own | {"VIGILWARD_HTTP_PORT": str(free_ports(1)[0])} | named

    @property
    def settings(self) -> Settings:
        """The same, as settings."""
        ours = {name.removeprefix("VIGILWARD_").lower(): value for name, value in self.environment.items()
                if name.startswith("VIGILWARD_")}  # fmt: skip
        return Settings(**ours)

    @property
    def stage(self) -> Stage:
        """For reading and publishing."""
        stage = Stage.__new__(Stage)
        stage.environment = {name: one for name, one in self.environment.items() if name.startswith("VIGILWARD_")}
        stage.settings = self.settings
        return stage

    def command(self, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """A command of ours, to its end."""
        return subprocess.run(
            [*VIGILWARD, *words], env=self.environment | more, cwd=ROOT, capture_output=True, text=True, check=False,
            timeout=120,
        )  # fmt: skip

    def doctor(self, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """`vigilward doctor`."""
        return self.command("doctor", *words, **more)

    def findings(self) -> list[str]:
        """The codes that `doctor` finds."""
        lines = [json.loads(line) for line in self.doctor("--json").stdout.splitlines()]
        return [line["finding"] for line in lines if "finding" in line]

    def worker(self, name: str = "worker", **settings: Any) -> WorkerProcess:
        """`vigilward worker`."""
        more = {f"VIGILWARD_{key.upper()}": str(value) for key, value in settings.items()}
        environment = {key: one for key, one in self.environment.items() if key.startswith("VIGILWARD_")}
        return self._stack.enter_context(WorkerProcess(self.folder / name, environment | more, (*VIGILWARD, "worker")))

    def board(self, **settings: Any) -> Page:
        """`vigilward board`, and a page that listens to it."""
        page = Page(self.board_process(**settings))
        self._stack.callback(setattr, page, "over", True)
        return page

    def board_process(self, **settings: Any) -> BoardProcess:
        """`vigilward board`; what it logs stands in its `log`."""
        process = BoardProcess(self.settings)
        environment = {key: one for key, one in self.environment.items() if not key.startswith("VIGILWARD_HTTP")}
        more = {f"VIGILWARD_BOARD_{key.upper()}": str(value) for key, value in settings.items()}
        process.environment = environment | {"VIGILWARD_BOARD_PORT": "0"} | more
        self._stack.callback(process.kill)
        process.log = self.folder / f"board-{len(list(self.folder.glob('board-*')))}.log"
        return process.start()

    def simulate(self, patients: int = 60, *words: str) -> "subprocess.Popen[bytes]":
        """`vigilward simulate`, until it is ended."""
        with (self.folder / "simulate.log").open("ab") as log:
            process = subprocess.Popen(
                [*VIGILWARD, "simulate", "--patients", str(patients), *words], env=self.environment, cwd=ROOT,
                stdout=log, stderr=log,
            )  # fmt: skip
        self._stack.callback(end, process)
        return process

    def watched(self, patients: int = 60, workers: int = 1, **settings: Any) -> tuple[Page, list[WorkerProcess]]:
        """The README's steps in their order, up to a board on which nothing is wrong. `settings`: of the workers."""
        if self.cluster is None:
            self.broker()
        assert self.doctor("--fix").returncode in (0, 1)
        crew = [self.worker(f"worker-{number}", **settings) for number in range(workers)]
        self.simulate(patients)
        for one in crew:
            one.ready()
        page = self.board()
        until(lambda: len(page.beds) >= patients, within_s=60)
        assert page.quiet(time.monotonic(), 60) is not None, page.words[-1:]
        return page, crew


def end(process: "subprocess.Popen[bytes]") -> None:
    """SIGTERM, and SIGKILL where that is not heard."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
