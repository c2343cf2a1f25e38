"""What a gateway keeps of what it refused: without names, or whole and sealed; and what the desk can do with it."""

import asyncio
import json

import pytest

from streams.config.settings import Settings
from streams.config.settings_problems import SettingsError
from streams.formats.converter import Converter
from streams.formats.format import Format
from streams.gateways.desk import Kept, name_of, tried_again
from streams.gateways.gateway import Gateway
from streams.gateways.sealed import CannotOpen, Seal
from streams.gateways.settings import GatewaySettings
from tests.streams.formats.making import SPO2, message, obx

KEYS = "k1:a secret of this year"
REFUSED = message(obx(1, "8867-4^HR^LN", 82, ""), pid="PID|||4711^^^H^MR||Doe^Jane")
BROKEN = b'{"resourceType": "Observation", "subject": {"display": "Jane Doe"}, '


def kept(data, form=Format.AUTO, **own):
    """The record that a gateway writes to the rejections topic, as the desk reads it; None if it writes none."""

    async def story():
        gateway = Gateway("http", Settings(topic_prefix="w."), GatewaySettings(**own))
        given = []
        gateway.store.give = lambda records, done: given.extend(records)
        gateway.begin(data, form, lambda _: None)
        return [one for one in given if one.topic.endswith("rejections")]

    found = asyncio.run(story())
    if not found:
        return None
    (one,) = found
    return Kept(name_of(one.value), one.value, {name: value.decode() for name, value in one.headers})


@pytest.mark.parametrize("data", [REFUSED, BROKEN], ids=["hl7v2", "broken json"])
def test_no_name_lies_open_on_the_topic_with_a_key_or_without(data):
    for own in ({}, {"refused_keys": KEYS}):
        one = kept(data, **own)
        assert b"Doe" not in one.value and "Doe" not in json.dumps(one.facts)


def test_what_could_be_read_can_be_tried_again_without_a_key():
    results, wanted = tried_again(kept(message(SPO2, obx(3, "HR^HR^L", 82, "bpm"))), Converter(), Seal(""))

    assert [str(one.code) for one in results[0].findings] == ["unmapped"]
    assert wanted == []


def test_of_what_could_not_be_read_the_desk_says_that_only_its_shape_was_kept():
    one = kept(BROKEN)

    assert one.value == b'{"xxxxxxxxxxxx": "xxxxxxxxxxx", "xxxxxxx": {"xxxxxxx": "xxxx xxx"}, '
    with pytest.raises(CannotOpen, match="only its shape was kept: its sender has to send it again"):
        tried_again(one, Converter(), Seal(KEYS))


def test_what_is_sealed_is_whole_for_who_has_the_key_and_nothing_for_anybody_else():
    one = kept(BROKEN, refused_keys=KEYS)

    assert one.message(Seal(f"k2:a secret of next year,{KEYS}")) == BROKEN
    for other, why in (("", "set it in VIGILWARD_GATEWAY_REFUSED_KEYS"), ("k1:quite another secret", "not sealed by")):
        with pytest.raises(CannotOpen, match=why):
            one.message(Seal(other))


def test_the_same_message_sealed_twice_is_one_at_the_desk_and_another_is_another():
    first, again, other = (kept(data, refused_keys=KEYS) for data in (BROKEN, BROKEN, BROKEN + b"1"))

    assert first.name == again.name != other.name
    assert first.value[:12] != other.value[:12]  # no nonce serves two messages


def test_nothing_is_kept_where_nothing_is_to_be_kept():
    assert kept(BROKEN, keep_refused=False) is None


@pytest.mark.parametrize("keys", ["k1:short", "no key", f"{KEYS},{KEYS}"])
def test_keys_that_cannot_be_used_are_named(keys):
    with pytest.raises(SettingsError, match="REFUSED_KEYS: write id:secret"):
        Seal(keys)
