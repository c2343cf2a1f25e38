"""A folder of one's own gives a true figure, or none and the reason: never a wrong one."""

import json
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from streams.commands import app
from streams.lab.evaluation.batches import Helpers
from streams.lab.evaluation.evaluate import evaluate
from streams.lab.evaluation.figures_table import _table, lines
from streams.lab.evaluation.folder import CannotEvaluate
from streams.lab.evaluation.outcomes import Asked, read_outcomes, require_one_clock
from streams.lab.evaluation.report import page
from streams.lab.evaluation.stream import stream_folder
from streams.recorded.replay import Replay, read_lines
from streams.recordings.recordings import START_MS
from streams.recordings.samples import folder as sample
from streams.recordings.tables import tables_of
from tests.streams.lab.made import folder as made

DAY_S = 86_400.0


def run(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return made(tmp_path_factory.mktemp("plain") / "set", patients=40)


@pytest.fixture(scope="module")
def figures(plain):
    return told_of(plain)


def told_of(folder, **facts):
    told = evaluate(folder, replicates=20, workers=1, **facts).told
    return json.loads(json.dumps({name: one for name, one in told.items() if name not in ("folder", "data", "causes")}))


def written(at, vitals, labels=None):
    at.mkdir(parents=True, exist_ok=True)
    pq.write_table(vitals, at / "vitals.parquet")
    if labels is not None:
        pq.write_table(labels, at / "labels.parquet")
    return at


def tables(folder):
    return pq.read_table(folder / "vitals.parquet"), pq.read_table(folder / "labels.parquet")


def shifted(table, by):
    """Each patient's times later by so many seconds."""
    seconds = [None if at is None else at + by(who) for who, at in zip(
        table["patient_id"].to_pylist(), table["time_s"].to_pylist(), strict=True)]  # fmt: skip
    return table.set_column(table.column_names.index("time_s"), "time_s", pa.array(seconds, pa.float64()))


@pytest.mark.parametrize(
    "by",
    [
        lambda who: -12 * 3_600.0,
        lambda who: 400 * DAY_S,
        lambda who: -1_000.5 * int(who[1:]),
        lambda who: 1_700_000_000.0,
    ],
    ids=["from the onset", "day 400", "each from a time of its own", "seconds since 1970"],
)
def test_the_zero_of_the_table_changes_no_figure(plain, figures, tmp_path, by):
    vitals, labels = tables(plain)
    moved = written(tmp_path / "moved", shifted(vitals, by), shifted(labels, by))

    assert told_of(moved) == figures
    assert figures["patient_days"] == pytest.approx(40 * 14 / 24, abs=1e-3)


def test_shuffled_files_doubled_rows_and_two_workers_change_no_figure(plain, figures, tmp_path, monkeypatch):
    vitals, labels = tables(plain)
    rng = np.random.default_rng(3)
    doubled = pa.concat_tables([vitals, vitals])
    mixed = written(
        tmp_path / "mixed", doubled.take(rng.permutation(len(doubled))), labels.take(rng.permutation(len(labels)))
    )

    assert told_of(mixed) == figures
    assert evaluate(mixed, replicates=20, workers=1).told["data"]["repeated_rows"] == len(vitals)
    monkeypatch.setattr("streams.lab.evaluation.batches.LARGE_VALUES", 0)
    monkeypatch.setattr("streams.lab.evaluation.batches.PART", 14)
    helped = []
    monkeypatch.setattr(Helpers, "submit", lambda *job, own=Helpers.submit: helped.append(job[1]) or own(*job))
    two = json.loads(json.dumps(evaluate(plain, replicates=20, workers=2).told))
    assert {name: one for name, one in two.items() if name not in ("folder", "data", "causes")} == figures
    assert len(helped) > 1  # more than its start: parts of patients and scores, in the other process


def test_milliseconds_are_no_seconds_even_where_they_count_from_the_start(plain, tmp_path):
    vitals, labels = (
        one.set_column(one.column_names.index("time_s"), "time_s", pc.multiply(one["time_s"], 1_000.0))
        for one in tables(plain)
    )
    ran = run("evaluate", written(tmp_path / "ms", vitals, labels))

    assert ran.exit_code == 2
    assert (
        "time_in_milliseconds: ms: time_s: write seconds: most patients have values over more than 366 days"
        in ran.stderr
    )


def test_columns_of_the_table_never_run_into_each_other():
    wide = {"interruptive_per_patient_day": 110.0, "interruptive_per_patient_day_low": 102.5,
            "interruptive_per_patient_day_high": 115.0}  # fmt: skip
    line = list(_table({"news2": wide, "horizon": {"within": 24.0, "short": 12.0, "lead": 1.0}}, ["news2"]))[1]

    assert " 110.00 [102.50, 115.00] " in line


# ---- what the values are worth


@pytest.fixture(scope="module")
def odd_units(plain, tmp_path_factory):
    """Two thirds of the values in unit words that nobody knows."""
    vitals, labels = tables(plain)
    signal = vitals["signal"]
    odd = pc.is_in(signal, pa.array(["HR", "RR", "SPO2", "TEMP"]))
    units = pc.if_else(odd, "furlong", vitals["unit"])
    vitals = vitals.set_column(4, "unit", units)
    extra = pa.table([["p0"], [0.0], ["LACTATE"], [1.0], ["mmol/L"]], vitals.column_names)
    return written(tmp_path_factory.mktemp("odd") / "set", pa.concat_tables([vitals, extra]), labels)


def test_refused_values_are_counted_by_code_and_signal_in_text_json_and_page(odd_units, tmp_path):
    ran = run("evaluate", odd_units, "--replicates", 20, "--json", "--report", tmp_path / "page.html")
    told = json.loads(ran.stdout)
    found = told["data"]

    assert found["by_signal"]["HR"]["refused_by_code"] == {"unknown_unit": 40 * 14}
    assert found["refused"] == found["refused_by_code"]["unknown_unit"] == 4 * 40 * 14
    assert found["refused_share"] == pytest.approx(4 / 6, abs=1e-4)
    assert found["accepted"] + found["suspect"] + found["refused"] == found["values"] == 6 * 40 * 14
    assert found["ignored_signals"] == {"LACTATE": 1}
    for text in ("\n".join(lines(told)), (tmp_path / "page.html").read_text()):
        assert "refused as unknown_unit" in text and "HR 560 of 560" in text and "LACTATE 1" in text


def test_hours_in_which_nothing_was_known_are_told(tmp_path):
    """One value, and the next a day later: what an hourly chart says holds for hours and not for a day."""
    rows = [("p", hour * 3_600.0, signal, value, unit) for hour in (0, 1, 25) for signal, value, unit in
            (("HR", 80.0, "bpm"), ("SBP", 120.0, "mmHg"), ("RR", 15.0, "1/min"))]  # fmt: skip
    names = ("patient_id", "time_s", "signal", "value", "unit")
    vitals = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    data = evaluate(written(tmp_path / "gap", vitals), source="spot", replicates=20, workers=1).told["data"]

    assert data["hours"] == 26
    assert 0 < data["hours_unwatched"] < 26


@pytest.mark.parametrize("arguments", [("rules", "calibrate", "{at}", "--budget", "5"),
                                       ("learn", "{at}", "--head", "sepsis", "--out", "{out}")])  # fmt: skip
def test_where_too_much_is_refused_nothing_is_calibrated_or_learned(odd_units, tmp_path, arguments):
    ran = run(*(one.format(at=odd_units, out=tmp_path / "weights.json") for one in arguments))

    assert ran.exit_code == 2
    assert "too_much_refused" in ran.stderr and "HR: 100% of the values" in ran.stderr and "beyond 20%" in ran.stderr
    assert "kept" not in ran.stdout and not (tmp_path / "weights.json").exists()


def test_where_every_value_is_refused_it_is_said_why(plain, tmp_path):
    vitals, labels = tables(plain)
    units = pa.array([f" {one}" for one in vitals["unit"].to_pylist()])
    ran = run("evaluate", written(tmp_path / "all", vitals.set_column(4, "unit", units), labels))

    assert ran.exit_code == 2
    assert "no_values: all: value: each of 3,360 values is refused, most as unknown_unit" in ran.stderr


def test_one_signal_that_is_refused_whole_is_too_much_even_where_the_others_fit(plain, tmp_path):
    vitals, labels = tables(plain)
    units = pc.if_else(pc.equal(vitals["signal"], "TEMP"), "furlong", vitals["unit"])
    at = written(tmp_path / "one", vitals.set_column(4, "unit", units), labels)

    assert "TEMP: 100%" in run("rules", "calibrate", at, "--budget", 5).stderr.replace("set: ", "")


# ---- outcomes


def test_labels_of_other_ids_are_refused_and_make_nobody_free_of_the_event(plain, tmp_path):
    vitals, labels = tables(plain)
    prefixed = labels.set_column(0, "patient_id", pa.array([f"icu-{one}" for one in labels["patient_id"].to_pylist()]))
    ran = run("evaluate", written(tmp_path / "prefixed", vitals, prefixed))

    assert ran.exit_code == 2
    assert "labels_do_not_join: labels: patient_id" in ran.stderr and "'icu-p0'" in ran.stderr and "'p0'" in ran.stderr


def test_labels_on_another_clock_are_refused_and_miss_nobody(plain, tmp_path):
    vitals, labels = tables(plain)
    at = written(tmp_path / "clock", shifted(vitals, lambda who: 1_700_000_000.0), labels)
    for words in (("evaluate", at), ("learn", at, "--head", "sepsis", "--out", tmp_path / "weights.json")):
        ran = run(*words)
        assert ran.exit_code == 2
        assert "other_clock: labels: sepsis_onset: time_s: use the clock of the values" in ran.stderr


def test_the_clock_is_that_of_the_watched_values(plain, tmp_path):
    """A blood gas from weeks before widens nobody's stay, and of whom nothing is watched no onset is known."""
    vitals, labels = tables(plain)
    ids = sorted(set(vitals["patient_id"].to_pylist()))
    before = pa.table(
        [ids, [-30 * DAY_S] * len(ids), ["LACTATE"] * len(ids), [1.0] * len(ids), ["mmol/L"] * len(ids)],
        vitals.column_names,
    )
    nobody = pa.table([["zz"], [5.0], ["LACTATE"], [1.0], ["mmol/L"]], vitals.column_names)
    theirs = pa.table([["zz", "p1"], ["fall", "age"], [1.0, 60.0], [5.0, None]], labels.column_names)
    early = written(tmp_path / "early", pa.concat_tables([vitals, before]), shifted(labels, lambda who: -20 * DAY_S))
    alone = written(tmp_path / "alone", pa.concat_tables([vitals, nobody]), theirs)

    with pytest.raises(CannotEvaluate, match="other_clock"):
        require_one_clock(early)
    require_one_clock(alone, Asked("fall"))
    assert np.isnan(read_outcomes(alone, ["zz"], [float("nan")], Asked("fall")).onset_h).all()


def test_whole_numbers_join_however_they_were_kept(plain, figures, tmp_path):
    vitals, labels = tables(plain)

    def ids(table, kind):
        return table.set_column(0, "patient_id", pa.array([kind(one[1:]) for one in table["patient_id"].to_pylist()]))

    for number, (ours, theirs) in enumerate([(int, float), (float, str), (int, lambda one: f"{one}.0")]):
        at = written(tmp_path / str(number), ids(vitals, ours), ids(labels, theirs))
        outcomes = read_outcomes(at, tables_of(at).patients)
        assert np.nansum(outcomes.happened) == figures["patients_with_event"] == 14


def test_who_is_not_in_the_labels_is_unknown(plain, tmp_path):
    vitals, labels = tables(plain)
    at = written(tmp_path / "some", vitals, labels.filter(pc.not_equal(labels["patient_id"], "p1")))
    told = evaluate(at, replicates=20, workers=1).told

    assert told["patients_of_unknown_outcome"] == 1
    assert told["data"]["labels"]["patients_with_labels"] == 39
    assert np.isnan(read_outcomes(at, ["p1"]).happened).all()
    assert "39 patients have labels, 1 have none and count as unknown" in "\n".join(lines(told))


def test_an_onset_with_a_moment_and_no_value_happened_and_one_with_a_nan_moment_has_none(plain, figures, tmp_path):
    vitals, labels = tables(plain)
    onset = pc.equal(labels["label"], "sepsis_onset")
    empty = labels.set_column(2, "value", pc.if_else(onset, pa.scalar(None, pa.float64()), labels["value"]))
    nan = labels.set_column(3, "time_s", pc.if_else(onset, labels["time_s"], float("nan")))

    assert told_of(written(tmp_path / "empty", vitals, empty)) == figures
    at = written(tmp_path / "nan", vitals, pc_drop(nan, "label_first_1"))
    assert np.nansum(read_outcomes(at, tables_of(at).patients).happened) == 14


def pc_drop(table, label):
    return table.filter(pc.not_equal(table["label"], label))


def test_a_label_that_says_no_of_somebody_must_say_it_of_everybody(plain, tmp_path):
    """Of the others nobody knows; one that only the ill have tells of the others in the labels that they are not."""
    vitals, _ = tables(plain)
    names = ("patient_id", "label", "value", "time_s")
    dense = [("p0", "icu", 1.0, 9e3), ("p1", "icu", 0.0, None), ("p2", "age", 60.0, None)]
    sparse = [dense[0], ("p1", "age", 50.0, None)]
    for rows, wanted in ((dense, [1.0, 0.0, np.nan]), (sparse, [1.0, 0.0, np.nan])):
        labels = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
        at = written(tmp_path / str(len(rows)), vitals, labels)
        found = read_outcomes(at, ["p0", "p1", "p2"], asked=Asked("icu")).happened
        np.testing.assert_array_equal(found, wanted)


# ---- what is believed


def test_the_page_begins_with_the_patients_from_whom_nothing_was_learned():
    evaluation = evaluate(sample("sepsis2019"), replicates=20, workers=1)
    assert evaluation.unseen is not None
    html = page(evaluation)
    shown, whole = evaluation.unseen.told, evaluation.told
    words = f"Figures of the {shown['patients']} patients from whom no weights were learned"

    assert words in html
    assert html.index(words) < html.index("The same table of all patients: in sample")
    first = re.search(r"<td>news2_ge5</td>(.*?)</tr>", html[html.index(words) :])[1]
    assert f"{shown['news2_ge5']['interruptive_per_patient_day']:.2f}" in first
    assert f"{whole['in_sample']['patients']} of these patients" in html


# ---- the same alerts as a replay


def test_patients_of_dates_far_apart_have_the_alerts_that_a_replay_gives(monkeypatch, tmp_path):
    """A replay used to refuse all that lies 366 days after the first reading of a partition."""
    monkeypatch.setattr("streams.lab.evaluation.stream._SEEN_MS", 10**12)
    vitals = pq.read_table(sample("sepsis2019") / "vitals.parquet")
    three = sorted(set(vitals["patient_id"].to_pylist()))[:3]
    vitals = vitals.filter(pc.is_in(vitals["patient_id"], pa.array(three)))
    far = {one: 400 * DAY_S * place for place, one in enumerate(sorted(set(vitals["patient_id"].to_pylist())))}
    at = written(tmp_path / "far", shifted(vitals, lambda who: far[who]))
    replayed = Replay(partitions=1)
    moments = sorted(out.due for line in read_lines(at) for out in replayed.take(line) if out.topic == "alerts")
    trace = stream_folder(at, workers=1)
    ours = sorted(START_MS + round(one.at_s * 1_000) for course in trace.courses for one in course.revisions)
    ends = START_MS + round(min(course.last_s for course in trace.courses) * 1_000)

    assert replayed.counts()["refused_clock_ahead"] == 0 and replayed.counts()["patients"] == len(far)
    assert moments
    assert [one for one in moments if one <= ends] == [one for one in ours if one <= ends]
