"""Forwarded records: what was put in comes out, and only a key that we hold vouches for it."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.forwarded import Forwarded, ForwardedKind, LogKeys, decode_forwarded, encode_forwarded, signed_bytes

KEYS = LogKeys.parse("new:s3cret,old:before")


@given(st.binary(), st.text())
def test_the_body_comes_out_byte_for_byte(body, key):
    record = Forwarded("vitals.patients", 3, 17, key, body)

    assert decode_forwarded(encode_forwarded(record)) == record


@given(st.binary())
def test_no_signature_that_we_did_not_make_holds_and_none_is_too_strange_to_be_asked(signature):
    assert not KEYS.holds(b"message", signature)


@pytest.mark.parametrize("digest", ["é" * 64, "\ufffd", "0" * 64, ""])
def test_letters_beyond_ascii_in_a_signature_are_only_a_wrong_signature(digest):
    assert not KEYS.holds(b"message", f"new:{digest}".encode())
    assert not KEYS.holds(b"message", f"née:{digest}".encode())


@pytest.mark.parametrize("nothing", [b"", None])
def test_no_signature_is_a_wrong_signature(nothing):
    assert not KEYS.holds(b"message", nothing)


def test_the_first_key_signs_and_any_verifies():
    old, new = LogKeys.parse("old:before"), LogKeys.parse("new:s3cret")

    assert KEYS.sign(b"m") == new.sign(b"m") != old.sign(b"m")
    assert KEYS.holds(b"m", old.sign(b"m"))
    assert not new.holds(b"m", old.sign(b"m"))
    assert not KEYS.holds(b"n", KEYS.sign(b"m"))


@pytest.mark.parametrize("secret", ["plain", "with spaces and ümlaut", "ab,cd", ":", "a:", ",", "id:sec:ret"])
def test_any_non_empty_secret_will_do(secret):
    keys = LogKeys.parse(secret)

    assert keys
    assert keys.holds(b"m", keys.sign(b"m"))
    assert LogKeys.parse(secret).holds(b"m", keys.sign(b"m"))


def test_no_key_accepts_nothing_and_signs_nothing():
    nothing = LogKeys.parse("")

    assert not nothing
    assert not nothing.holds(b"m", KEYS.sign(b"m"))
    assert not nothing.holds(b"m", b"")
    with pytest.raises(ValueError, match="VIGILWARD_LOG_KEY"):
        nothing.sign(b"m")


def test_a_signature_holds_for_one_kind_topic_and_partition():
    here = signed_bytes(ForwardedKind.ACTION, "vitals.readings", 3, b"{}")
    elsewhere = {
        signed_bytes(ForwardedKind.PATIENT, "vitals.readings", 3, b"{}"),
        signed_bytes(ForwardedKind.ACTION, "vitals.reading", 3, b"{}"),
        signed_bytes(ForwardedKind.ACTION, "vitals.readings", 4, b"{}"),
        signed_bytes(ForwardedKind.ACTION, "vitals.readings", 3, b"{} "),
    }

    assert KEYS.holds(here, KEYS.sign(here))
    assert not any(KEYS.holds(there, KEYS.sign(here)) for there in elsewhere)


STRANGE = [
    *(b"", b"{}", b"[]", b"\xff", b'{"source_topic":1}', b'{"source_topic":"\xff"}', b'{"source_topic":"\\ud800"}'),
    *(
        b"[" * 60_000,
        b'{"x":' + b"[" * 60_000,
        encode_forwarded(Forwarded("t", 0, 0, "k", b"body")).replace(b"=", b"*"),
    ),
]


@pytest.mark.parametrize("value", STRANGE)
def test_a_forwarded_record_that_we_did_not_write_is_refused_in_one_way(value):
    with pytest.raises(msgspec.DecodeError):
        decode_forwarded(value)
