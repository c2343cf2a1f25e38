import pytest

from schemas.forwarded import ForwardedKind, LogKeys
from streams.log.forward import forward, tick
from tests.making import KEYS, TOPIC, new_partition


def test_a_forwarded_record_is_keyed_by_its_patient():
    key, _, headers = forward(ForwardedKind.PATIENT, "vitals.patients", 0, 5, "p", b"{}", KEYS, TOPIC, 0)

    assert key == b"p"
    assert dict(headers)["forwarded"] == b"patient"


def test_what_concerns_nobody_has_no_key():
    key, _, _ = forward("rules", "vitals.rules", 0, 5, "", b"{}", KEYS, TOPIC, 0)

    assert key is None


def test_without_a_key_nothing_is_forwarded():
    with pytest.raises(ValueError, match="VIGILWARD_LOG_KEY"):
        forward("patient", "vitals.patients", 0, 5, "p", b"{}", LogKeys({}), TOPIC, 0)


def test_a_tick_carries_nothing_and_needs_no_signature():
    key, value, headers = tick()
    log = new_partition()
    outputs = log.run([(0, 1_000, key, value, headers)])

    assert outputs == [] and log.time == 1_000 and log.tally.forwarded == 1
