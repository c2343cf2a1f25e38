"""HL7 v2 results as hospitals and monitors send them."""

import pytest

from streams.formats.findings import Outcome
from tests.streams.formats.making import BERLIN, HEART_RATE, SPO2, convert, message, obx, signs, values


def only(data, **how):
    (one,) = convert(data, **how)
    return one


def test_a_monitors_message_becomes_one_reading_of_one_instant():
    one = only(message(HEART_RATE, SPO2))

    assert one.outcome is Outcome.TAKEN
    (reading,) = one.readings
    assert values(reading) == {"heart_rate": 82.0, "spo2": 97.0}
    assert (reading["patient_id"], reading["taken_at"]) == ("4711", "2026-11-29T21:59:59+01:00")
    assert reading["source"] == "monitor"


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\n\r\n"])
def test_any_line_end_separates_segments(end):
    assert values(only(message(HEART_RATE, SPO2, end=end)).readings[0]) == {"heart_rate": 82.0, "spo2": 97.0}


def test_two_frames_the_first_without_its_last_carriage_return_stay_two_patients():
    other = message(obx(1, "150456^MDC_PULS_OXIM_SAT_O2^MDC", 81, "^MDC_DIM_PERCENT^MDC"), control="M-2",
                    pid="PID|||12^^^H^MR")  # fmt: skip
    wire = b"\x0b" + message(SPO2).rstrip(b"\r") + b"\x1c\x0b" + other + b"\x1c\r"
    first, second = convert(wire)

    assert [(one.readings[0]["patient_id"], values(one.readings[0])) for one in (first, second)] == [
        ("4711", {"spo2": 97.0}),
        ("12", {"spo2": 81.0}),
    ]


def test_batches_are_taken_message_by_message_and_a_wrong_count_is_told():
    wire = b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + message(HEART_RATE) + message(SPO2, control="M-2") + b"BTS|3\rFTS|1\r"
    first, second = convert(wire)

    assert [one.outcome for one in (first, second)] == [Outcome.TAKEN, Outcome.TAKEN]
    assert ("count_mismatch", "BTS") in signs(first, "note")


@pytest.mark.parametrize(
    ("rows", "patient", "wanted"),
    [
        ([obx(1, "8867-4^Heart rate^LN", 82, "/min^^UCUM")], None, {"heart_rate": 82.0}),
        ([obx(1, "local-9^MDC_TEMP^MDC", "36.80", "MDC_DIM_DEGC")], None, {"temperature": 36.8}),
        ([obx(1, "188424^MDC_TEMP_ORAL^MDC", "98.6", "266560^MDC_DIM_FAHR^MDC")], None, {"temperature": 98.6}),
        ([obx(1, "150456^MDC_PULS_OXIM_SAT_O2^MDC^2708-6^SpO2^LN", 97, "%^^UCUM")], None, {"spo2": 97.0}),
        ([obx(1, "149530^MDC_PULS_OXIM_PULS_RATE^MDC^8867-4^HR^LN", 61, "/min^^UCUM")], None, {"pulse_rate": 61.0}),
        ([obx(1, "9279-1^Resp^LN", "^16", "/min^^UCUM", kind="SN")], None, {"resp_rate": 16.0}),
        ([obx(1, "67775-7^ACVPU^LN", "300202002^Responds to voice^SCT", "", kind="CWE")], None, {"consciousness": "V"}),
        ([obx(1, "3151-8^O2 flow^LN", "5", "L/min^^UCUM")], None, {"oxygen_flow": 5.0, "supplemental_oxygen": True}),
        ([obx(1, "0002-4bb8^SpO2^MDIL", "93", "0004-0220^%^MDIL")], None, {"spo2": 93.0}),
    ],
)
def test_codes_of_four_systems_and_of_a_vendor_are_known(rows, patient, wanted):
    one = only(message(*rows))

    assert values(one.readings[0]) == wanted
    assert signs(one) == []


@pytest.mark.parametrize(
    ("row", "sign", "field"),
    [
        (obx(1, "150017^MDC_PRESS_BLD_NONINV_SYS^MDC", 120, "mm[Hg]^^UCUM"), "code_mismatch", 3),
        (obx(1, "150456^MDC_PULS_OXIM_SAT_O2^MDC^8867-4^HR^LN", 97, "%^^UCUM"), "code_mismatch", 3),
        (obx(1, "9269-2^GCS^LN", 13, "{score}^^UCUM"), "other_scale", 3),
        (obx(1, "153728^MDC_SCORE_GLAS_COMA^MDC", 13, "{score}^^UCUM"), "other_scale", 3),
        (obx(1, "96608-5^Mean systolic^LN", 120, "mm[Hg]^^UCUM"), "aggregate", 3),
        (obx(1, "HR^HR^L", 82, "bpm"), "unmapped", 3),
        (obx(1, "8867-4^HR^LN", 82, ""), "missing_unit", 6),
        (obx(1, "8867-4^HR^LN", 82, "mm[Hg]^^UCUM"), "unknown_unit", 6),
        (obx(1, "8310-5^T^LN", "36,8", "Cel^^UCUM"), "inexact_value", 5),
        (obx(1, "9279-1^RR^LN", "1.6E1", "/min^^UCUM"), "inexact_value", 5),
        (obx(1, "9279-1^RR^LN", "^1.6E1", "/min^^UCUM", kind="SN"), "inexact_value", 5),
        (obx(1, "8867-4^HR^LN", ">200", "/min^^UCUM"), "inexact_value", 5),
        (obx(1, "8867-4^HR^LN", ">^200", "/min^^UCUM", kind="SN"), "inexact_value", 5),
        (obx(1, "8480-6^BP^LN", "120~122", "mm[Hg]^^UCUM"), "repeated_value", 5),
        (obx(1, "9279-1^RR^LN", "", "/min^^UCUM"), "no_value", 5),
        (obx(1, "9279-1^RR^LN", '""', "/min^^UCUM"), "no_value", 5),
        (obx(1, "8867-4^HR^LN", 82, "/min^^UCUM", kind="ED"), "wrong_type", 2),
        (obx(1, "8867-4^HR^LN", 999, "/min^^UCUM"), "impossible", None),
        (obx(1, "59408-5^SpO2^LN", "0.97", "%^^UCUM"), "fraction", None),
        (obx(1, "59408-5^SpO2^LN", 0, "%^^UCUM"), "impossible", None),
        (obx(1, "8867-4^HR^LN", 82, "/min^^UCUM", flags="INV"), "not_usable", None),
    ],
)
def test_what_cannot_be_taken_is_named_with_its_place(row, sign, field):
    one = only(message(row))

    assert one.outcome is Outcome.REFUSED
    assert one.readings == []
    assert signs(one) == [(sign, f"OBX[1].{field}" if field else "OBX[1]")]


@pytest.mark.parametrize("status", ["D", "W", "X", "I", "N", "O", "U", "S", "Q"])
def test_a_status_that_is_no_result_gives_no_reading(status):
    one = only(message(obx(1, "8867-4^HR^LN", 82, "/min^^UCUM", status=status)))

    assert one.readings == []
    assert [code for code, _ in signs(one)] == ["status"]


def test_a_good_neighbour_of_a_bad_value_is_taken():
    one = only(message(obx(1, "9279-1^RR^LN", "", "/min^^UCUM"), SPO2))

    assert one.outcome is Outcome.PARTLY
    assert values(one.readings[0]) == {"spo2": 97.0}


def test_an_own_time_comes_before_that_of_the_row_above_and_that_before_the_orders():
    cuff = obx(1, "150020^MDC_PRESS_BLD_NONINV^MDC", "", "", path="1.1.9.0", taken="20261129214000+0100", kind="")
    systolic = obx(2, "150021^MDC_PRESS_BLD_NONINV_SYS^MDC", 120, "^MDC_DIM_MMHG^MDC", path="1.1.9.1")
    late = obx(3, "150344^MDC_TEMP^MDC", 37, "^MDC_DIM_DEGC^MDC", taken="20261129213000+0100")
    one = only(message(cuff, systolic, late, HEART_RATE))

    assert {reading["taken_at"]: list(reading["vitals"]) for reading in one.readings} == {
        "2026-11-29T21:40:00+01:00": ["systolic_bp"],
        "2026-11-29T21:30:00+01:00": ["temperature"],
        "2026-11-29T21:59:59+01:00": ["heart_rate"],
    }


@pytest.mark.parametrize(
    ("taken", "sent", "zone", "sign"),
    [
        ("20261129", "20261129220000+0100", None, "time_imprecise"),
        ("2026112921", "20261129220000+0100", None, "time_imprecise"),
        ("20261129215959", "20261129220000", None, "no_time_zone"),
        ("", "20261129220000+0100", None, "no_time"),
        ("20261325000000", "20261129220000+0100", None, "no_time"),
        ("20261025023000", "20261129220000", BERLIN, "time_ambiguous"),
        ("20260329023000", "20261129220000", BERLIN, "time_ambiguous"),
    ],
)
def test_a_time_is_never_bettered(taken, sent, zone, sign):
    one = only(message(HEART_RATE, taken=taken, sent=sent), zone=zone)

    assert one.readings == []
    assert sign in [code for code, _ in signs(one)]
    assert one.held[0]["vitals"]["heart_rate"]["value"] == 82.0


def test_the_sites_zone_or_that_of_the_message_completes_a_time():
    assert only(message(HEART_RATE, taken="20260701120000", sent="20260701120001"), zone=BERLIN).readings[0][
        "taken_at"
    ] == ("2026-07-01T12:00:00+02:00")
    assert only(message(HEART_RATE, taken="20260701120000", sent="20260701120001-0500"), zone=BERLIN).readings[0][
        "taken_at"
    ] == ("2026-07-01T12:00:00-05:00")


def test_a_preliminary_value_is_marked_and_the_final_one_replaces_it_with_its_neighbours():
    early = message(obx(1, "8480-6^S^LN", 120, "mm[Hg]^^UCUM", status="P"), SPO2)
    final = message(obx(1, "8480-6^S^LN", 124, "mm[Hg]^^UCUM", status="F"), control="M-2")
    first, second = convert(early + final)

    assert first.readings[0]["vitals"]["systolic_bp"]["quality"] == "questionable"
    assert second.readings[0]["corrects"] == first.readings[0]["sequence"]
    assert values(second.readings[0]) == {"systolic_bp": 124.0, "spo2": 97.0}


def test_a_correction_replaces_and_a_deletion_withdraws():
    row = "8480-6^S^LN"
    first, second, third = convert(
        message(obx(1, row, 120, "mm[Hg]^^UCUM", status="F"))
        + message(obx(1, row, 210, "mm[Hg]^^UCUM", status="C"), control="M-2")
        + message(obx(1, row, 210, "mm[Hg]^^UCUM", status="D"), control="M-3")
    )

    assert second.readings[0]["corrects"] == first.readings[0]["sequence"]
    assert third.readings[0]["corrects"] == second.readings[0]["sequence"]
    assert third.readings[0]["vitals"] == {}


def test_what_a_message_withdraws_is_not_taken_from_the_same_message():
    rows = [obx(at, "8480-6^S^LN", 120, "mm[Hg]^^UCUM", status=status) for at, status in ((1, "F"), (2, "D"))]
    (stated_first,) = convert(message(*rows))
    (stated_again,) = convert(message(*reversed(rows)))

    assert stated_first.readings == []
    assert values(stated_again.readings[0]) == {"systolic_bp": 120.0}


@pytest.mark.parametrize(
    ("code", "sign"),
    [
        ("8867-4^Respiratory rate^LN", "code_mismatch"),
        ("364075005^Respiratory rate^SCT", "code_mismatch"),
        ("8867-4", "unmapped"),
    ],
)
def test_a_code_that_disagrees_with_its_name_or_has_no_system_is_not_mapped(code, sign):
    (one,) = convert(message(obx(1, code, 22, "/min^^UCUM")))

    assert (one.readings, signs(one)) == ([], [(sign, "OBX[1].3")])


@pytest.mark.parametrize(("said", "codec"), [("UTF-8", "utf-8"), ("ISO-8859-1", "latin-1"), ("Windows-1252", "cp1252")])
def test_character_sets_that_the_table_does_not_name_are_read(said, codec):
    row = obx(1, "8310-5^T^LN", 37, "°C")
    (one,) = convert(message(row, charset=said).decode().encode(codec))

    assert (one.outcome, values(one.readings[0])) == (Outcome.TAKEN, {"temperature": 37.0})


def test_the_same_message_again_is_the_same_reading_and_another_message_is_another():
    first, again, other = convert(message(SPO2) + message(SPO2) + message(HEART_RATE, control="M-2"))

    assert first.readings == again.readings
    assert first.readings[0]["sequence"] != other.readings[0]["sequence"]


def test_sequences_rise_with_time():
    early, late = convert(
        message(SPO2, taken="20261129215900+0100", control="zzz") + message(SPO2, taken="20261129215901+0100")
    )

    assert early.readings[0]["sequence"] < late.readings[0]["sequence"] < 2**53


@pytest.mark.parametrize("mode", ["T", "D"])
def test_training_and_debugging_messages_are_marked(mode):
    assert only(message(SPO2, mode=mode)).readings[0]["mode"] == "test"


def test_a_value_that_the_device_calls_a_test_is_marked_and_its_neighbour_is_not():
    flagged = obx(1, "147842^MDC_ECG_HEART_RATE^MDC", 82, "^MDC_DIM_BEAT_PER_MIN^MDC", flags="TEST")
    readings = only(message(flagged, SPO2)).readings

    assert {tuple(reading["vitals"]): reading.get("mode", "real") for reading in readings} == {
        ("heart_rate",): "test",
        ("spo2",): "real",
    }


def test_pressures_the_wrong_way_round_are_marked_and_told():
    rows = [obx(1, "8480-6^S^LN", 70, "mm[Hg]^^UCUM"), obx(2, "8462-4^D^LN", 110, "mm[Hg]^^UCUM")]
    one = only(message(*rows))

    assert one.outcome is Outcome.PARTLY
    assert {measure["quality"] for measure in one.readings[0]["vitals"].values()} == {"questionable"}


def test_half_a_pressure_is_not_taken_where_the_other_half_is_impossible():
    rows = [obx(1, "8480-6^S^LN", 999, "mm[Hg]^^UCUM"), obx(2, "8462-4^D^LN", 60, "mm[Hg]^^UCUM")]

    assert only(message(*rows)).readings == []


def test_a_result_that_holds_no_vital_is_ignored_and_its_codes_are_named():
    one = only(message(obx(1, "29463-7^Body weight^LN", 70, "kg^^UCUM")))

    assert one.outcome is Outcome.IGNORED
    assert signs(one, "note") == [("not_watched", "OBX[1].3")]


def test_the_device_above_a_row_is_its_device():
    tree = obx(1, "70001^MDC_DEV_SYS_PT_VTL_MDS^MDC", "", "", path="1.0.0.0", status="X", kind="",
               device="MON12^Maker^0012AAFFFE34BB56^EUI-64")  # fmt: skip

    assert only(message(tree, HEART_RATE)).readings[0]["device_id"] == "0012AAFFFE34BB56"


def test_without_a_patient_the_reading_stands_under_an_id_of_its_devices_own():
    tree = obx(1, "70001^MDC_DEV^MDC", "", "", path="1.0.0.0", status="X", kind="", device="MON12")
    one = only(message(tree, HEART_RATE, pid="PID|||^^^H^PI"))
    first, second = convert(message(HEART_RATE, pid=None) + message(HEART_RATE, pid=None, control="M-2"))

    assert one.readings[0]["patient_id"] == "unassigned:MON12"
    assert signs(one) == [("no_patient", "OBX[2]")]
    # no device either: nothing says that these are one person's
    assert first.readings[0]["patient_id"] != second.readings[0]["patient_id"]


def test_a_message_is_read_in_its_own_character_set():
    row = obx(1, "8310-5^Körper^LN", 37, "Cel^^UCUM")
    data = message(row, charset="8859/1", pid="PID|||é1^^^H^MR").decode().encode("latin-1")

    assert only(data).readings[0]["patient_id"] == "é1"


def test_delimiters_are_those_of_the_message():
    data = message(HEART_RATE).decode().replace("|", "#").replace("^~\\&", "*~\\&").replace("^", "*").encode()

    assert values(only(data).readings[0]) == {"heart_rate": 82.0}


@pytest.mark.parametrize(
    ("kind", "outcome", "code"),
    [
        ("ACK^R01", Outcome.IGNORED, "not_a_result"),
        ("SIU^S12", Outcome.IGNORED, "not_a_result"),
        ("ORU^R40^ORU_R40", Outcome.IGNORED, "not_a_result"),
        ("", Outcome.REFUSED, "no_event"),
    ],
)
def test_other_messages_are_told_apart(kind, outcome, code):
    one = only(message(HEART_RATE, kind=kind))

    assert one.outcome is outcome
    assert code in [str(said.code) for said in one.findings]


def test_a_message_of_version_3_is_refused_with_the_field():
    one = only(message(HEART_RATE).replace(b"|2.6|", b"|3.0|"))

    assert signs(one) == [("unsupported_version", "MSH[1].12")]


def test_an_id_with_control_characters_is_another_than_the_one_without():
    odd, plain = (
        only(message(SPO2, pid=f"PID|||{name}^^^H^MR")).readings[0]["patient_id"] for name in ("a\x7fb", "ab")
    )

    assert plain == "ab"
    assert odd.startswith("ab~")
