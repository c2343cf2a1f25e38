"""Who is told: a file of recipients, and every mistake in it named with a remedy."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from schemas.action import Step
from schemas.alert import Kind, Priority
from streams.notify.routes import RoutesFault, read_routes

PHONE = (
    'name = "n"\nchannel = "webhook"\nurl = "http://127.0.0.1:9/"\nrole = "nurse"\nkey_id = "k"\nkey_file = "{key}"\n'
)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def read(tmp_path: Path):
    (tmp_path / "key").write_bytes(b"sixteen bytes ok")

    def read(*tables: str):
        text = "".join("[[recipient]]\n" + table.replace("{key}", str(tmp_path / "key")) for table in tables)
        (tmp_path / "routes.toml").write_text(text)
        return read_routes(tmp_path / "routes.toml", BERLIN)

    return read


def test_a_shift_is_meant_in_the_sites_zone(read):
    routes = read(PHONE + 'wards = ["A"]\nshift = "19:00-07:00"\n')
    night, day = datetime(2026, 11, 22, 5, 30, tzinfo=UTC), datetime(2026, 11, 22, 6, 30, tzinfo=UTC)

    assert [one.name for one in routes.people(Step.NURSE, "A", Priority.HIGH, Kind.PHYSIOLOGICAL, night)] == ["n"]
    assert routes.people(Step.NURSE, "A", Priority.HIGH, Kind.PHYSIOLOGICAL, day) == []
    assert routes.people(Step.NURSE, "B", Priority.HIGH, Kind.PHYSIOLOGICAL, night) == []
    assert routes.people(Step.DOCTOR, "A", Priority.HIGH, Kind.PHYSIOLOGICAL, night) == []


def test_quiet_hours_hold_low_priorities_alone(read):
    routes = read(PHONE + 'quiet = "22:00-06:00"\n')
    (one,), night = routes.recipients, datetime(2026, 11, 22, 2, 0, tzinfo=UTC)

    assert routes.held(one, Priority.LOW, night)
    assert not routes.held(one, Priority.MEDIUM, night) and not routes.held(one, Priority.HIGH, night)


PAGER = 'name = "m"\nchannel = "pcd04"\naudience = "machine"\n'


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (PHONE.replace("nurse", "nurs"), "role 'nurs' is none of: nurse, shift_lead"),
        (PHONE.replace("webhook", "fax"), "channel 'fax' is none of: webhook, pcd04, webpush, fhir"),
        (PHONE.replace('key_id = "k"\n', ""), "set key_id and key_file"),
        (PHONE.replace("{key}", "/no/such"), "key_file"),
        (PHONE.replace('key_id = "k"', 'key_id = "2026,11"'), "key_id must be"),
        (PHONE.replace('key_id = "k"', 'key_id = "schl\u00fcssel"'), "key_id must be"),
        (PHONE.replace('key_id = "k"', 'key_id = "a\\nb"'), "key_id must be"),
        (PHONE.replace("http://127.0.0.1:9/", "http://phones.example/"), "must be https"),
        (PHONE + 'shift = "7-19"\n', "must be HH:MM-HH:MM"),
        (PHONE + 'shift = "25:00-07:00"\n', "must be HH:MM-HH:MM"),
        (PHONE + "ward = 'A'\n", "'ward' is no field; known:"),
        (PHONE.replace('role = "nurse"\n', ""), "people have a role"),
        (PHONE.replace('"n"', '"a name with spaces"'), "letters, digits"),
        (PAGER + 'address = "nowhere"\n', "host:port"),
        (PAGER + 'address = "host:70000"\n', "host:port"),
        (PAGER + 'address = "h:1"\nconnections = 17\n', "connections must be a number from 1 to 16"),
        (PAGER + 'address = "h:1"\nconnections = true\n', "connections must be a number"),
        (PHONE + "connections = 2\n", "connections are those of an MLLP receiver"),
        (PHONE + 'wards = "ICU"\n', 'wards must be a list such as ["A"]'),
        (PHONE + "wards = []\n", "wards must be a list"),
        (PHONE + 'priorities = "high"\n', "priorities must be a list"),
        (PHONE + 'patient_id = "false"\n', "patient_id must be true or false"),
        (PHONE + 'shift = "07:00-07:00"\n', "holds no moment"),
        (PHONE.replace('"n"', "7"), "name must be a text"),
        (PHONE.replace("http://127.0.0.1:9/", "https://["), "url: "),
    ],
)
def test_a_mistake_is_named_with_its_recipient_and_a_remedy(read, table: str, words: str):
    with pytest.raises(RoutesFault, match="recipient") as refused:
        read(table)
    assert words in str(refused.value) and refused.value.exit_code == 2


def test_two_of_one_name_and_an_empty_file_are_refused(read):
    with pytest.raises(RoutesFault, match="stands twice"):
        read(PHONE, PHONE)
    with pytest.raises(RoutesFault, match="nobody would be told"):
        read()


def test_a_single_bracket_is_told(tmp_path: Path):
    (tmp_path / "routes.toml").write_text('[recipient]\nname = "n"\n')
    with pytest.raises(RoutesFault, match="two brackets"):
        read_routes(tmp_path / "routes.toml", BERLIN)
