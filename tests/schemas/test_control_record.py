"""ControlRecord records: what was put in comes out, and only a key that we hold vouches for it."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.control_record import (
    ControlRecord,
    ControlRecordKeys,
    ControlRecordKind,
    MalformedKeys,
    decode_control_record,
    encode_control_record,
    signed_bytes,
)

KEYS = ControlRecordKeys.parse("new:s3cret-of-the-tests,old:before-the-rotation")


@given(st.binary(), st.text())
def test_the_body_comes_out_byte_for_byte(body, key):
    record = ControlRecord("vitals.patients", 3, 17, key, body)

    assert decode_control_record(encode_control_record(record)) == record


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
    old, new = ControlRecordKeys.parse("old:before-the-rotation"), ControlRecordKeys.parse("new:s3cret-of-the-tests")

    assert KEYS.sign(b"m") == new.sign(b"m") != old.sign(b"m")
    assert KEYS.holds(b"m", old.sign(b"m"))
    assert not new.holds(b"m", old.sign(b"m"))
    assert not KEYS.holds(b"n", KEYS.sign(b"m"))


@pytest.mark.parametrize("secret", ["plain-of-16-bytes", "with spaces and ümlaut", "a" * 16])
def test_a_secret_alone_will_do(secret):
    keys = ControlRecordKeys.parse(secret)

    assert keys
    assert keys.holds(b"m", keys.sign(b"m"))
    assert ControlRecordKeys.parse(secret).holds(b"m", keys.sign(b"m"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("fifteen-bytes--", "16 at least"),
        ("new:a-secret-that-is-long,", "entry 2"),
        ("new:a-secret-that-is-long,old", "entry 2"),
        ("new:a-secret-that-is-long,:a-secret-without-id", "entry 2"),
        (":a-secret-without-an-id", "entry 1"),
        ("new:short,old:a-secret-that-is-long", "'new'"),
        ("new:a-secret-that-is-long,new:another-that-is-long", "two keys"),
        ("new:a-secret-that-is-long old:another-that-is-long", "colon"),
        ("a-secret-that-is-long,and-another-of-them", "entry 1"),
        ("a-secret-that-is-long\n", "space"),
        (",", "entry 1"),
        (":", "entry 1"),
    ],
)
def test_what_is_malformed_is_refused_and_never_becomes_one_odd_secret(text, says):
    with pytest.raises(MalformedKeys, match=says) as refused:
        ControlRecordKeys.parse(text)
    assert "a-secret" not in str(refused.value), "no secret is said"


def test_a_key_without_an_id_keeps_its_records_valid_when_it_is_rotated_out():
    bare = ControlRecordKeys.parse("the-secret-of-before")
    rotated = ControlRecordKeys.parse("new:the-secret-of-today,old:the-secret-of-before")

    assert rotated.holds(b"m", bare.sign(b"m"))
    assert rotated.sign(b"m").startswith(b"new:") and not bare.holds(b"m", rotated.sign(b"m"))
    assert not ControlRecordKeys.parse("new:the-secret-of-today").holds(b"m", bare.sign(b"m")), "rotated out for good"


def test_who_has_the_secret_without_an_id_accepts_what_was_signed_with_one():
    """While workers get the id one after another, each takes over partitions of the others."""
    bare, named = ControlRecordKeys.parse("the-secret-of-old"), ControlRecordKeys.parse("old:the-secret-of-old")
    another = ControlRecordKeys.parse("old:quite-another-secret")

    assert bare.holds(b"body", named.sign(b"body")) and named.holds(b"body", bare.sign(b"body"))
    assert not bare.holds(b"body", another.sign(b"body"))


def test_no_key_accepts_nothing_and_signs_nothing():
    nothing = ControlRecordKeys.parse("")

    assert not nothing
    assert not nothing.holds(b"m", KEYS.sign(b"m"))
    assert not nothing.holds(b"m", b"")
    with pytest.raises(ValueError, match="VIGILWARD_CONTROL_RECORD_KEY"):
        nothing.sign(b"m")


def test_a_signature_holds_for_one_kind_topic_and_partition():
    here = signed_bytes(ControlRecordKind.ACTION, "vitals.readings", 3, b"{}")
    elsewhere = {
        signed_bytes(ControlRecordKind.PATIENT, "vitals.readings", 3, b"{}"),
        signed_bytes(ControlRecordKind.ACTION, "vitals.reading", 3, b"{}"),
        signed_bytes(ControlRecordKind.ACTION, "vitals.readings", 4, b"{}"),
        signed_bytes(ControlRecordKind.ACTION, "vitals.readings", 3, b"{} "),
    }

    assert KEYS.holds(here, KEYS.sign(here))
    assert not any(KEYS.holds(there, KEYS.sign(here)) for there in elsewhere)


STRANGE = [
    *(b"", b"{}", b"[]", b"\xff", b'{"source_topic":1}', b'{"source_topic":"\xff"}', b'{"source_topic":"\\ud800"}'),
    *(
        b"[" * 60_000,
        b'{"x":' + b"[" * 60_000,
        encode_control_record(ControlRecord("t", 0, 0, "k", b"body")).replace(b"=", b"*"),
    ),
]


@pytest.mark.parametrize("value", STRANGE)
def test_a_forwarded_record_that_we_did_not_write_is_refused_in_one_way(value):
    with pytest.raises(msgspec.DecodeError):
        decode_control_record(value)
