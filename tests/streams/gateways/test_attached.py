"""Who wears which device: asked by readings without a patient, and told to the watch with its time limits."""

import asyncio
import contextlib
import json
from datetime import timedelta

import pytest

from schemas.base import read_moment
from schemas.decode import decode
from schemas.patient import PatientRecord
from streams.config.settings import Settings
from streams.config.settings_problems import SettingsError
from streams.formats.format import Format
from streams.formats.identity import Identity
from streams.gateways.attached import Attached
from streams.gateways.gateway import Gateway
from streams.gateways.settings import GatewaySettings
from streams.gateways.store import NotStored
from tests.streams.formats.making import SPO2, message

NOON = read_moment("2026-11-29T12:00:00Z")
HOUR = timedelta(hours=1)
FILE = """
[[device]]
id = "w-1"
patient = "p-1"
until = "2026-11-29T13:00:00Z"
[[device]]
id = "w-1"
patient = "p-2"
since = "2026-11-29T13:00:00Z"
[[device]]
id = "w-2"
patient = "p-1"
"""


def known(tmp_path, text=FILE, identity=None):
    path = tmp_path / "devices.toml"
    path.write_text(text)
    return Attached(path, (identity or Identity()).named)


def told(attached, at):
    records = attached.due(at)
    for one in records:
        PatientRecord.model_validate(one)
        attached.was_told(one)
    return {one["patient_id"]: one["devices"] for one in records}


def test_a_device_that_changes_its_wearer_is_told_off_the_one_and_on_the_other(tmp_path):
    attached = known(tmp_path)

    assert told(attached, NOON) == {"p-1": ["w-1", "w-2"]}
    assert told(attached, NOON + HOUR / 2) == {}
    assert told(attached, NOON + HOUR) == {"p-1": ["w-2"], "p-2": ["w-1"]}
    assert [attached("w-1", at) for at in (NOON, NOON + HOUR)] == ["p-1", "p-2"]


def test_a_device_that_two_are_said_to_wear_is_nobodys(tmp_path):
    attached = known(tmp_path, '[[device]]\nid = "d"\npatient = "p"\n[[device]]\nid = "d"\npatient = "q"\n')

    assert (told(attached, NOON), attached("d", NOON)) == ({}, None)


def test_a_file_that_names_only_some_devices_is_asked_and_not_told(tmp_path):
    attached = known(tmp_path, "publish = false\n" + FILE)

    assert (told(attached, NOON), attached("w-1", NOON)) == ({}, "p-1")


def test_the_file_is_read_again_when_it_changes_and_a_broken_one_changes_nothing(tmp_path, caplog):
    attached = known(tmp_path)
    told(attached, NOON)
    (tmp_path / "devices.toml").write_text("[[device]]\nid = 3\n")
    attached.look_again()
    assert (told(attached, NOON), attached("w-2", NOON)) == ({}, "p-1")
    assert "entry 1: give `id` and `patient` as text" in caplog.text

    (tmp_path / "devices.toml").write_text('[[device]]\nid = "w-2"\npatient = "p-3"\n')
    attached.look_again()
    assert told(attached, NOON) == {"p-1": [], "p-3": ["w-2"]}


def test_a_file_that_is_no_utf_8_is_told_as_any_other_fault_and_the_one_after_it_is_taken(tmp_path, caplog):
    attached = known(tmp_path)
    told(attached, NOON)
    (tmp_path / "devices.toml").write_bytes('# Müller\n[[device]]\nid = "w-2"\npatient = "p-3"\n'.encode("latin-1"))
    attached.look_again()
    assert (told(attached, NOON), attached("w-2", NOON)) == ({}, "p-1")
    assert "the file of associations cannot be used, those before it stay in force: 'utf-8'" in caplog.text
    with pytest.raises(SettingsError, match=r"VIGILWARD_GATEWAY_DEVICES: 'utf-8'"):
        Attached(tmp_path / "devices.toml", Identity().named)

    (tmp_path / "devices.toml").write_text('# Mueller\n[[device]]\nid = "w-2"\npatient = "p-3"\n')
    attached.look_again()
    assert attached("w-2", NOON) == "p-3"


@pytest.mark.parametrize("fails", [True, False])
def test_a_gateway_that_tells_no_more_who_wears_what_is_unready_and_says_so(tmp_path, caplog, fails):
    path = tmp_path / "devices.toml"
    path.write_text(FILE)

    async def story():
        gateway = Gateway("mqtt", Settings(topic_prefix="w."), GatewaySettings(devices=path if fails else None))
        gateway.starting = False
        gateway.attached.look_again = broken
        telling = gateway.tell_attached()
        before = gateway.unready()
        await asyncio.wait([telling], timeout=10)
        await asyncio.sleep(0)
        return before, gateway.unready()

    def broken():
        raise RuntimeError("broken")

    assert asyncio.run(story()) == ([], ["devices_not_told"] if fails else [])
    assert ("who wears which device is told no more" in caplog.text) is fails


@pytest.mark.parametrize(
    "text", ["[[device]]\nid = 3", 'publish = 1\n[[device]]\nid = "d"\npatient = "p"', "[[",
             '[[device]]\nid = "d"\npatient = "p"\nsince = "2026-11-29T13:00:00Z"\nuntil = "2026-11-29T13:00:00Z"'],
)  # fmt: skip
def test_a_file_that_cannot_be_used_stops_the_start(tmp_path, text):
    with pytest.raises(SettingsError, match="VIGILWARD_GATEWAY_DEVICES"):
        known(tmp_path, text)


def test_where_patients_are_pseudonyms_a_wearer_is_one_too(tmp_path):
    identity = Identity(key=b"0123456789abcdef", key_id="k1")
    text = '[[device]]\nid = "w-1"\npatient = "4711"\nassigner = "H"\n'

    assert known(tmp_path, text, identity)("w-1", NOON) == identity.named("4711", "H")


def test_what_kafka_did_not_take_is_told_again_and_what_ended_while_nothing_ran_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("streams.gateways.attached.LOOK_S", 0)
    monkeypatch.setattr("streams.gateways.attached.datetime", type("Clock", (), {"now": staticmethod(lambda _: NOON)}))
    attached = known(tmp_path, '[[device]]\nid = "w-1"\npatient = "p-1"\nuntil = "2026-11-29T11:00:00Z"\n')
    stored = []

    async def story():
        async def publish(record):
            if not tries:
                tries.append(record)
                raise NotStored("away")
            stored.append(record)

        tries = []
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(attached.run(publish), 0.2)

    asyncio.run(story())
    assert stored == [{"event": "update", "patient_id": "p-1", "devices": []}]


def test_a_gateway_names_the_wearer_of_a_device_and_the_patient_of_a_topic_by_pseudonym(tmp_path):
    (tmp_path / "devices.toml").write_text('[[device]]\nid = "w-1"\npatient = "4711"\n')
    own = GatewaySettings(devices=tmp_path / "devices.toml", pseudonym_keys="k1:0123456789abcdef")

    async def story():
        gateway = Gateway("mqtt", Settings(topic_prefix="w."), own)
        gateway.store.give = lambda records, done: given.extend(records)
        row = SPO2[: SPO2.rindex("|") + 1] + "w-1"
        given = []
        gateway.begin(message(row, pid=""), Format.HL7V2, lambda _: None)
        reading = {"taken_at": "2026-11-29T20:00:00Z", "vitals": {"spo2": {"value": 97, "unit": "%"}}}
        site = gateway.site_of(patient="4711", device="d")
        named = [*gateway.converter.convert(json.dumps(reading).encode(), Format.NATIVE, site)]
        results = [
            *gateway.converter.convert(
                message(SPO2, pid=""),
                Format.HL7V2,
                site,
            )
        ]
        return [decode(given[0].value), *(decode(json.dumps(one.readings[0]).encode()) for one in (*named, *results))]

    patients = {one.patient_id for one in asyncio.run(story())}
    assert patients == {Identity(key=b"0123456789abcdef", key_id="k1").named("4711")}


PSEUDONYMS = "k2:a new secret of some length,k1:an old secret of some length"


@pytest.mark.parametrize("form", [Format.NATIVE, Format.AUTO])
@pytest.mark.parametrize("keys", ["", PSEUDONYMS])
def test_a_topic_and_a_native_reading_that_name_one_patient_mean_one(form, keys):
    gateway = Gateway("mqtt", Settings(topic_prefix="w."), GatewaySettings(pseudonym_keys=keys))
    name = gateway.converter.identity.named
    old = Identity(key=b"an old secret of some length", key_id="k1").named("4711")

    def patient_of(said, topic=None):
        reading = {"patient_id": said, "device_id": "d", "taken_at": "2026-11-29T20:00:00Z",
                   "vitals": {"spo2": {"value": 97, "unit": "%"}}}  # fmt: skip
        data = json.dumps({key: value for key, value in reading.items() if value is not None}).encode()
        (one,) = gateway.converter.convert(data, form, gateway.site_of(patient=topic))
        return decode(json.dumps(one.readings[0]).encode()).patient_id

    named = {patient_of("4711"), patient_of(None, "4711"), patient_of("4711", "4711"), patient_of(None, name("4711"))}
    assert named == {name("4711"), patient_of(name("4711"))} == {patient_of(name("4711"), "0815")}
    assert (name("4711") == "4711") is not bool(keys)
    assert patient_of(old) == old and patient_of("unassigned:d") == "unassigned:d"
    assert patient_of("k1-4711") == name("k1-4711") and patient_of(f"k3{old[2:]}") == name(f"k3{old[2:]}")


def test_an_id_that_no_reading_may_have_stays_refused_where_patients_are_pseudonyms():
    gateway = Gateway("mqtt", Settings(topic_prefix="w."), GatewaySettings(pseudonym_keys=PSEUDONYMS))
    for patient in ("", "p" * 1_000, "p\x00", 4711):
        reading = {"patient_id": patient, "device_id": "d", "taken_at": "2026-11-29T20:00:00Z",
                   "vitals": {"spo2": {"value": 97, "unit": "%"}}}  # fmt: skip
        (one,) = gateway.converter.convert(json.dumps(reading).encode(), Format.NATIVE)
        assert not one.readings and one.findings
