"""Frames of MLLP: what came whole is given, also where something too large follows it in the same read."""

import asyncio

import pytest

from streams.config.settings import Settings
from streams.gateways.gateway import Gateway
from streams.gateways.hl7v2 import Hl7v2Door
from streams.gateways.mllp import Frames, TooLarge, frame, no_mllp
from streams.gateways.settings import GatewaySettings

LIMIT = 100
TOO_LARGE = b"\x0b" + b"x" * (LIMIT + 1)


def test_whole_messages_in_the_read_of_one_that_is_too_large_are_given_before_it_is_refused():
    frames = Frames(LIMIT)

    assert frames.feed(frame(b"MSH|1") + frame(b"MSH|2") + TOO_LARGE) == [b"MSH|1", b"MSH|2"]
    with pytest.raises(TooLarge):
        frames.feed(b"its end\x1c\r" + frame(b"MSH|3"))


def test_one_that_is_too_large_alone_is_refused_at_once():
    with pytest.raises(TooLarge):
        Frames(LIMIT).feed(TOO_LARGE)


def test_one_within_the_limit_that_follows_others_is_taken():
    frames = Frames(LIMIT)

    assert frames.feed(frame(b"MSH|1") + b"\x0bMSH|2") == [b"MSH|1"]
    assert frames.feed(b"|more\x1c\r") == [b"MSH|2|more"]


@pytest.mark.parametrize(
    ("first", "said"),
    [(b"\x16\x03\x01\x02\x00", "TLS"), (b"MSH|^~\\&|", "HL7 without 0x0B"), (b"GET /metrics HTTP/1.1", "HTTP")],
)
def test_a_connection_that_speaks_something_else_is_closed_and_named(first, said, caplog):
    class Transport(asyncio.Transport):
        closed = False

        def close(self):
            self.closed = True

    transport, door = Transport(), Hl7v2Door(Gateway("hl7v2", Settings(), GatewaySettings()))
    connection = door.accept()
    connection.connection_made(transport)
    connection.data_received(first)

    assert transport.closed and said in caplog.text
    assert no_mllp(b"noise\x0bMSH|") == no_mllp(b"\x0bMSH|") == no_mllp(b"") == ""
