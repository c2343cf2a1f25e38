"""Patient records, actions and rules on their way into the one log."""

import pytest
from faust.types import TP

from schemas.control_record import (
    KIND_HEADER,
    SIGNATURE_HEADER,
    ControlRecordKeys,
    ControlRecordKind,
    decode_control_record,
    signed_bytes,
)
from schemas.reasons import Refusal
from schemas.rejection import Rejection
from streams.config.packaged_rules import packaged_rules, packaged_rules_bytes
from streams.config.settings import Settings
from streams.worker.forwarding import Forwarder
from streams.worker.outgoing import AckTracker
from tests.approving import Approver

PATIENTS, RULES = TP("vitals.patients", 3), TP("vitals.rules", 0)


@pytest.fixture
def settings(tmp_path, approver):
    approver.public_file(tmp_path / "approvers.pem")
    return Settings(
        control_record_key="id:s3cret-of-the-tests", partitions=4, rules_approvers=tmp_path / "approvers.pem"
    )


@pytest.fixture
def approver():
    return Approver()


@pytest.fixture
def stage(make, settings):
    """A forwarder, what it sends to the log, what it rejects, and what it calls safe."""
    to_log, rejected, safe = make.Noted(), make.Noted(), []
    forwarder = Forwarder(settings, to_log, rejected, lambda tp, at: safe.append((tp, at)))
    forwarder.own({PATIENTS: 5, RULES: 0})
    return forwarder, to_log, rejected, safe


def patient(make, offset, value=b"{}", key=b"p-1"):
    return make.record(*PATIENTS, offset, value, key)


def test_a_patient_record_goes_into_its_own_partition_of_the_log_signed(make, stage, run):
    forwarder, to_log, _, _ = stage

    run(forwarder.take(make.batch(patient(make, 5, b'{"a":1}'))))

    (record,) = to_log.records
    headers = dict(record.headers)
    assert (record.topic, record.partition, record.key) == ("vitals.readings", 3, b"p-1")
    assert headers[KIND_HEADER] == b"patient"
    assert ControlRecordKeys.parse("id:s3cret-of-the-tests").holds(
        signed_bytes(ControlRecordKind.PATIENT, "vitals.readings", 3, record.value), headers[SIGNATURE_HEADER]
    )
    forwarded = decode_control_record(record.value)
    assert (forwarded.source_topic, forwarded.source_partition, forwarded.source_offset) == ("vitals.patients", 3, 5)
    assert (forwarded.key, forwarded.body) == ("p-1", b'{"a":1}')


def test_they_go_in_the_order_in_which_they_came(make, stage, run):
    forwarder, to_log, _, _ = stage

    run(forwarder.take(make.batch(*[patient(make, offset) for offset in range(5, 25)])))

    assert [decode_control_record(record.value).source_offset for record in to_log.records] == list(range(5, 25))


def test_a_source_is_safe_only_when_the_log_has_it(make, stage, run):
    forwarder, to_log, _, safe = stage

    run(forwarder.take(make.batch(patient(make, 5), patient(make, 6))))
    assert safe == [] and forwarder.sources[PATIENTS].next_offset == 7

    to_log.acknowledge()
    assert safe == [(PATIENTS, 7)]


def test_a_repeated_batch_is_not_forwarded_twice(make, stage, run):
    forwarder, to_log, _, _ = stage
    run(forwarder.take(make.batch(patient(make, 5), patient(make, 6))))

    run(forwarder.take(make.batch(patient(make, 6), patient(make, 7))))

    assert [decode_control_record(record.value).source_offset for record in to_log.records] == [5, 6, 7]


def test_rules_that_an_approver_signed_go_into_every_partition(make, stage, run, approver):
    forwarder, to_log, rejected, _ = stage

    run(forwarder.take(make.batch(make.record(*RULES, 0, b"{}", None, headers=[approver.header(b"{}")]))))

    assert [record.partition for record in to_log.records] == [0, 1, 2, 3] and not rejected.records
    assert {decode_control_record(record.value).approved_by for record in to_log.records} == {approver.fingerprint}


@pytest.mark.parametrize("what", ["nobody's", "another's", "of other rules", "damaged", "no base64"])
def test_rules_that_no_approver_signed_are_refused_and_never_forwarded(make, stage, run, approver, what):
    forwarder, to_log, rejected, _ = stage
    name, good = approver.header(b"{}")
    headers = {
        "nobody's": [],
        "another's": [Approver().header(b"{}")],
        "of other rules": [approver.header(b"{ }")],
        "damaged": [(name, good[:-8] + b"AAAAAA==")],
        "no base64": [(name, b"\xff\xfe")],
    }[what]

    run(forwarder.take(make.batch(make.record(*RULES, 0, b"{}", None, headers=headers))))

    assert not to_log.records
    (record,) = rejected.records
    assert record.value == b"{}" and dict(record.headers)["code"] == b"not_approved"


def test_the_packaged_rules_enter_a_partition_by_their_hash(stage, run):
    forwarder, to_log, _, _ = stage

    run(forwarder.enter_rules(2, packaged_rules_bytes()))

    (record,) = to_log.records
    told = decode_control_record(record.value)
    assert record.partition == 2 and told.source_topic_id == packaged_rules().sha256
    assert told.body == packaged_rules_bytes()


@pytest.mark.parametrize(
    ("value", "key", "code"),
    [
        (b"{}", None, Refusal.MISSING_FIELD),
        (b"{}", b"\xff", Refusal.BAD_FIELD),
        (None, b"p-1", Refusal.EMPTY),
        (b"x" * 1_048_576, b"p-1", Refusal.TOO_LARGE),
    ],
)
def test_what_cannot_be_forwarded_is_rejected_with_its_bytes_and_does_not_stop_the_rest(
    make, stage, run, value, key, code
):
    forwarder, to_log, rejected, safe = stage

    run(forwarder.take(make.batch(patient(make, 5, value, key), patient(make, 6))))

    (record,) = rejected.records
    facts = Rejection.from_headers(record.headers)
    assert (facts.code, facts.topic, facts.partition, facts.offset) == (code, "vitals.patients", 3, 5)
    assert (record.topic, record.key, record.value) == ("vitals.rejections", key, value)
    assert len(to_log.records) == 1
    to_log.acknowledge()
    assert safe == []
    rejected.acknowledge()
    assert safe == [(PATIENTS, 7)]


def test_a_partition_that_is_not_ours_is_not_forwarded(make, stage, run):
    forwarder, to_log, _, _ = stage

    run(forwarder.take(make.batch(make.record("vitals.patients", 2, 0))))

    assert to_log.records == []


def test_a_partition_given_to_another_is_not_committed_by_us(make, stage, run):
    forwarder, to_log, _, safe = stage
    run(forwarder.take(make.batch(patient(make, 5))))

    forwarder.own({})
    to_log.acknowledge()

    assert safe == []


def test_a_loss_is_told_in_the_log_and_nothing_beyond_it_is_safe_before(stage, run):
    forwarder, to_log, _, _ = stage
    safe = []
    acks = AckTracker(safe.append)

    telling = forwarder.tell_of_loss(TP("vitals.readings", 2), expected=10, start=50, acks=acks)
    acks.open(51, records=0)  # what follows is taken before the telling is even queued
    run(telling)

    (record,) = to_log.records
    assert record.partition == 2 and dict(record.headers)[KIND_HEADER] == b"loss"
    assert decode_control_record(record.value).body == b'{"from":10,"to":50}'
    assert safe == []
    to_log.acknowledge()
    assert safe == [51]
