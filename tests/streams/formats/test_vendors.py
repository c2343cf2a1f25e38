"""The JSON of wearables' makers, worded here after their public documentation: what each gives, and what it is not."""

import pytest

from streams.formats.findings import Outcome
from tests.streams.formats.making import BERLIN, convert, signs, values

STARTED = 1_609_459_200  # 2021-01-01T00:00:00Z


def garmin(series, **samples):
    return {"userId": "u-1", "summaryId": "s", "startTimeInSeconds": STARTED, "durationInSeconds": 86_400,
            series: {name.removeprefix("at_"): value for name, value in samples.items()}}  # fmt: skip


def connected(*records):
    return {"records": [{**one, "metadata": {"id": "r", "dataOrigin": "an.app"}} for one in records]}


NOON = "2026-05-01T12:00:00Z"


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        ({"data": [{"bpm": 60, "source": "sleep", "timestamp": "2021-01-01T01:02:03+00:00"}], "next_token": None},
         [("2021-01-01T01:02:03+00:00", {"pulse_rate": 60.0})]),
        ({"pulseox": [garmin("timeOffsetSpo2Values", at_0=95, at_3600=97)]},
         [("2021-01-01T00:00:00Z", {"spo2": 95.0}), ("2021-01-01T01:00:00Z", {"spo2": 97.0})]),
        ([garmin("timeOffsetSpo2Values", at_60=95)], [("2021-01-01T00:01:00Z", {"spo2": 95.0})]),
        ({"allDayRespiration": [garmin("timeOffsetEpochToBreaths", at_0=14.5, at_180=-1)]},
         [("2021-01-01T00:00:00Z", {"resp_rate": 14.5})]),
        ({"dailies": [garmin("timeOffsetHeartRateSamples", at_15=75)]},
         [("2021-01-01T00:00:15Z", {"pulse_rate": 75.0})]),
        ({"dateTime": "2026-05-01", "minutes": [{"value": 95.7, "minute": "2026-05-01T04:02:17"}]},
         [("2026-05-01T04:02:17+02:00", {"spo2": 95.7})]),
        ({"date": "2026-05-01", "heart_rate_samples": [{"heart_rate": 63, "sample_time": "00:02:08"}]},
         [("2026-05-01T00:02:08+02:00", {"pulse_rate": 63.0})]),
        (connected({"startTime": NOON, "samples": [{"time": NOON, "beatsPerMinute": 70}]}),
         [(NOON, {"pulse_rate": 70.0})]),
        (connected({"time": NOON, "systolic": {"inMillimetersOfMercury": 120},
                    "diastolic": {"inMillimetersOfMercury": 80}}),
         [(NOON, {"systolic_bp": 120.0, "diastolic_bp": 80.0})]),
        (connected({"time": NOON, "temperature": {"inCelsius": 36.7}, "measurementLocation": 4},
                   {"time": NOON, "temperature": {"inCelsius": 33.7}, "measurementLocation": 9}),
         [(NOON, {"temperature": 36.7})]),
    ],
)  # fmt: skip
def test_single_measurements_are_readings_at_their_instants(document, wanted):
    one, *_ = convert(document, zone=BERLIN)

    assert [(reading["taken_at"], values(reading)) for reading in one.readings] == wanted


@pytest.mark.parametrize(
    "document",
    [
        {"data": [{"id": "x", "day": "2021-01-01", "spo2_percentage": {"average": 97.1}}]},
        {"records": [{"score_state": "SCORED", "score": {"resting_heart_rate": 64, "spo2_percentage": 95.7}}]},
        {"br": [{"value": {"breathingRate": 17.8}, "dateTime": "2021-10-25"}]},
    ],
)
def test_a_mean_over_a_night_is_told_and_is_no_reading(document):
    one, *_ = convert(document)

    assert one.outcome is Outcome.REFUSED
    assert {code for code, _ in signs(one)} == {"aggregate"}


def test_samples_without_their_day_or_their_second_are_no_readings():
    one, *_ = convert(garmin("timeOffsetSpo2Values", soon=95))

    assert one.readings == []
    assert ("time_invalid", "timeOffsetSpo2Values[0].of.startTimeInSeconds") in signs(one)


def test_a_time_of_a_thousand_digits_is_none():
    measured = {"date": 10**400, "measures": [{"type": 11, "value": 70, "unit": 0}]}
    one, *_ = convert({"body": {"measuregrps": [measured]}})

    assert ("time_invalid", "body.measuregrps[0].date") in signs(one)


POINT = {"heart_rate": {"value": 70, "unit": "beats/min"}, "effective_time_frame": {"date_time": NOON}}


@pytest.mark.parametrize("around", ["body", "data"])
def test_the_data_points_that_a_server_lists_are_messages(around):
    header = {"id": "a", "user_id": "u", "schema_id": {"namespace": "omh", "name": "heart-rate", "version": "1.0"}}
    listed = {
        "shim": "x",
        around: [{"header": header, "body": POINT}, {"header": {**header, "id": "b"}, "body": POINT}],
    }

    assert [one.outcome for one in convert(listed)] == [Outcome.TAKEN, Outcome.TAKEN]


def test_one_bad_part_holds_a_whole_data_point():
    flow = {"value": 2.5, "unit": "dL/min"}
    body = {**POINT, "oxygen_saturation": {"value": 95, "unit": "%"}, "supplemental_oxygen_flow_rate": flow}
    (one,) = convert(body)

    assert one.outcome is Outcome.REFUSED
    assert [code for code, _ in signs(one)] == ["unknown_unit", "held_with_pair", "held_with_pair"]


@pytest.mark.parametrize(("place", "taken"), [("oral", True), ("finger", False), ("left wrist", False)])
def test_a_limbs_temperature_is_not_the_bodys(place, taken):
    body = {"body_temperature": {"value": 33.5, "unit": "C"}, "measurement_location": place}
    (one,) = convert({**body, "effective_time_frame": {"date_time": NOON}})

    assert bool(one.readings) is taken
