"""Wearables: Open mHealth, Apple Health, and the vendors' JSON of the shipped mappings."""

import pytest

from streams.formats.findings import Outcome
from tests.streams.formats.making import BERLIN, convert, fit, signs, values

AT = {"effective_time_frame": {"date_time": "2026-11-29T20:00:00+01:00"}}


def body(name, value, unit, **more):
    return {name: {"value": value, "unit": unit}, **AT, **more}


def point(inner, **header):
    return {"header": {"id": "dp-1", "user_id": "u-1", **header}, "body": inner}


def only(document, **how):
    (one,) = convert(document, **how)
    return one


def test_a_data_point_names_its_user():
    one = only(point(body("heart_rate", 67.5, "beats/min")))

    assert one.outcome is Outcome.TAKEN
    assert (one.readings[0]["patient_id"], values(one.readings[0])) == ("u-1", {"heart_rate": 67.5})


@pytest.mark.parametrize("header", [{}, {"user_id": "u-1"}])
def test_the_vitals_of_a_data_point_are_seen_whatever_its_header_lacks(header):
    one = only({"header": header, "body": body("heart_rate", 67.5, "beats/min")})

    assert [values(reading) for reading in one.readings] == [{"heart_rate": 67.5}]


def test_bodies_without_a_user_are_never_put_together():
    first, second = convert([body("heart_rate", 60, "beats/min"), body("heart_rate", 61, "beats/min")])

    assert first.readings[0]["patient_id"] != second.readings[0]["patient_id"]
    assert [code for code, _ in signs(first)] == ["no_patient"]


@pytest.mark.parametrize(
    ("inner", "sign"),
    [
        (body("heart_rate", 50, "beats/min", descriptive_statistic="minimum"), "aggregate"),
        (body("heart_rate", "50", "beats/min"), "wrong_type"),
        (body("heart_rate", 50, "bpm"), "unknown_unit"),
        (body("body_temperature", 37, "G"), "unknown_unit"),
        (body("oxygen_saturation", 0.97, "%"), "fraction"),
        ({"heart_rate": {"value": 50, "unit": "beats/min"}}, "no_time"),
        ({**body("heart_rate", 50, "beats/min"), "effective_time_frame": {"time_interval": {"date": "2026-11-29"}}},
         "time_imprecise"),
    ],
)  # fmt: skip
def test_what_the_schema_does_not_allow_gives_no_reading(inner, sign):
    one = only(point(inner))

    assert one.readings == []
    assert sign in [code for code, _ in signs(one)]


def test_a_duration_gives_the_beginning_from_the_end_and_a_long_one_nothing():
    def during(**interval):
        return only(point({**body("heart_rate", 60, "beats/min"), "effective_time_frame": {"time_interval": interval}}))

    moment = "2026-11-29T21:00:00Z"
    ended = during(end_date_time=moment, duration={"value": 2, "unit": "min"})
    assert ended.readings[0]["taken_at"] == "2026-11-29T20:58:00Z"
    for unit, hours in (("h", 8), ("d", 1)):
        one = during(start_date_time=moment, duration={"value": hours, "unit": unit})
        assert [code for code, _ in signs(one)] == ["time_imprecise"]


def test_half_a_pressure_in_a_wrong_unit_takes_the_other_half_along():
    inner = {**body("systolic_blood_pressure", 120, "mmH"), **body("diastolic_blood_pressure", 80, "mmHg")}

    assert only(point(inner)).readings == []


def export(*records):
    head = '<?xml version="1.0"?><!DOCTYPE HealthData [<!ELEMENT HealthData (Record*)>]><HealthData locale="de_DE">'
    return (head + "".join(records) + "</HealthData>").encode()


def record(kind, value, unit, at="2026-11-29 20:00:00 +0100", inner=""):
    kind = f"HKQuantityTypeIdentifier{kind}"
    return (
        f'<Record type="{kind}" sourceName="Watch" unit="{unit}" startDate="{at}" endDate="{at}" value="{value}">'
        f"{inner}</Record>"
    )


def test_an_apple_export_is_one_persons_and_its_percent_is_a_fraction():
    typed = '<MetadataEntry key="HKWasUserEntered" value="1"/>'
    data = export(
        record("HeartRate", 72, "count/min"),
        record("OxygenSaturation", 0.97, "%"),
        record("BodyTemperature", 98.6, "degF", inner=typed),
        record("StepCount", 12, "count"),
        record("RestingHeartRate", 51, "count/min"),
    )
    one = only(data, patient="p-1")

    assert [(reading["source"], values(reading)) for reading in one.readings] == [
        ("wearable", {"heart_rate": 72.0, "spo2": 97.0}),
        ("spot", {"temperature": 98.6}),
    ]
    assert one.readings[0]["vitals"]["spo2"]["unit"] == "%"
    assert signs(one) == [("aggregate", "Record")]
    assert {reading["patient_id"] for reading in one.readings} == {"p-1"}


def test_a_long_export_is_told_in_parts():
    def at(n):
        return f"2026-11-29 {n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d} +0100"

    rows = [record("HeartRate", 60 + n % 40, "count/min", at(n)) for n in range(12_000)]
    results = convert(export(*rows), patient="p-1")

    assert len(results) == 3
    assert sum(len(one.readings) for one in results) == 12_000


def test_withings_values_have_a_power_of_ten_and_goals_are_left():
    def group(category, *measures, **more):
        return {"category": category, "date": 1_795_996_800, "measures": list(measures), **more}

    pressure = ({"type": 10, "value": 1234, "unit": -1}, {"type": 9, "value": 81, "unit": 0})
    goal = group(2, {"type": 9, "value": 70, "unit": 0})
    stranger = group(1, {"type": 9, "value": 70, "unit": 0}, attrib=1)
    one = only({"body": {"measuregrps": [group(1, *pressure, attrib=0), goal, stranger]}})

    assert [values(reading) for reading in one.readings] == [{"systolic_bp": 123.4, "diastolic_bp": 81.0}]


def test_a_time_of_day_needs_the_sites_zone():
    document = {
        "activities-heart": [{"dateTime": "2026-07-01"}],
        "activities-heart-intraday": {"dataset": [{"time": "00:01:00", "value": 64}]},
    }

    assert only(document).readings == []
    assert only(document, zone=BERLIN).readings[0]["taken_at"] == "2026-07-01T00:01:00+02:00"


def test_a_weather_series_is_no_body_temperature():
    sample = {"timestamp": "2026-11-29T20:00:00+00:00", "type": "weather_temperature", "value": 18.0, "unit": "°C"}
    one = only({"type": "x", "data": {"user_id": "u", "series_type": "weather_temperature", "samples": [sample]}})

    assert (one.outcome, one.readings) == (Outcome.IGNORED, [])


FULL = 1_164_931_200  # seconds of FIT on 2026-11-29


def test_a_fit_file_gives_readings_with_times_carried_on():
    one = only(
        fit(
            (55, (253, 0x86, FULL)),
            (55, (26, 0x84, (FULL + 60) & 0xFFFF), (27, 0x02, 61)),
            (269, (253, 0x86, FULL + 61), (0, 0x02, 97)),
            (297, (253, 0x86, FULL + 62), (0, 0x83, 1450)),
            (297, (253, 0x86, FULL + 63), (0, 0x83, -100)),
            (51, (253, 0x86, FULL + 64), (0, 0x84, 121), (1, 0x84, 80), (6, 0x02, 62)),
        )
    )

    assert [(reading["taken_at"][11:], values(reading)) for reading in one.readings] == [
        ("00:01:00Z", {"heart_rate": 61.0}),
        ("00:01:01Z", {"spo2": 97.0}),
        ("00:01:02Z", {"resp_rate": 14.5}),
        ("00:01:04Z", {"pulse_rate": 62.0, "systolic_bp": 121.0, "diastolic_bp": 80.0}),
    ]
    assert {reading["patient_id"] for reading in one.readings} == {"unassigned:123456"}
    assert [code for code, _ in signs(one)] == ["data_absent", "no_patient", "no_patient", "no_patient", "no_patient"]


def test_an_invalid_value_of_fit_is_no_value():
    assert only(fit((20, (253, 0x86, FULL), (3, 0x02, 0xFF)))).readings == []


def test_a_fit_file_with_a_flipped_bit_is_not_read_any_further():
    data = bytearray(fit((20, (253, 0x86, FULL), (3, 0x02, 61))))
    data[30] ^= 4
    one = only(bytes(data))

    assert (one.readings, signs(one)) == ([], [("malformed", "file")])


def test_a_time_that_only_counts_from_switching_on_is_none():
    one = only(fit((20, (253, 0x86, 5_000), (3, 0x02, 61))))

    assert one.readings == []
    assert "no_time" in [code for code, _ in signs(one)]


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        ({"BODataList": [{"BO": 96, "HR": 71, "MDate": 1_795_996_800, "TimeZone": "+0100"}]},
         {"pulse_rate": 71.0, "spo2": 96.0}),
        ({"point": [{"dataTypeName": "com.google.heart_rate.bpm", "startTimeNanos": "1795996800000000000",
                     "value": [{"fpVal": 54.5}]}]}, {"heart_rate": 54.5}),
        ({"deviceId": "d", "endDate": "2026-11-29T20:00:00Z", "heartRate": "78"}, {"heart_rate": 78.0}),
        ({"Body": {"deviceId": "d", "data": [{"systolic": "120", "diastolic": "80", "date": "2026-11-29T20:00:00Z"}]},
          "Properties": {}}, {"systolic_bp": 120.0, "diastolic_bp": 80.0}),
    ],
)  # fmt: skip
def test_the_shipped_mappings_know_their_vendors(document, wanted):
    assert [values(reading) for reading in only(document).readings] == [wanted]
