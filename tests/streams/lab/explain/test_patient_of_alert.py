"""Whose an alert is, told from its id alone, without streaming everybody."""

import msgspec
import pytest

from schemas.control_record import ControlRecordKeys
from streams.config.packaged_rules import packaged_rules
from streams.lab.explain.patient_of_alert import whose
from streams.recorded.again import Recording


@pytest.fixture(scope="module", params=["bidmc", "sepsis2019"])
def raised(request):
    """When everybody was measured, and all that was raised."""
    recording = Recording.named(request.param, 8, ControlRecordKeys({}))
    said = [msgspec.json.decode(one.value) for one in recording.play(packaged_rules()) if one.topic == "alerts"]
    return list(recording.measured()), [alert for alert in said if alert["revision"] == 1]


def test_every_alert_about_a_patient_names_the_patient(raised):
    measured, alerts = raised
    about = [alert for alert in alerts if alert["kind"] == "physiological"]

    assert about
    assert [whose(alert["alert_id"], measured) for alert in about] == [alert["patient_id"] for alert in about]


def test_of_the_measuring_and_of_another_recording_nothing_is_told(raised):
    measured, alerts = raised
    others = [alert["alert_id"] for alert in alerts if alert["kind"] != "physiological"] + ["0" * 24]

    assert [whose(one, measured) for one in others] == [None] * len(others)


def test_a_file_of_readings_tells_when_they_were_taken_and_passes_over_what_is_none(tmp_path):
    file = tmp_path / "readings.jsonl"
    lines = list(Recording.named("sepsis2019", 8, ControlRecordKeys({}))._lines(None))[:20]
    file.write_bytes(b"\n".join([lines[0], b"no reading", *lines[1:]]))

    told = list(Recording.named(str(file), 8, ControlRecordKeys({})).measured())
    assert told == list(Recording.named("sepsis2019", 8, ControlRecordKeys({})).measured())[:20]
