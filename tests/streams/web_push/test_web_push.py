"""Message encryption and the sender's identity, held to the RFCs' own vectors; tickets, and what is no subscription."""

import json

import msgspec
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

from schemas.action import Role
from streams.web_push.base64url import packed, unpacked
from streams.web_push.encryption import MOST_BYTES, RECORD, encrypted
from streams.web_push.identity import Identity, verifier
from streams.web_push.subscription import NoSubscription, Subscription, decode, encode
from streams.web_push.ticket import NoTicket, Ticket, TicketCall, read, write
from tests.streams.web_push.receiving import BrowserKeys, sender_in

# RFC 8291, section 5 and appendix A
PLAIN = b"When I grow up, I want to be a watermelon"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
RECEIVER = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
RECEIVER_PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH, SALT = "BTBZMqHH6r4Tts7J_aSIgg", "DGv6ra1nlYgDCS1FRnbzlw"
MESSAGE = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
    "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def key(text: str):
    return derive_private_key(int.from_bytes(unpacked(text)), SECP256R1())


@pytest.fixture(scope="module")
def identity(tmp_path_factory) -> Identity:
    return sender_in(tmp_path_factory.mktemp("key"), "mailto:ward@hospital.example")


def test_the_vector_of_rfc_8291_comes_out_byte_for_byte():
    body = encrypted(PLAIN, unpacked(RECEIVER_PUBLIC), unpacked(AUTH), salt=unpacked(SALT), sender=key(SENDER))
    assert packed(body) == MESSAGE


def test_a_browser_opens_the_vector_and_every_message_and_no_other_browser_does():
    browser = BrowserKeys(key(RECEIVER), unpacked(AUTH))
    assert browser.open(unpacked(MESSAGE)) == PLAIN
    for plain in (b"", b"{}", b"x" * MOST_BYTES):
        body = encrypted(plain, browser.public, browser.secret)
        assert browser.open(body) == plain and len(body) <= RECORD
    assert encrypted(PLAIN, browser.public, browser.secret) != encrypted(PLAIN, browser.public, browser.secret)
    with pytest.raises(InvalidTag):
        BrowserKeys().open(unpacked(MESSAGE))


@pytest.mark.parametrize(
    ("plain", "receiver", "secret"),
    [
        (b"x" * (MOST_BYTES + 1), unpacked(RECEIVER_PUBLIC), bytes(16)),
        (b"x", b"\x04" + bytes(64), bytes(16)),
        (b"x", unpacked(RECEIVER_PUBLIC), bytes(15)),
    ],
)
def test_what_cannot_be_encrypted_is_refused(plain: bytes, receiver: bytes, secret: bytes):
    with pytest.raises(ValueError, match=r"."):
        encrypted(plain, receiver, secret)


def test_a_push_service_finds_the_senders_key_its_own_origin_and_an_end(identity):
    header = identity.authorization("https://push.example:8443/send/abc?d=1", 1_700_000_000.9)
    scheme, _, rest = header.partition(" ")
    said = dict(part.strip().split("=", 1) for part in rest.split(","))
    signed, _, signature = said["t"].rpartition(".")
    head, claims = (json.loads(unpacked(part)) for part in signed.split("."))

    assert scheme == "vapid" and said["k"] == identity.public and len(unpacked(said["k"])) == 65
    assert head == {"typ": "JWT", "alg": "ES256"}
    assert claims == {
        "aud": "https://push.example:8443", "exp": 1_700_043_200, "sub": "mailto:ward@hospital.example",
    }  # fmt: skip
    holds = verifier(identity.public)
    assert holds(unpacked(signature), signed.encode()) and not holds(unpacked(signature), signed.encode() + b".")


CALL = TicketCall("a-1", "nurse", 3, 1_795_000_000_123, 2)
TICKET = Ticket("0" * 20, "nurses/nora", 1_795_000_001, (CALL,))


def test_a_ticket_is_believed_from_this_sites_notifier_alone(identity, tmp_path):
    text, holds = write(TICKET, identity), verifier(identity.public)
    assert read(text, holds) == TICKET
    other = sender_in(tmp_path)
    for wrong in (
        write(TICKET, other),
        text[:-4] + "AAAA",
        "é",
        "",
        "AAAA",
        # what the key signed for a push service proves nothing here
        packed(identity.signed(unpacked(text)[64:]) + unpacked(text)[64:]),
    ):
        with pytest.raises(NoTicket):
            read(wrong, holds)


def test_a_ticket_has_room_for_the_beds_of_a_ward(identity):
    calls = tuple(
        TicketCall(f"{number:032x}"[::-1], "nurse", number, 1_795_000_000_000 + number, 3) for number in range(26)
    )
    assert len(write(Ticket("0" * 20, "nurses/nora", 1, calls), identity)) < 2_000


HERS = Subscription(
    login="nora", role=Role.NURSE, endpoint="https://push.example/x", until=2.0, wards=("A",), **BrowserKeys().keys
)


def test_a_subscription_is_read_as_it_was_written_and_sees_its_wards():
    assert decode(encode(HERS)) == HERS and HERS.id == decode(encode(HERS)).id
    assert [HERS.sees(ward) for ward in ("A", "B", None)] == [True, False, True]


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "http://push.example/x"},
        {"endpoint": "ftp://push.example/x"},
        {"endpoint": "https://somebody@push.example/x"},
        {"endpoint": "https://[push/x"},
        {"p256dh": packed(b"\x04" + bytes(64))},
        {"auth": "AAAA"},
        {"auth": "ä"},
    ],
)
def test_what_no_message_can_be_sent_to_is_no_subscription(wrong: dict):
    with pytest.raises(NoSubscription):
        decode(encode(msgspec.structs.replace(HERS, **wrong)))
    with pytest.raises(NoSubscription):
        decode(b"[" * 10_000)
