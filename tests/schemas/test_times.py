"""Moments inside and outside."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas.base import END_OF_TIME, Moment, read_moment
from schemas.times import to_ms, to_text, to_text_or_none

LAST = to_ms(END_OF_TIME) - 1


@given(st.integers(0, LAST))
def test_text_and_milliseconds_are_the_same_moment(ms):
    assert to_ms(read_moment(to_text(ms))) == ms
    assert len(to_text(ms)) == len("2026-11-22T12:00:00.123Z")


@given(st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC)), st.integers(-1439, 1439))
def test_the_zone_changes_the_text_and_not_the_moment(moment, minutes):
    elsewhere = moment.astimezone(timezone(timedelta(minutes=minutes)))

    assert to_ms(read_moment(elsewhere.isoformat())) == to_ms(moment)


def test_what_is_finer_than_a_millisecond_is_cut_off():
    assert to_ms(read_moment("2026-11-22T12:00:00.123999Z")) % 1000 == 123


def test_what_is_finer_than_a_microsecond_is_rounded_to_it_first():
    assert to_ms(read_moment("2026-11-22T12:00:00.1239999Z")) % 1000 == 124


def test_nothing_stays_nothing():
    assert to_text_or_none(None) is None
    assert to_text_or_none(0) == "1970-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-11-22T12:00:00", "zone"),
        ("2026-06-30T23:59:60Z", "RFC 3339"),
        ("2026-W47-7T12:00:00Z", "RFC 3339"),
        ("2026-11-22", "RFC 3339"),
        ("1969-12-31T23:59:59.999Z", "1970"),
        ("2200-01-01T00:00:00Z", "2199"),
        (1_763_812_800, "not a number"),
        (None, "not a number"),
    ],
)
def test_a_refused_time_says_what_is_wrong_with_it(text, words):
    with pytest.raises(ValueError, match=words):
        read_moment(text)


def test_a_moment_goes_out_in_utc_with_milliseconds():
    moments = TypeAdapter(Moment)

    moment = moments.validate_python("2026-11-22t13:00:00.5+01:00")

    assert moments.dump_json(moment) == b'"2026-11-22T12:00:00.500Z"'
    with pytest.raises(ValidationError):
        moments.validate_json(b"1763812800")
