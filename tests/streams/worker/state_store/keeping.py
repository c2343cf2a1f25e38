"""Makes the stored states that stay loadable: `python -m tests.streams.worker.state_store.keeping`, once a version.

A few made-up patients with everything that a state can hold: learnt, ill, discharged, spot checks, orders.
"""

from pathlib import Path

from detectors.vigil.vigil import SNAPSHOT_VERSION
from schemas.control_record import ControlRecordKeys, ControlRecordKind
from streams.config.packaged_rules import packaged_rules
from streams.log import Partition
from streams.log.control_records import forward
from streams.simulator.admissions import encode
from streams.simulator.scenarios import MIXED
from streams.simulator.simulator import Simulator
from streams.worker.state_store.state_encoding import CheckpointBody, encode_checkpoint, encode_state

KEPT = Path(__file__).parent / "kept"
KEYS = ControlRecordKeys.parse("kept:states-that-are-kept")
PATIENTS, SECONDS = 6, 1_500


def ward() -> Simulator:
    """The patients, always the same."""
    return Simulator(PATIENTS, seed=11, scenarios=MIXED, quicker=8.0)


def records(start_s: int, end_s: int, offset: int) -> list:
    """Their readings of a stretch as a log."""
    made = ward()
    span = made.start_ms + start_s * 1_000, made.start_ms + end_s * 1_000
    return [(offset + n, 0, name.encode(), value, ()) for n, (_, name, value) in enumerate(made.readings(*span))]


def lived() -> Partition:
    """A partition that watched them for a while."""
    log = Partition(0, 1, clock="event", mode="demo", rules=packaged_rules(), keys=KEYS)
    for number, record in enumerate(ward().admissions()):
        name = record["patient_id"]
        sent = forward(
            ControlRecordKind.PATIENT, "vitals.patients", 0, number, name, encode(record), KEYS, log.topic, 0
        )
        log.run([(number, 0, *sent)])
    log.run(records(0, SECONDS, PATIENTS))
    return log


def main() -> None:
    """Writes the states of this version."""
    log = lived()
    body = CheckpointBody.of(log.checkpoint, "cluster", "topic", 1, len(log.watches))
    lines = [encode_checkpoint(body), *(encode_state(*log.state(name), limit=1 << 20) for name in sorted(log.watches))]
    KEPT.mkdir(exist_ok=True)
    file = KEPT / f"version-{SNAPSHOT_VERSION}.hex"
    file.write_text("".join(line.hex() + "\n" for line in lines))
    print(file)


if __name__ == "__main__":
    main()
