"""Any outcome, and from a figure to its cause."""

import json
import shlex

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import roc_auc_score
from typer.testing import CliRunner

from streams.commands import app
from streams.lab.evaluation.definitions import Horizon
from streams.lab.evaluation.evaluate import evaluate
from streams.lab.evaluation.outcomes import Asked
from streams.lab.explain.explain_words import _decision
from tests.streams.lab.made import folder as made


def run(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.fixture(scope="module")
def ward(tmp_path_factory):
    """Every third patient goes to intensive care at hour 13; every ninth arrests at hour 13.5."""
    at = made(tmp_path_factory.mktemp("asked") / "a ward", patients=40)
    rows = [("icu", number, 13.0) for number in range(0, 40, 3)] + [
        ("arrest", number, 13.5) for number in range(0, 40, 9)
    ]
    rows += [("bed", number, None) for number in range(40)]
    labels = pa.table(
        {
            "patient_id": [f"p{number}" for _, number, _ in rows],
            "label": [label for label, _, _ in rows],
            "value": [1.0] * len(rows),
            "time_s": [None if hour is None else hour * 3_600 for _, _, hour in rows],
        }
    )
    pq.write_table(labels, at / "labels.parquet")
    return at


def test_any_label_is_an_event_and_several_are_judged_in_one_run(ward):
    ran = run("evaluate", ward, "--event", "icu", "--event", "arrest:3:0.5", "--replicates", 20, "--json")
    icu, arrest = json.loads(ran.stdout)["events"]

    assert (icu["event"], icu["patients_with_event"], icu["patients_with_known_onset"]) == ("icu", 14, 14)
    assert (arrest["event"], arrest["patients_with_event"]) == ("arrest", 5)
    assert arrest["horizon"] == {"within_h": 3.0, "short_h": 1.5, "lead_h": 0.5}
    assert icu["data"]["labels"]["ignored"] == {"arrest": 5, "bed": 40}
    assert {one: icu[one] for one in ("patient_days", "rows")} == {one: arrest[one] for one in ("patient_days", "rows")}


def test_the_counts_are_those_of_a_plain_count_and_the_area_is_scikit_learns(ward):
    evaluation = evaluate(ward, asked=Asked("icu", Horizon.of(6, 2)), replicates=20, workers=1)
    told, compared = evaluation.told, evaluation.compared
    trace = compared.trace
    detected = calls = hits = 0
    news2 = trace.column("news2")
    for place, course in enumerate(trace.courses):
        onset = 13.0 if int(course.patient[1:]) % 3 == 0 else None
        last, mine = None, []
        for hour, score in zip(trace.hours[trace.who == place], news2[trace.who == place], strict=True):
            if score >= 5 and (last is None or hour - last >= 12):
                last = hour
                mine.append(hour)
        calls += len(mine)
        early = [hour for hour in mine if onset is not None and 2 <= onset - hour <= 6]
        hits += len(early)
        detected += bool(early)
    rows = np.array([int(trace.courses[place].patient[1:]) % 3 == 0 for place in trace.who]) & (trace.hours >= 7)

    assert told["news2_ge5"]["sensitivity"] == pytest.approx(detected / 14, abs=1e-5)
    assert told["news2_ge5"]["ppv"] == pytest.approx(hits / calls, abs=1e-5)
    assert told["news2_ge5"]["interruptive_per_patient_day"] == pytest.approx(calls / told["patient_days"], abs=1e-4)
    assert told["news2"]["auroc_row"] == pytest.approx(roc_auc_score(rows, np.nan_to_num(news2, nan=-1)), abs=1e-5)
    assert 0 < detected < 14


def test_a_label_that_is_not_there_is_refused_with_those_that_are(ward):
    ran = run("evaluate", ward, "--event", "death")

    assert ran.exit_code == 2
    assert "no_such_label: labels: death" in ran.stderr and "arrest, bed, icu" in ran.stderr


@pytest.mark.parametrize("options", [("--event", "icu:1:2"), ("--horizon", "3"), ("--event", "icu", "--lead", "-1")])
def test_hours_that_make_no_sense_are_a_matter_of_usage(ward, options):
    assert run("evaluate", ward, *options).exit_code == 2


def test_without_an_event_of_ours_the_labels_that_are_there_are_named(ward):
    said = run("evaluate", ward, "--replicates", 20).stdout

    assert "the labels name none of sepsis_onset, in_hospital_death, ahe_within_1h_of_T0" in said
    assert "--event takes one of arrest, bed, icu" in said


def test_each_miss_and_each_useless_call_has_a_command_that_explains_that_very_moment(ward):
    told = evaluate(ward, asked=Asked("arrest", Horizon.of(3, 0.5)), replicates=20, workers=1).told["causes"]
    calls = [call for one in told["useless"] for call in one["calls"]]

    assert told["misses"] or calls
    for one in [*told["misses"], *calls][:6]:
        words = shlex.split(one["explain"])
        assert words[:2] == ["vigilward", "explain"]
        found = json.loads(run(*words[1:], "--json").stdout)
        open_alert = found["decision"]["open_alert"]
        assert found["patient_id"] == one["patient"]
        assert (open_alert and open_alert["alert_id"]) == one["alert_id"]
    with_alert = next(one for one in [*calls, *told["misses"]] if one["alert_id"])
    ran = run("explain", with_alert["alert_id"], "--in", ward, "--as-evaluated", "--json")
    assert json.loads(ran.stdout)["alert"]["alert_id"] == with_alert["alert_id"]


def test_a_moment_after_the_recording_is_refused_and_hours_count_from_the_first_value(ward):
    at = ["--patient", "p0", "--in", ward]
    late = run("explain", *at, "--at", "2027-01-01T00:00:00Z")

    assert (late.exit_code, "after_the_recording" in late.stderr) == (1, True)
    same = [run("explain", *at, "--at", text, "--json") for text in ("hour 5.0", "5h", "+5h", "second 18000")]
    assert [json.loads(one.stdout)["decided_at"] for one in same] == ["2026-01-01T05:00:00.001Z"] * 4


def test_a_patient_who_is_not_there_is_named_and_the_words_hold_no_none(ward):
    ran = run("explain", "--patient", "p99", "--at", "hour 3", "--in", ward)

    assert (ran.exit_code, "holds no reading of 'p99'" in ran.stderr) == (1, True)
    words = {"interrupts": False, "suppressed_by": None, "state": "cleared", "kind": "technical", "priority": "high"}
    found = {
        "decision": {"said": [{**words, "headline": "over"}], "open_alert": None, "reason": "r"},
        "asked_for": None,
    }
    assert list(_decision(found)) == ["Cleared: technical high, is shown: over", "Decided: r"]


def test_usage_is_told_before_the_work(ward, tmp_path):
    assert run("evaluate", ward, "--seed", -1).exit_code == 2
    ran = run("evaluate", ward, "--report", tmp_path)
    assert ran.exit_code == 2 and "is_a_folder" in ran.stderr


def test_a_folder_is_checked_like_messages(ward, tmp_path):
    vitals = pq.read_table(ward / "vitals.parquet")
    odd = vitals.set_column(4, "unit", pa.array(["furlong"] * len(vitals)))
    pq.write_table(odd, tmp_path / "vitals.parquet")
    found = [json.loads(line) for line in run("check", tmp_path, "--json").stdout.splitlines()]

    page, junit = tmp_path / "page.html", tmp_path / "junit.xml"
    assert run("check", ward, "--report", page, "--junit", junit).exit_code == 0
    assert "Nothing to mend" in page.read_text() and 'failures="0"' in junit.read_text()
    assert run("check", tmp_path, "--report", page, "--junit", junit).exit_code == 1
    assert "unknown_unit" in page.read_text() and 'name="SPO2"' in junit.read_text()
    assert run("check", tmp_path).exit_code == 1
    assert {(one["code"], one["field"]) for one in found if one["level"] == "finding"} == {
        ("unknown_unit", signal) for signal in ("HR", "RR", "SPO2", "SBP", "DBP", "TEMP")
    }
