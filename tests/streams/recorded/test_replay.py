"""Recordings through the same watch as live: order, placing, modes, and what is refused."""

import json

import pytest

from detectors.rules import read_rules
from schemas.alert import Alert
from schemas.status import Status
from schemas.times import to_text
from streams.config.packaged_rules import packaged_rules, packaged_rules_bytes
from streams.recorded.replay import Replay, read_lines, replay
from streams.recordings.samples import folder

T0 = 1_795_348_800_000


def reading(second, patient="p", mode="real", **values):
    vitals = {name: {"value": value, "unit": "%" if name == "spo2" else "/min"} for name, value in values.items()}
    body = {"patient_id": patient, "device_id": "m", "taken_at": to_text(T0 + second * 1000), "sequence": second}
    return json.dumps({**body, "mode": mode, "vitals": vitals}).encode()


def alerts(outputs):
    return [json.loads(output.value) for output in outputs if output.topic == "alerts"]


def desaturating(seconds=300, **more):
    return [reading(s, spo2=97 if s < 60 else 82, **more) for s in range(seconds)]


def test_a_recording_gives_the_same_bytes_every_time():
    lines = list(read_lines(folder("bidmc")))[:2000]

    assert list(replay(lines)) == list(replay(lines))


def test_a_desaturation_is_shown_at_once_and_interrupts_when_it_lasts():
    said = alerts(replay(desaturating()))

    assert [(a["state"], a["interrupts"], a["suppressed_by"]) for a in said] == [
        ("raised", False, "persistence"),
        ("updated", True, None),
        ("updated", True, None),  # its first step reached nobody
    ]
    assert said[0]["headline"].startswith("SpO2 82%")


def test_what_is_still_open_at_the_end_is_said_only_when_asked_for():
    lines = [reading(s, spo2=78) for s in range(10)]
    one = Replay()

    assert alerts(output for line in lines for output in one.take(line)) == []
    assert [a["state"] for a in alerts(one.flush())] == ["raised"]


def test_every_mode_is_replayed_and_stays_apart():
    said = alerts(replay([*desaturating(mode="demo"), *desaturating(mode="real")]))

    assert {a["mode"] for a in said} == {"demo", "real"}
    assert len({a["alert_id"] for a in said}) == 1  # the same patient and moment, in two worlds


def test_a_patient_record_in_the_file_names_the_bed():
    admit = json.dumps({"event": "admit", "patient_id": "p", "ward": "A", "bed": "A04", "at": to_text(T0)}).encode()

    said = alerts(replay([admit, *desaturating()]))

    assert {(a["ward"], a["bed"]) for a in said} == {("A", "A04")}


@pytest.mark.parametrize("partitions", [1, 3, 8])
def test_one_patient_alone_is_told_the_same_on_any_number_of_partitions(partitions):
    assert alerts(replay(desaturating(), partitions=partitions)) == alerts(replay(desaturating(), partitions=1))


def test_a_bad_line_is_refused_with_its_bytes_and_its_neighbours_are_taken():
    one = Replay()

    refused = one.take(b"\xff not a reading")
    for line in desaturating(30):
        one.take(line)

    assert [(o.topic, o.value) for o in refused] == [("rejections", b"\xff not a reading")]
    counts = one.counts()
    assert (counts["records"], counts["readable"], counts["unreadable"]) == (31, 30, 1)
    assert counts["accepted"] == 30


DAY_S = 86_400


@pytest.mark.parametrize(
    ("seconds", "counts"),
    [
        ([0, DAY_S, 2 * DAY_S], (0, 0, 0)),
        ([2 * DAY_S, DAY_S, 0], (0, 2, 0)),
        ([0, 400 * DAY_S, 401 * DAY_S], (0, 0, 2)),
        ([0, 200 * DAY_S, 400 * DAY_S], (0, 0, 1)),
    ],
    ids=["in order", "the newest first", "a gap of more than a year", "longer than a year"],
)
@pytest.mark.parametrize("alone", [True, False])
def test_what_is_left_out_for_its_time_is_counted_by_what_would_keep_it(seconds, counts, alone):
    """Of one patient nothing is left out because of others."""
    one = Replay(alone=alone)
    for second in seconds:
        one.take(reading(second, spo2=97))

    assert (one.misplaced, one.disordered, one.overlong) == counts
    assert one.counts()["accepted"] == 3 - sum(counts)


def test_a_patient_of_another_year_is_too_far_ahead_only_because_of_the_others():
    lines = [reading(0, "a", spo2=97), reading(400 * DAY_S, "b", spo2=97)]
    together, alone = Replay(partitions=1), Replay(alone=True)
    for line in lines:
        together.take(line)
        alone.take(line)

    assert (together.misplaced, together.overlong, alone.misplaced, alone.overlong) == (1, 0, 0, 0)


def test_everything_said_of_a_recorded_ward_keeps_the_contract():
    for output in replay(list(read_lines(folder("bidmc")))[:3000]):
        if output.topic == "alerts":
            Alert.model_validate_json(output.value)
        elif output.topic == "status":
            Status.model_validate_json(output.value)


def test_alerts_name_the_rules_that_decided():
    said = alerts(replay(desaturating()))

    assert {a["rules"]["sha256"] for a in said} == {packaged_rules().sha256}
    assert read_rules(packaged_rules_bytes()) == packaged_rules()
