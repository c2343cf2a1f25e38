"""The whole lab on the bundled recordings, through the command."""

import json

import pytest
from typer.testing import CliRunner

from streams.commands import app
from streams.ward.samples import NAMES, folder

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


def test_a_folder_that_is_none_is_refused_with_a_code_a_field_and_a_remedy(tmp_path):
    ended = CliRunner().invoke(app, ["evaluate", str(tmp_path)])

    assert ended.exit_code == 2
    assert "no_vitals" in ended.stderr
    assert "vitals.parquet" in ended.stderr
