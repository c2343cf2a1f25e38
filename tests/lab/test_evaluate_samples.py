"""The whole lab on the bundled recordings, through the command."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from streams.commands import app
from streams.recordings.samples import NAMES, folder

WANTED = (
    "auroc_row",
    "auroc_patient",
    "auroc_patient_24h",
    "sensitivity",
    "sensitivity_12h",
    "alerts_per_patient_day",
    "interruptive_per_patient_day",
    "ppv",
    "lead_time_h_median",
    "time_in_alert",
)
KEYS = ("news2", "news2_ge5", "news2_ge7", "clock", "last_value", "random", "risk", "policy", "armed")


@pytest.fixture(scope="module", params=NAMES)
def told(request):
    ended = CliRunner().invoke(app, ["evaluate", str(folder(request.param)), "--json", "--replicates", "50"])

    assert ended.exit_code == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.mark.parametrize("key", KEYS)
def test_every_figure_is_there_with_bounds_or_null_with_a_reason(told, key):
    figures = told[key]

    for name in WANTED:
        value, low, high = figures[name], figures[f"{name}_low"], figures[f"{name}_high"]
        if value is None:
            assert low is None and high is None
            assert figures["reasons"][name]
        elif low is not None:
            assert low <= value <= high or name.startswith("auroc")  # a percentile interval of few patients may miss it


def refusal(place, *options):
    ended = CliRunner().invoke(app, ["evaluate", str(place), *map(str, options)])

    assert ended.exit_code == 2
    return ended.stderr


def test_a_folder_that_is_none_is_refused_with_a_code_a_field_and_a_remedy(tmp_path):
    assert "no_folder" in refusal(tmp_path / "nowhere")
    assert "no_vitals" in refusal(tmp_path)

    (tmp_path / "vitals.parquet").write_text("not Parquet")
    assert "unreadable_file" in refusal(tmp_path)
    pq.write_table(pa.table({"patient_id": ["p"], "time_s": [0.0], "signal": ["HR"]}), tmp_path / "vitals.parquet")
    assert "no_column" in refusal(tmp_path)
    assert "vitals.parquet: value" in refusal(tmp_path)


def test_a_folder_of_other_signals_is_refused_with_those_that_are_watched(tmp_path):
    row = {"patient_id": ["p"], "time_s": [0.0], "signal": ["POTASSIUM"], "value": [4.1], "unit": ["mmol/L"]}
    pq.write_table(pa.table(row), tmp_path / "vitals.parquet")

    assert "no_watched_values" in refusal(tmp_path)
    assert "HR" in refusal(tmp_path)


def test_rules_that_cannot_be_armed_and_a_page_without_a_folder_are_refused_before_any_work(tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_bytes(b"{}")

    assert "rules validate" in refusal(folder("sepsis2019"), "--rules", broken)
    assert "there is no rules file" in refusal(folder("sepsis2019"), "--rules", tmp_path / "none.json")
    assert "to write page.html into" in refusal(folder("sepsis2019"), "--report", tmp_path / "nowhere" / "page.html")
