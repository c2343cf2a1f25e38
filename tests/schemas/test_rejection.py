"""Rejections: the facts in the headers, the bytes untouched."""

import pytest
from pydantic import ValidationError

from schemas.reasons import REMEDIES, Refusal
from schemas.rejection import Rejection


@pytest.mark.parametrize("field", [None, "taken_at", "vitals.spo2.value", "vitals.ΣpO₂", "a" * 300])
@pytest.mark.parametrize("code", Refusal)
def test_what_is_written_to_headers_is_read_back(code, field):
    rejection = Rejection.of(code, field, "vitals.readings", 3, 2**40, vitals=5)

    assert Rejection.from_headers(rejection.headers()) == rejection
    assert rejection.remedy == REMEDIES[code][1]


def test_headers_are_bytes_in_a_fixed_order():
    names = [name for name, value in Rejection.of(Refusal.EMPTY, None, "t", 0, 0).headers() if type(value) is bytes]

    assert names == ["code", "field", "remedy", "topic", "partition", "offset", "vitals"]


def test_headers_of_others_are_left_aside():
    headers = Rejection.of(Refusal.EMPTY, None, "t", 0, 0).headers()

    assert Rejection.from_headers((("traceparent", b"\xff\xfe"), *headers)) == Rejection.from_headers(headers)


def test_a_missing_fact_is_an_error_and_not_a_guess():
    with pytest.raises(ValidationError):
        Rejection.from_headers(Rejection.of(Refusal.EMPTY, None, "t", 0, 0).headers()[1:])
