import json
from itertools import pairwise

from schemas.patient import PatientRecord
from streams.demo.looped import Looped
from streams.recordings.recordings import read_folder
from streams.recordings.samples import folder

HOUR_MS = 3_600_000
BIDMC = folder("bidmc")


def rates(ward, patient, from_ms, to_ms):
    return [
        json.loads(value)["vitals"].get("heart_rate", {}).get("value")
        for _, who, value in ward.readings(from_ms, to_ms)
        if who == patient
    ]


def test_the_first_lap_is_the_recording_itself():
    ward = Looped(BIDMC, start_ms=0)
    looped = [json.loads(value) for _, who, value in ward.readings(0, 481_000) if who == "bidmc19"]
    recorded = [json.loads(value) for _, _, value in read_folder(BIDMC, start_ms=0, patients={"bidmc19"})]

    assert [(r["patient_id"], r["taken_at"], r["sequence"], r["vitals"]) for r in looped] == [
        (r["patient_id"], r["taken_at"], r["sequence"], r["vitals"]) for r in recorded
    ]
    assert {reading["mode"] for reading in looped} == {"demo"}


def test_the_second_lap_goes_backwards_so_that_nothing_jumps():
    ward = Looped(BIDMC, start_ms=0)

    there, back = rates(ward, "bidmc23", 0, 481_000), rates(ward, "bidmc23", 480_000, 961_000)

    assert there == back[::-1]


def test_any_cut_into_stretches_gives_the_same_readings():
    ward = Looped(BIDMC, start_ms=500)
    whole = list(ward.readings(-5000, HOUR_MS // 4))
    edges = [-5000, 0, 499, 500, 501, 1500, 7777, 481_500, 481_501, HOUR_MS // 4]

    parts = [reading for a, b in pairwise(edges) for reading in ward.readings(a, b)]

    assert parts == whole
    assert whole[0][0] == 500


def test_the_sequence_counts_on_without_end():
    ward = Looped(BIDMC, start_ms=0)

    sequences = [json.loads(value)["sequence"] for _, who, value in ward.readings(0, HOUR_MS) if who == "bidmc03"]

    assert sequences == list(range(3600))


def test_admissions_say_what_the_recording_knows_and_no_more():
    records = {record["patient_id"]: record for record in Looped(BIDMC, start_ms=0, first_bed=17).admissions()}

    assert [record["bed"] for record in records.values()] == [f"A{number}" for number in range(17, 27)]
    assert (records["bidmc28"]["age_years"], records["bidmc28"]["sex"]) == (90.0, "unknown")
    assert records["bidmc28"]["devices"] == ["monitor-bidmc28"]
    for record in records.values():
        assert PatientRecord.model_validate_json(json.dumps(record)).unknown_fields == ()
