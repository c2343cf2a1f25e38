"""Frames of MLLP: what came whole is given, also where something too large follows it in the same read."""

import pytest

from streams.gateways.mllp import Frames, TooLarge, frame

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
