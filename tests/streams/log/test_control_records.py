import pytest

from schemas.control_record import SIGNATURE_HEADER, ControlRecordKeys, ControlRecordKind, signed_bytes
from streams.log.control_records import forward, tick
from streams.log.partition import Partition
from tests.making import KEYS, MINUTE, T0, TOPIC, new_partition, rules_with, to_json

BODY = to_json({"event": "admit", "patient_id": "p", "mode": "test", "ward": "w"})


def written(*, keys: ControlRecordKeys = KEYS, kind: str = "patient", partition: int = 0, offset: int = 5):
    return forward(kind, "vitals.patients", 0, offset, "p", BODY, keys, TOPIC, partition)


def handed(log: Partition, key, value, headers) -> list[str]:
    """The codes of what was refused."""
    out = log.run([(log.next_offset, T0, key, value, headers)])
    return [dict(o.headers)["code"].decode() for o in out if o.topic == "rejections"]


def resigned(headers, signature: bytes):
    return tuple((name, signature if name == SIGNATURE_HEADER else value) for name, value in headers)


def test_what_a_worker_signed_takes_effect():
    log = new_partition()

    assert handed(log, *written()) == []
    assert log.watches["p"].vigil.stay.ward == "w"


def test_it_is_keyed_by_its_patient_so_that_it_meets_the_readings():
    assert written()[0] == b"p"
    assert forward("rules", "t", 0, 0, "", b"{}", KEYS, TOPIC, 0)[0] is None


@pytest.mark.parametrize("signature", [b"", b"tests:", b"tests:" + b"0" * 64, b"\xff\xfe", b"other:" + b"0" * 64])
def test_without_the_right_signature_nothing_takes_effect(signature):
    log = new_partition()
    key, value, headers = written()

    assert handed(log, key, value, resigned(headers, signature)) == ["bad_signature"]
    assert not log.watches and not log.sources


def test_a_signature_holds_for_its_bytes_its_kind_and_its_place_alone():
    key, value, headers = written()
    other_kind = ((headers[0][0], b"action"), headers[1])

    assert handed(new_partition(), key, value.replace(b"5", b"6"), headers) == ["bad_signature"]
    assert handed(new_partition(), key, value, other_kind) == ["bad_signature"]
    assert handed(new_partition(partition=1, partitions=2), key, value, headers) == ["bad_signature"]


def test_a_record_signed_by_the_former_key_is_still_good():
    log = Partition(
        0,
        1,
        clock="arrival",
        mode="test",
        rules=rules_with(),
        keys=ControlRecordKeys.parse(f"new:n3w-secret-of-tests,{'tests:a secret of the tests'}"),
        topic=TOPIC,
    )

    assert handed(log, *written()) == []


def test_without_a_key_none_is_accepted_and_none_can_be_written():
    log = Partition(0, 1, clock="arrival", mode="test", rules=rules_with(), topic=TOPIC)

    assert handed(log, *written()) == ["bad_signature"]
    with pytest.raises(ValueError, match="VIGILWARD_CONTROL_RECORD_KEY"):
        written(keys=ControlRecordKeys({}))


def test_a_tick_needs_no_signature_and_moves_nothing_but_time():
    log = Partition(0, 1, clock="arrival", mode="test", rules=rules_with(), topic=TOPIC)
    key, value, headers = tick()
    out = log.run([(0, T0 + MINUTE, key, value, headers)])

    assert (out, log.time, log.watches, log.tally.forwarded) == ([], T0 + MINUTE, {}, 1)


def test_the_signature_covers_where_the_original_stood():
    """Otherwise an old record could be made to look new."""
    assert signed_bytes(ControlRecordKind.PATIENT, TOPIC, 0, written(offset=5)[1]) != signed_bytes(
        ControlRecordKind.PATIENT, TOPIC, 0, written(offset=6)[1]
    )
