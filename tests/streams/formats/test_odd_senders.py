"""What senders of the field write against their standards: taken where it can mean one thing only, else named."""

import pytest

from streams.formats.findings import Outcome
from tests.streams.formats.making import SPO2, convert, fit, message, observation, obx, signs, values
from tests.streams.formats.test_admissions import admission

ACVPU = {"coding": [{"system": "http://loinc.org", "code": "80288-4"}]}
SNOMED = "http://snomed.info/sct"
AT = {"effective_time_frame": {"date_time": "2026-11-29T20:00:00+01:00"}}


def only(what, **how):
    (one,) = convert(what, **how)
    return one


@pytest.mark.parametrize(
    "code", ["PULS^Heart Rate^MDC", "59408-5^SpO2^MDC", "SpO2^Oxygen saturation^LN", "NIBP-S^Systolic BP^SCT"]
)
def test_a_local_code_under_the_name_of_a_standard_is_asked_to_be_mapped(code):
    one = only(message(obx(1, code, 97, "%")))

    assert (one.outcome, signs(one)) == (Outcome.REFUSED, [("unmapped", "OBX[1].3")])


@pytest.mark.parametrize("code", ["8302-2^Body height^LN", "150488^MDC_BLD_PERF_INDEX^MDC", "50373000^Height^SCT"])
def test_a_standards_own_code_of_something_else_is_left(code):
    one = only(message(obx(1, code, 97, "%")))

    assert (one.outcome, signs(one)) == (Outcome.IGNORED, [])


def test_a_loinc_code_without_its_system_is_known_by_number_and_name_together():
    one = only(message(obx(1, "8867-4^Heart rate", 82, "/min"), obx(2, "59408-5^Oxygen saturation", 97, "%")))

    assert [values(reading) for reading in one.readings] == [{"heart_rate": 82.0, "spo2": 97.0}]


@pytest.mark.parametrize("code", ["8867-4", "8867-4^HR", "8867-4^Respiratory rate", "8867-4^Fetal heart rate"])
def test_by_its_number_alone_it_is_not_nor_by_one_under_another_name(code):
    one = only(message(obx(1, code, 82, "/min")))

    assert one.readings == []
    assert next(sign for sign, _ in signs(one)) in ("unmapped", "code_mismatch")


def test_a_code_of_a_rate_that_is_called_acvpu_is_none():
    one = only(message(obx(1, "76270-8^AVPU score^LN", 2, "/min")))

    assert (one.readings, signs(one)) == ([], [("code_mismatch", "OBX[1].3")])


@pytest.mark.parametrize("code", ["188496^MDC_TEMP_AXIL^MDC", "188456^MDC_TEMP_GIT^MDC"])
def test_temperatures_of_further_sites_are_taken(code):
    one = only(message(obx(1, code, 36.4, "268192^MDC_DIM_DEGC^MDC")))

    assert [values(reading) for reading in one.readings] == [{"temperature": 36.4}]


def test_vitals_in_an_admission_are_named_and_not_taken():
    one = only(admission("A01", "OBX|1|NM|8867-4^Heart rate^LN||82|/min|||||F|||20261129120000"))

    assert (one.readings, len(one.patients)) == ([], 1)
    assert ("in_admission", "OBX[1].3") in signs(one)


def test_an_admission_without_vitals_says_nothing_of_them():
    one = only(admission("A01", "OBX|1|NM|8302-2^Body height^LN||172|cm|||||F"), zone=None)

    assert "in_admission" not in [sign for sign, _ in signs(one)]


def test_a_header_that_lacks_a_field_is_no_message_of_no_interest():
    one = only(message(SPO2).replace(b"||ORU^R01", b"|ORU^R01"))

    assert (one.outcome, signs(one)) == (Outcome.REFUSED, [("malformed", "MSH[1].9")])


def test_a_message_whose_segments_stand_on_one_line_is_refused():
    one = only(message(SPO2, end=" "))

    assert one.outcome is Outcome.REFUSED
    assert ("malformed", "OBR[1]") in signs(one)


def test_an_order_without_results_is_left():
    assert only(message()).outcome is Outcome.IGNORED


def consciousness(coding=None, text=None):
    value = {**({"coding": [coding]} if coding else {}), **({"text": text} if text else {})}
    return only(observation(code=ACVPU, valueQuantity=None, valueCodeableConcept=value))


@pytest.mark.parametrize(
    ("code", "display"),
    [("450847001", "Voice responsive (finding)"), ("248234008", "Unresponsive"), ("300202002", "Responds to pain")],
)
def test_a_letters_code_that_disagrees_with_its_name_is_none(code, display):
    one = consciousness({"system": SNOMED, "code": code, "display": display})

    assert (one.readings, [sign for sign, _ in signs(one)]) == ([], ["code_mismatch"])


@pytest.mark.parametrize("display", ["Mentally alert", "wach", ""])
def test_a_letters_code_with_its_name_is_taken_in_any_language(display):
    one = consciousness({"system": SNOMED, "code": "248234008", "display": display})

    assert [values(reading) for reading in one.readings] == [{"consciousness": "A"}]


def test_a_letters_code_in_hl7_with_the_name_of_another_is_none_either():
    one = only(message(obx(1, "80288-4^ACVPU^LN", "450847001^Responds to voice^SCT", "", kind="CWE")))

    assert (one.readings, signs(one)) == ([], [("code_mismatch", "OBX[1].5")])


def test_a_letter_in_words_alone_is_taken_and_a_word_of_no_letter_is_not():
    assert [values(reading) for reading in consciousness(text="Responds to voice").readings] == [{"consciousness": "V"}]
    assert consciousness(text="drowsy").readings == []


def test_a_word_does_not_stand_in_for_a_code_that_is_not_known():
    assert consciousness({"system": "urn:ours", "code": "5"}, text="Alert").readings == []


@pytest.mark.parametrize("name", ["descriptive_statistic", "descriptive-statistics", "descriptive_statistics"])
def test_a_statistic_is_known_however_it_is_spelt(name):
    one = only({"heart_rate": {"value": 50, "unit": "beats/min"}, **AT, name: "minimum"})

    assert (one.readings, signs(one)) == ([], [("aggregate", f"body.{name}")])


def test_an_impossible_flow_takes_the_saturation_with_it():
    flow = {"value": -2.5, "unit": "L/min"}
    one = only({"oxygen_saturation": {"value": 95, "unit": "%"}, "supplemental_oxygen_flow_rate": flow, **AT})

    assert (one.readings, [sign for sign, _ in signs(one)]) == ([], ["impossible", "held_with_pair"])


def cuff(pulse, source="FromDevice"):
    record = {"HP": 130, "LP": 95, "HR": pulse, "MDate": 1_795_996_800, "TimeZone": "+0100", "DataSource": source}
    return only({"BPDataList": [record], "BPUnit": 0})


@pytest.mark.parametrize("source", ["FromDevice", "Manual"])
def test_a_wearables_pulse_of_nought_is_none(source):
    one = cuff(0, source)

    assert [values(reading) for reading in one.readings] == [{"systolic_bp": 130.0, "diastolic_bp": 95.0}]
    assert ("no_value", "BPDataList[0].HR") in signs(one)
    assert values(cuff(61, source).readings[0])["pulse_rate"] == 61.0


def test_a_wearables_rate_of_nought_is_none_in_any_format_and_a_monitors_is_asystole():
    worn = only({"heart_rate": {"value": 0, "unit": "beats/min"}, **AT})
    monitored = only(message(obx(1, "147842^MDC_ECG_HEART_RATE^MDC", 0, "264864^MDC_DIM_BEAT_PER_MIN^MDC")))

    assert (worn.readings, [sign for sign, _ in signs(worn)]) == ([], ["no_value"])
    assert [values(reading) for reading in monitored.readings] == [{"heart_rate": 0.0}]


def test_an_iot_hubs_rate_in_small_letters_is_taken_and_what_is_not_mapped_is_named():
    hub = {"iothub-connection-device-id": "ev-1"}
    at = {"iothub-creation-time-utc": "2026-11-29T20:00:00Z"}
    one = only({"Body": {"heartrate": "103", "posture": {"lean": "4"}}, "Properties": at, "SystemProperties": hub})

    assert [values(reading) for reading in one.readings] == [{"heart_rate": 103.0}]
    assert ("not_watched", "record[0].Body.posture.lean") in signs(one, "note")


def test_apples_first_exports_wrote_their_times_without_signs():
    record = (
        b'<HealthData><Record type="HKQuantityTypeIdentifierHeartRate" source="Watch" unit="count/min" '
        b'startDate="20150616071820-0700" value="61"/></HealthData>'
    )

    (reading,) = only(record).readings
    assert (reading["taken_at"], reading["device_id"]) == ("2015-06-16T07:18:20-07:00", "Watch")


def test_a_straps_beats_by_its_own_clock_are_named():
    one = only(fit((132, (253, 0x86, 1_100_000_000), (6, 0x02, 61))))

    assert (one.readings, one.outcome) == ([], Outcome.IGNORED)
    assert signs(one, "note") == [("not_watched", "hr")]
