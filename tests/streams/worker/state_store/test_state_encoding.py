"""How states are written down: every damage is noticed, every version is known."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.vigil.vigil import SNAPSHOT_VERSION
from streams.log import Checkpoint
from streams.log.record import ClockState, Witness
from streams.worker.state_store.state_encoding import (
    CHECKPOINT_KEY,
    FORMAT,
    LIBRARIES,
    CheckpointBody,
    StateBody,
    Unusable,
    Why,
    decode_checkpoint,
    decode_state,
    encode_checkpoint,
    encode_state,
    patient_key,
    seal,
)

KEY = patient_key("p-1")
VALUE = encode_state("p-1", 48_151, b"a snapshot's bytes", 1_000)


def why(key, value):
    with pytest.raises(Unusable) as refused:
        decode_state(key, value)
    return refused.value.why


def test_a_state_comes_back_with_its_offset_and_what_wrote_it():
    assert decode_state(KEY, VALUE) == StateBody(48_151, SNAPSHOT_VERSION, LIBRARIES, b"a snapshot's bytes")


@given(st.integers(0, len(VALUE) - 1), st.integers(1, 255))
def test_any_byte_that_changed_is_noticed(place, change):
    damaged = bytearray(VALUE)
    damaged[place] ^= change

    assert why(KEY, bytes(damaged)) in (Why.DAMAGED, Why.NEWER)


@given(st.integers(0, len(VALUE) - 1))
def test_a_state_cut_short_is_damaged(length):
    assert why(KEY, VALUE[:length]) is Why.DAMAGED


@given(st.binary(max_size=60))
def test_anything_else_is_damaged_or_newer(value):
    assert why(KEY, value) in (Why.DAMAGED, Why.NEWER)


def test_a_state_under_another_patients_name_is_damage():
    assert why(patient_key("p-2"), VALUE) is Why.DAMAGED


def test_a_newer_format_is_known_as_newer_whatever_follows():
    assert why(KEY, VALUE[:2] + bytes((FORMAT + 1,)) + b"whatever that version writes") is Why.NEWER


def test_a_newer_snapshot_in_this_format_is_known_as_newer():
    value = seal(KEY, StateBody(1, SNAPSHOT_VERSION + 1, LIBRARIES, b""))

    assert why(KEY, value) is Why.NEWER


def test_a_body_that_is_no_state_is_damage_although_its_checksum_holds():
    assert why(KEY, seal(KEY, {"upto": "soon"})) is Why.DAMAGED


def test_a_state_that_does_not_fit_says_only_that():
    value = encode_state("p-1", 7, b"x" * 5_000, limit=1_000)

    assert len(value) < 200
    assert why(KEY, value) is Why.TOO_LARGE


def test_a_checkpoint_comes_back_whole():
    checkpoint = Checkpoint(12, 1_700_000_000_000, None, {"vitals.patients/3": 8}, b"{}")
    body = CheckpointBody.of(checkpoint, "cluster", "topic", 5, 17)

    assert decode_checkpoint(encode_checkpoint(body)) == body
    assert body.checkpoint == checkpoint


def test_the_reason_names_no_patient():
    with pytest.raises(Unusable) as refused:
        decode_state(KEY, b"")

    assert "p-1" not in str(refused.value) and msgspec.json.encode(refused.value.why)


def test_stream_time_is_kept_with_the_checkpoint_and_one_of_before_has_none():
    clock = ClockState(
        1_700_000_000_000, 7, 1_700_000_003_000, Witness("one", 5_000, 1_700_000_000_100, 1_700_000_000_000)
    )
    body = CheckpointBody.of(Checkpoint(12, clock.time, None, {}, None, clock), "cluster", "topic", 5, 17)
    assert decode_checkpoint(encode_checkpoint(body)).checkpoint.clock == clock

    of_before = seal(CHECKPOINT_KEY, [12, clock.time, None, {}, None, "cluster", "topic", 5, 17, None])
    assert decode_checkpoint(of_before).checkpoint == Checkpoint(12, clock.time, None, {}, None, None)
