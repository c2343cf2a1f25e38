"""Two thousand bent messages of each format, always the same ones."""

import pytest

from streams.formats.format import Format
from tests.fuzz.mutate import SEEDS, bent
from tests.fuzz.target import hold
from tests.streams.formats.making import message, obx

INPUTS = 2_000


@pytest.mark.parametrize("form", Format)
def test_the_messages_that_are_bent_are_good_ones(form):
    assert sum(hold(seed, form) for seed in SEEDS[form]) > 0


@pytest.mark.parametrize("form", Format)
def test_no_bent_message_breaks_a_converters_word(form):
    for data in bent(form, INPUTS):
        hold(data, form)


FOUND = [
    (Format.HL7V2, message(obx(1, "8867-4^HR^LN", "\x1f97", "/min^^UCUM"))),
    (Format.HL7V2, message(obx(1, "²^HR^MDC", "9", "/min^^UCUM"))),
    (Format.HL7V2, b"MSH\r"),
    (Format.HL7V2, b"MSH"),
    (Format.MAPPED, b"[]"),
    (Format.FHIR, b" [] "),
]


@pytest.mark.parametrize(("form", "data"), FOUND)
def test_what_once_broke_a_converter_is_kept(form, data):
    assert hold(data, form) == 0
