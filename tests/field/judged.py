"""A ward that goes on while something breaks, and the oracle's word at the end: nothing lost, nothing retold."""

import signal
import time
from collections.abc import Iterator

from streams.config.packaged_rules import first_rules
from tests.chaos.checker import check
from tests.chaos.history import read_history
from tests.chaos.patients import Patients
from tests.chaos.run import keep_everything
from tests.field.claims import Claim, equal, none, within
from tests.field.installation import Field
from tests.field.listening import Page
from tests.integration.staging import Stage, WorkerProcess

TOLD_S = 6.0
QUIET_S = 60.0
SHOWS_S = 8.0
CATCH_UP_S = 120.0


class Ward:
    """Two workers with default settings, a board with a page, and devices that never stop."""

    def __init__(self, field: Field, crew: list[WorkerProcess], seed: int = 1) -> None:
        assert field.cluster is not None
        self.field, self.crew = field, crew
        self.stage: Stage = field.stage
        keep_everything(field.cluster, self.stage)
        self.page: Page = field.board()
        self.patients = Patients(self.stage, seed, per_s=30.0)
        self.more = 0  # readings that others send, and Kafka has acknowledged

    @classmethod
    def of(cls, field: Field, workers: int = 2) -> "Ward":
        """After `doctor --fix`."""
        fixed = field.doctor("--fix")
        assert fixed.returncode in (0, 1), fixed.stdout + fixed.stderr
        return cls(field, [field.worker(f"worker-{number}").ready() for number in range(workers)])

    def __enter__(self) -> "Ward":
        self.patients.__enter__()
        assert self.page.quiet(time.monotonic(), 90) is not None, self.page.words[-1:]
        return self

    def __exit__(self, *_: object) -> None:
        self.patients.stop()

    def kill_all(self) -> None:
        """Every worker at once; `quiet` starts them anew."""
        for one in self.crew:
            one.process.kill()
        for one in self.crew:
            one.process.wait(10)

    def told(self, name: str, kind: str, within_s: float = TOLD_S) -> Claim:
        """The banner says so in time."""
        return within(f"{name}: told", self.page.first(kind, time.monotonic(), within_s + 20), within_s)

    def quiet(self, name: str, within_s: float = QUIET_S) -> Claim:
        """Nothing is wrong any more, once whoever ended by himself was started anew as a supervisor would."""
        began = time.monotonic()
        time.sleep(SHOWS_S)  # whatever the fault does would stand in the banner by now
        for number, one in enumerate(self.crew):
            if one.process.poll() is not None:
                self.crew[number] = self.field.worker(f"{one.log.parent.name}-again")
        return within(f"{name}: nothing is wrong any more", self.page.quiet(began, within_s), within_s)

    def verdict(self) -> Iterator[Claim]:
        """Stops the devices and the workers, and asks the oracle."""
        self.patients.stop()
        yield equal("every reading was acknowledged by Kafka", self.patients.failed, 0)
        self.stage.all_taken(lambda: "\n".join(one.fate()[-1_000:] for one in self.crew), CATCH_UP_S)
        yield equal(
            "the workers leave in good order", [one.stop(signal.SIGTERM) for one in self.crew], [0] * len(self.crew)
        )
        history = read_history(self.stage.settings, self.patients.delivered + self.more)
        verdict = check(history, self.stage.settings, first_rules())
        found = [f"{count} {wrong}, e.g. {verdict.examples[wrong]}" for wrong, count in verdict.found.items()]
        yield none("what the oracle finds wrong", found)
        yield Claim("there was something to lose", f"{verdict.counts['alerts']} alerts", "20 or more",
                    verdict.counts["alerts"] >= 20)  # fmt: skip
