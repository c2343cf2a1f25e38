"""What is measured is what runs live, rests on the past alone, and knows neither outcome nor name of a patient."""

from functools import cache

import numpy as np
import pyarrow.parquet as pq
import pytest

from streams.config.packaged_rules import packaged_rules
from streams.lab.evaluation import stream as streaming
from streams.lab.evaluation.outcomes import read_outcomes
from streams.lab.evaluation.score_row import COLUMNS, RISKS, Heads, look
from streams.lab.evaluation.stream import stream, stream_folder
from streams.recorded.replay import Replay
from streams.recordings.recordings import START_MS, Recording
from streams.recordings.samples import folder

HOUR = 3_600_000
SEPSIS = folder("sepsis2019")


@cache
def recorded():
    return dict(Recording(SEPSIS).per_patient())


@cache
def whole(patient):
    return watched(patient, recorded()[patient])


def watched(patient, readings, **facts):
    return stream(patient, readings, rules=packaged_rules(), source="spot", **facts)


PATIENTS = sorted(recorded())


def test_without_a_nurse_the_alerts_are_those_of_a_replay(monkeypatch):
    """The lab adds one thing to a replay: the word that an alert was seen. Without it they are the same alerts."""
    monkeypatch.setattr(streaming, "_SEEN_MS", 10**12)
    patient = PATIENTS[0]
    course = watched(patient, recorded()[patient])
    one = Replay(partitions=1)
    replayed = [output for _, line in recorded()[patient] for output in one.take(line)]
    moments = [(out.due - START_MS) / 1_000 for out in replayed if out.topic == "alerts"]

    assert moments
    assert [one.at_s for one in course.revisions][: len(moments)] == moments


@pytest.mark.parametrize("patient", PATIENTS[:3])
@pytest.mark.parametrize("hours", [9, 21])
def test_cutting_the_future_off_changes_nothing_before_the_cut(patient, hours):
    uncut = whole(patient)
    cut = watched(patient, [one for one in recorded()[patient] if one[0] <= START_MS + hours * HOUR])
    end = hours * 3_600.0

    rows = uncut.at_s <= end
    np.testing.assert_array_equal(cut.rows[cut.at_s <= end], uncut.rows[rows])
    assert [one for one in cut.revisions if one.at_s <= end] == [one for one in uncut.revisions if one.at_s <= end]
    assert [one for one in cut.turns if one.at_s <= end] == [one for one in uncut.turns if one.at_s <= end]


def test_nothing_at_or_after_the_cut_of_a_folder_is_looked_at():
    """The cut is on the clock of the table; the course counts from the patient's first value."""
    for cut in stream_folder(SEPSIS, cut_at_s=10 * 3_600, workers=1).courses:
        assert cut.begins_s + cut.last_s < 10 * 3_600
        assert cut.begins_s + cut.at_s.max() <= 10 * 3_600


def test_a_patients_name_reaches_no_score():
    patient = PATIENTS[1]
    renamed = [(at, value.replace(patient.encode(), b"someone else")) for at, value in recorded()[patient]]

    np.testing.assert_array_equal(watched("someone else", renamed).rows, whole(patient).rows)


@pytest.fixture(scope="module")
def shuffled(tmp_path_factory):
    """The same folder, its rows in another order and its outcomes given to other patients."""
    target = tmp_path_factory.mktemp("shuffled")
    vitals, told = (pq.read_table(SEPSIS / name) for name in ("vitals.parquet", "labels.parquet"))
    rng = np.random.default_rng(7)
    pq.write_table(vitals.take(rng.permutation(len(vitals))), target / "vitals.parquet")
    pq.write_table(
        told.set_column(0, "patient_id", told["patient_id"].take(rng.permutation(len(told)))), target / "labels.parquet"
    )
    return target


def test_neither_outcomes_nor_the_order_of_the_file_reach_a_score(shuffled):
    here, there = stream_folder(SEPSIS, workers=1), stream_folder(shuffled, workers=1)

    assert here.patients == there.patients
    np.testing.assert_array_equal(here.values, there.values)
    assert [one.revisions for one in here.courses] == [one.revisions for one in there.courses]
    assert not np.array_equal(
        read_outcomes(SEPSIS, here.patients).onset_h, read_outcomes(shuffled, here.patients).onset_h, equal_nan=True
    )


def test_every_alert_counts_as_seen_five_minutes_after_it_was_raised_or_came_back():
    """Unless it ends before: then within the five minutes something else was said of it."""
    checked = 0
    for patient in PATIENTS:
        revisions = whole(patient).revisions
        for place, one in enumerate(revisions):
            if one.state not in ("raised", "returned") or one.at_s + 300 > whole(patient).last_s:
                continue
            later = [other for other in revisions[place + 1 :] if other.alert_id == one.alert_id]
            seen = [other.at_s for other in later if other.state == "acknowledged"]
            over = [other.at_s for other in later if other.state in ("cleared", "resolved")]
            assert min(seen + over) <= one.at_s + 300.001
            checked += one.at_s + 300 in seen
    assert checked > 50


def test_the_log_odds_are_those_that_the_vigil_forecasts():
    patient = PATIENTS[0]
    bed = streaming.Bedside(patient, packaged_rules(), "spot")
    for at, value in recorded()[patient][:20]:
        bed.take(value, at)
    bed.advance(at + 30_000)
    row = dict(zip(COLUMNS, look(bed.vigil, at + 30_000, Heads()), strict=True))

    forecasts = bed.vigil.forecasts
    assert forecasts
    for head in RISKS:
        if head in forecasts:
            assert row[f"risk_{head}"] == pytest.approx(forecasts[head].log_odds)
        else:
            assert np.isnan(row[f"risk_{head}"])
