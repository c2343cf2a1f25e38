"""Messages as gateways, monitors and records of the field send them, worded here after their public descriptions."""

import pytest

from streams.formats.findings import Outcome
from tests.streams.formats.making import BERLIN, SPO2, convert, message, observation, obx, signs, values

LOINC, SNOMED, MDC = "http://loinc.org", "http://snomed.info/sct", "urn:iso:std:iso:11073:10101"
UCUM = "http://unitsofmeasure.org"


def only(what, **how):
    (one,) = convert(what, **how)
    return one


def coded(*codings):
    return {"coding": [dict(zip(("system", "code", "display"), one, strict=False)) for one in codings]}


def quantity(value, unit):
    return {"valueQuantity": {"value": value, "system": UCUM, "code": unit}}


def monitor(*rows, order="MONITOR"):
    head = "MSH|^~\\&|^Monitor||||20140510124500||ORU^R01^ORU_R01|M-1|P|2.4\rPID|||MRN1\r"
    return (head + f"OBR||||{order}|||20140510124500\r" + "\r".join(rows) + "\r").encode()


PHILIPS = [
    "OBX||NM|0002-4bb8^SpO2^MDIL||98|0004-0220^%^MDIL|||||F",
    "OBX||NM|0002-4a05^NBPs^MDIL||122|0004-0f20^mmHg^MDIL|||||F|||20140510124430",
    "OBX||NM|0002-4a06^NBPd^MDIL||85|0004-0f20^mmHg^MDIL|||||F|||20140510124430",
    "OBX||NM|0002-480a^Pulse^MDIL||80|0004-0aa0^bpm^MDIL|||||F",
    "OBX||NM|0002-5000^Resp^MDIL||20|0004-0ae0^rpm^MDIL|||||F",
    "OBX||NM|0002-f0c7^T1^MDIL||99.1|0004-1140^F^MDIL|||||F",
    "OBX||NM|0002-4a1d^PAPs^MDIL||31|0004-0f20^mmHg^MDIL|||||F",
    "OBX||NM|0002-4a47^CVPm^MDIL||9|0004-0f20^mmHg^MDIL|||||F",
    "OBX||TX|2^Yellow Alarm^MDIL-ALERT||SpO2 High, SpO2=98 %||||||F",
]


def test_a_monitors_hexadecimal_codes_are_those_of_the_standard():
    one = only(monitor(*PHILIPS), zone=BERLIN)

    first, second = one.readings
    assert (first["taken_at"], values(first)) == (
        "2014-05-10T12:44:30+02:00", {"systolic_bp": 122.0, "diastolic_bp": 85.0},
    )  # fmt: skip
    assert values(second) == {"spo2": 98.0, "pulse_rate": 80.0, "resp_rate": 20.0, "temperature": 99.1}
    assert second["vitals"]["temperature"]["unit"] == "[degF]"
    assert {first["source"], second["source"]} == {"monitor"}
    assert signs(one) == []


def test_a_spot_check_stays_one_whatever_codes_it_is_sent_with():
    one = only(monitor(*PHILIPS[:6], order="SPOTCHECK"), zone=BERLIN)

    assert {reading["source"] for reading in one.readings} == {"spot"}


def test_two_pressures_in_one_value_are_not_taken_apart():
    one = only(message(obx(1, "85354-9^Blood pressure^LN", "120/80", "mm[Hg]^^UCUM", kind="ST")))

    assert signs(one) == [("inexact_value", "OBX[1].5")]
    assert one.readings == []


@pytest.mark.parametrize("unit", ["mmHg", "mm(hg)", "MMHG", "mm[Hg]", "mm[Hg]^^UCUM"])
def test_a_unit_is_written_in_one_way(unit):
    one = only(message(obx(1, "8480-6^Systolic^LN", 120, unit)))

    assert one.readings[0]["vitals"]["systolic_bp"]["unit"] == "mm[Hg]"


@pytest.mark.parametrize(
    ("code", "value", "unit", "wanted"),
    [
        ([("urn:local", "6", "Temp"), (LOINC, "8310-5"), (LOINC, "8716-3")], 36.9, "Cel", {"temperature": 36.9}),
        ([("urn:local", "7", "Peripheral Pulse Rate"), (LOINC, "8893-0"), (LOINC, "8867-4")], 104, "{Beats}/min",
         {"pulse_rate": 104.0}),
        ([(LOINC, "76477-9", "Heart rate by Noninvasive")], 59, "{beats}/min", {"heart_rate": 59.0}),
        ([(LOINC, "8867-4")], 80, "/min{beats}", {"heart_rate": 80.0}),
        ([(LOINC, "76270-8")], 16, "/min", {"resp_rate": 16.0}),
        ([(LOINC, "75539-7", "Body temperature - Temporal artery"), (LOINC, "8310-5")], 37, "Cel",
         {"temperature": 37.0}),
        ([(SNOMED, "386534000", "Arterial blood pressure"), (LOINC, "8480-6"), (LOINC, "76215-3"), (MDC, "150033")],
         107, "mm[Hg]", {"systolic_bp": 107.0}),
        ([(LOINC, "8460-8", "Systolic blood pressure--standing")], 118, "mm[Hg]", {"systolic_bp": 118.0}),
    ],
)  # fmt: skip
def test_a_vital_of_a_record_is_known_by_its_method_or_posture_too(code, value, unit, wanted):
    one = only(observation(value=value, unit=unit, code=coded(*code)))

    assert [values(reading) for reading in one.readings] == [wanted]
    (measure,) = one.readings[0]["vitals"].values()
    assert measure["unit"] in ("/min", "Cel", "mm[Hg]")


@pytest.mark.parametrize(
    "changes",
    [
        {"code": coded((SNOMED, "276755008", "Right atrial pressure"), (LOINC, "60996-6"))},
        {"code": coded((SNOMED, "250767002"), (LOINC, "8440-0"))},
        {"code": coded((MDC, "150044"))},
        {"code": {"text": "Pulmonalarterieller Blutdruck"}},
        {"code": coded((LOINC, "85354-9")), "bodySite": coded((SNOMED, "81040000", "Pulmonary artery structure"))},
    ],
)
def test_a_pressure_elsewhere_is_no_blood_pressure_whatever_its_parts_are_coded_as(changes):
    part = {"code": coded((LOINC, "8480-6")), **quantity(25, "mm[Hg]")}
    one = only(observation(valueQuantity=None, component=[part], **changes))

    assert one.outcome is Outcome.REFUSED
    assert signs(one) == [("code_mismatch", "Observation.component[0].code")]


@pytest.mark.parametrize(
    ("code", "value", "unit"),
    [
        ([(LOINC, "8480-6"), (MDC, "150045")], 25, "mm[Hg]"),
        ([(LOINC, "8480-6"), (LOINC, "60998-2", "Right atrial pressure Systolic")], 5, "mm[Hg]"),
        ([(LOINC, "8310-5"), (MDC, "150388")], 33, "Cel"),
        ([(LOINC, "8310-5", "Skin temperature")], 33, "Cel"),
        ([(LOINC, "8867-4", "Fetal heart rate")], 140, "/min"),
        ([(LOINC, "59408-5", "Oxygen saturation in Mixed venous blood")], 70, "%"),
    ],
)
def test_a_general_code_beside_a_special_one_is_not_taken_at_its_word(code, value, unit):
    one = only(observation(value=value, unit=unit, code=coded(*code)))

    assert signs(one) == [("code_mismatch", "Observation.code")]


def test_a_forehead_has_skin_and_a_bodys_temperature():
    site = coded((SNOMED, "0", "Skin structure of forehead"))
    one = only(observation("8310-5", 37, "Cel", bodySite=site))

    assert one.outcome is Outcome.TAKEN


def test_an_element_of_many_types_that_is_given_twice_is_refused():
    twice = only(observation(valueString="82"))
    assert signs(twice) == [("repeated_value", "Observation.value[x]")]

    when = only(observation(effectivePeriod={"start": "2026-11-29T20:00:00Z"}))
    assert when.readings == []
    assert ("repeated_value", "Observation.effective[x]") in signs(when)


@pytest.mark.parametrize(
    "whole",
    [
        coded((LOINC, "96607-7")),
        coded((LOINC, "97844-3")),
        coded((LOINC, "85354-9", "Blood pressure panel 24 hour mean")),
        coded((LOINC, "85354-9"), ("http://terminology.hl7.org/CodeSystem/observation-statistics", "average")),
    ],
)
def test_a_mean_over_a_time_stays_one_though_its_parts_are_coded_plainly(whole):
    part = {"code": coded((LOINC, "8480-6", "Systolic blood pressure")), **quantity(120, "mm[Hg]")}
    one = only(observation(valueQuantity=None, component=[part], code=whole))

    assert one.readings == []
    assert {code for code, _ in signs(one)} <= {"aggregate", "code_mismatch"}


@pytest.mark.parametrize("name", ["Average heart rate", "Heart rate 24 hour maximum", "Mean heart rate"])
def test_a_name_of_a_mean_is_believed(name):
    assert only(message(obx(1, f"8867-4^{name}^LN", 82, "/min^^UCUM"))).readings == []
    assert only(observation(code=coded((LOINC, "8867-4", name)))).readings == []


def test_a_mean_pressure_is_a_single_measurement():
    one = only(observation("8478-0", 80, "mm[Hg]", code=coded((LOINC, "8478-0", "Mean blood pressure"))))

    assert [values(reading) for reading in one.readings] == [{"mean_bp": 80.0}]


def test_an_observation_may_leave_its_value_to_its_parts():
    code = coded((LOINC, "76477-9", "Heart rate by Noninvasive"))
    part = {"code": code, **quantity(59, "{beats}/min")}

    told = only(observation(valueQuantity=None, code=code, component=[part]))
    assert (told.outcome, [values(one) for one in told.readings]) == (Outcome.TAKEN, [{"heart_rate": 59.0}])
    members = observation(valueQuantity=None, hasMember=[{"reference": "Observation/2"}])
    assert only(members).outcome is Outcome.IGNORED


@pytest.mark.parametrize(
    "code",
    [
        "8480-6^Systolic^LN^150045^MDC_PRESS_BLD_ART_PULM_SYS^MDC",
        "8480-6^Systolic^LN^PAPs^Pulmonary artery systolic^L",
        "8310-5^Temperature^LN^150388^MDC_TEMP_SKIN^MDC",
        "8480-6^Systolic^LN^0002-4a1d^PAPs^MDIL",
    ],
)
def test_of_two_codes_the_special_one_decides(code):
    unit = "Cel^^UCUM" if code.startswith("8310") else "mm[Hg]^^UCUM"
    one = only(message(obx(1, code, 36, unit)))

    assert (one.readings, signs(one)) == ([], [("code_mismatch", "OBX[1].3")])


def test_alertness_entered_at_a_monitor_is_known_by_the_name_of_its_answer():
    def alertness(answer):
        return message(SPO2, obx(3, "598^MNDRY_EWS_LOC_AVPU^99MNDRY", answer, "", path="1.9.1.598", kind="CWE"))

    one = only(alertness("60036^MNDRY_SCORE_LOC_AVPU_VOICE^99MNDRY"))
    assert [(reading["source"], values(reading)) for reading in one.readings] == [
        ("monitor", {"spo2": 97.0}), ("spot", {"consciousness": "V"}),
    ]  # fmt: skip
    assert signs(only(alertness("60099^MNDRY_SCORE_LOC_DROWSY^99MNDRY"))) == [("inexact_value", "OBX[2].5")]


def test_a_pulse_by_plethysmogram_is_a_pulse():
    assert values(only(message(obx(1, "0002-4822^Pulse^MDIL", 80, "0004-0aa0^bpm^MDIL"))).readings[0]) == {
        "pulse_rate": 80.0
    }
