"""States that an older version stored are loaded by this one, and go on."""

from pathlib import Path

import msgspec
import pytest

from detectors.vigil.vigil import SNAPSHOT_VERSION
from streams.config.packaged_rules import packaged_rules
from streams.log import Partition
from streams.worker.state_store.state_encoding import HEAD, StateBody, decode_checkpoint, decode_state, patient_key
from tests.streams.worker.state_store.keeping import KEPT, KEYS, SECONDS, records

FILES = sorted(KEPT.glob("version-*.hex"))
KEEP_IT = (
    "the layout of a snapshot changed: give it a new SNAPSHOT_VERSION and read the old one too; before the first "
    "release, keep it anew: python -m tests.streams.worker.state_store.keeping"
)


def loaded(file: Path) -> Partition:
    """A partition restored from kept states."""
    checkpoint, *states = (bytes.fromhex(line) for line in file.read_text().splitlines())
    kept = []
    for value in states:
        snapshot = msgspec.msgpack.decode(value[HEAD:], type=StateBody).snapshot
        name = msgspec.msgpack.decode(snapshot)[1]
        body = decode_state(patient_key(name), value)
        kept.append((name, body.upto, body.snapshot))
    body = decode_checkpoint(checkpoint)
    return Partition(
        0, 1, clock="event", mode="demo", rules=packaged_rules(), keys=KEYS, checkpoint=body.checkpoint, states=kept
    )


def test_states_of_this_version_and_of_every_older_one_are_kept():
    assert {file.name for file in FILES} == {f"version-{one}.hex" for one in range(1, SNAPSHOT_VERSION + 1)}, KEEP_IT


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_kept_state_is_loaded_and_goes_on(file):
    try:
        log = loaded(file)
    except ValueError as refusal:
        pytest.fail(f"{KEEP_IT} ({refusal})")

    patients = len(log.watches)
    said = log.run(records(SECONDS, SECONDS + 120, log.next_offset))

    assert patients >= 5
    assert log.tally.accepted > 500 and log.tally.adds_up()
    assert any(output.topic == "status" for output in said)
    assert all(log.state(patient)[2] for patient in log.watches)
