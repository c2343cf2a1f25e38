"""The README's steps work as written; a worker of another mode is refused at its start, or says that it refuses all."""

import time
from collections.abc import Iterator

from streams.config.topics import Topic
from tests.field.claims import Claim, equal, none, within
from tests.field.installation import Field
from tests.integration.staging import until

IN_CI = True
SETTINGS = {"mode": "demo"}
SAID_S = 45.0


def run(field: Field) -> Iterator[Claim]:
    """`doctor --fix`, two workers, `simulate`, as a new user types them; then everything that can be mistaken."""
    field.broker()
    mistyped = field.doctor(VIGILWARD_MOD="demo")
    yield equal("a mistyped variable is refused", mistyped.returncode, 2)
    yield equal("with the right one", "did you mean VIGILWARD_MODE?" in mistyped.stderr, True)

    yield equal("`doctor --fix` says sound", field.doctor("--fix").stdout.splitlines()[-1:], ["sound"])
    real = field.worker("of-mode-real", mode="real").ready()
    refused = field.command("simulate", "--patients", "8", "--for", "5s")
    yield equal("`simulate` refuses where workers watch real patients", refused.returncode, 2)
    yield equal("and says what to do", "VIGILWARD_MODE=demo" in refused.stderr, True)
    page = field.board()
    said = page.until(lambda word: "another_mode" in str(word.said["troubles"]), time.monotonic(), SAID_S)
    yield within("the board says that its workers watch another mode", said, SAID_S)
    yield equal("`doctor` says so", "watch_not_ready" in field.findings(), True)
    field.stage.publish(Topic.READINGS, [(b"p-%d" % n, READING % (n, n)) for n in range(40)])
    until(lambda: "refuses" in real.get("/readyz")[1], real.fate)
    yield equal("a worker that refuses everything is not ready", real.get("/readyz")[0], 503)
    yield equal("its log says why", any("wrong_mode" in event for event in real.events()), True)
    yield equal("it stops in good order", real.stop(), 0)

    crew = [field.worker(f"worker-{number}") for number in range(2)]
    field.simulate(24)
    for one in crew:
        one.ready()
    yield within("the right mode: nothing is wrong any more", page.quiet(time.monotonic(), 60), 60.0)
    until(lambda: len(page.beds) >= 24, within_s=60)
    time.sleep(15)
    scored = [bed for bed in page.beds.values() if bed["news2"] is not None]
    yield equal("every made-up patient is watched", len(scored), 24)
    yield none("refusals", [one.metric("vigilward_rejections_total") for one in crew
                            if one.metric("vigilward_rejections_total")])  # fmt: skip

    late = field.worker("late-and-real", mode="real")
    until(lambda: late.process.poll() is not None, late.fate)
    yield equal("a worker of another mode is refused where patients are watched", late.process.returncode, 3)
    yield equal("in words", "set VIGILWARD_MODE=demo" in late.fate(), True)
    yield within("the others go on: nothing is wrong any more", page.quiet(time.monotonic(), 60), 45.0)


READING = (
    b'{"patient_id": "p-%d", "device_id": "m-%d", "mode": "demo", "taken_at": "2026-11-22T12:00:00Z", '
    b'"vitals": {"spo2": {"value": 97, "unit": "%%"}}}'
)
