"""What a gateway keeps of what it refused: without names, or whole and sealed; and what the desk can do with it."""

import asyncio
import json

import pytest

from streams.config.settings import Settings
from streams.config.settings_problems import SettingsError
from streams.formats.converter import Converter
from streams.formats.format import Format
from streams.formats.mapping import read_mapping
from streams.formats.statements import Site
from streams.gateways.desk import Kept, name_of, tried_again
from streams.gateways.gateway import Gateway
from streams.gateways.sealed import CannotOpen, Seal
from streams.gateways.settings import GatewaySettings
from tests.streams.formats.making import SPO2, message, observation, obx

KEYS = "k1:a secret of this year"
REFUSED = message(obx(1, "8867-4^HR^LN", 82, ""), pid="PID|||4711^^^H^MR||Doe^Jane")
BROKEN = b'{"resourceType": "Observation", "subject": {"display": "Jane Doe"}, '


def kept(data, form=Format.AUTO, beside=(), **own):
    """The record that a gateway writes to the rejections topic, as the desk reads it; None if it writes none.

    `beside`: what the door knows of the message: its sender, patient and device.
    """

    async def story():
        gateway, given = Gateway("http", Settings(topic_prefix="w."), GatewaySettings(**own)), []

        async def put(records):
            given.extend(records)
            stored = asyncio.get_running_loop().create_future()
            stored.set_result(None)
            return stored

        gateway.store.put = put
        site = gateway.site_of(*beside)
        results = list(gateway.converter.convert(data, form, site))
        await gateway.offer(results, data, form, site, 0.0)
        return [one for one in given if one.topic.endswith("rejections")]

    found = asyncio.run(story())
    if not found:
        return None
    (one,) = found
    facts = {name: value.decode() for name, value in one.headers}
    return Kept(name_of(one.value, facts), one.value, facts)


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


UNMAPPED = {"coding": [{"system": "urn:ours", "code": "HR"}], "text": "heart rate"}
OURS = """
name = "ours"
format = "fhir"
[[rule]]
code = "HR"
system = "urn:ours"
vital = "heart_rate"
"""
UNIT = {"value": 82, "system": "http://unitsofmeasure.org", "code": "/min"}
NATIVE = {
    "taken_at": "2026-11-29T21:59:59Z",
    "vitals": {"spo2": {"value": 97, "unit": "%"}, "heart_rate": {"value": 82}},
}


@pytest.mark.parametrize("beside", [(), ("cloud",), ("cloud", "p-9")])
def test_what_was_published_of_a_message_that_names_no_device_is_not_published_again(beside):
    """A door stands for the device where none is named, and its login for the patient: so it is when tried again."""
    subject = {"reference": "Group/g"} if len(beside) == 2 else {"reference": "Patient/p-1"}
    good, bad = (observation("59408-5", 97, "%", id=n, device=None, subject=subject) for n in ("1", "2"))
    bad |= {"code": UNMAPPED, "effectiveDateTime": "2026-11-29T22:05:00+01:00", "valueQuantity": UNIT}
    one = kept(
        json.dumps(
            {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": good}, {"resource": bad}]}
        ).encode(),
        beside=beside,
    )
    _, wanted = tried_again(one, Converter(mappings=(read_mapping(OURS, "ours.toml"),)), Seal(""))

    assert [list(reading["vitals"]) for reading in wanted] == [["heart_rate"]]
    assert (wanted[0]["patient_id"], wanted[0]["device_id"]) == (one.published()[0]["patient_id"], (*beside, "http")[0])


@pytest.mark.parametrize("keys", ["", "k1:a secret of some length"])
def test_a_message_whose_patient_and_device_stood_in_its_topic_has_them_when_it_is_tried_again(keys):
    first, second = (
        kept(json.dumps(NATIVE).encode(), beside=("mqtt", who, "d-1"), pseudonym_keys=keys) for who in "ab"
    )
    results, _ = tried_again(first, Converter(), Seal(""))

    (reading,) = results[0].readings
    assert reading["patient_id"] == first.published()[0]["patient_id"] and reading["device_id"] == "d-1"
    assert (reading["patient_id"] == "a") is not bool(keys)
    assert first.name != second.name and first.value == second.value
    assert first.name == kept(json.dumps(NATIVE).encode(), beside=("mqtt", "a", "d-1"), pseudonym_keys=keys).name


def test_whose_it_is_may_be_said_at_the_desk_where_the_door_did_not_know():
    said = json.dumps({**NATIVE, "device_id": "d-1"}).encode()
    known, unknown = kept(said, beside=("x", "a")), kept(said)

    patients = [
        tried_again(one, Converter(Site(patient="b")), Seal(""))[0][0].readings[0]["patient_id"]
        for one in (known, unknown)
    ]
    assert patients == ["a", "b"]
