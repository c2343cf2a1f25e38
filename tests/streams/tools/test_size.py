"""The sizing guide: held to what a live worker was measured at, and to what has to hold for any hospital."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from streams.commands import app
from streams.tools.size import BUSY, LIVE, STANDING_CORES, plan

FIGURES = {"cpu_us_per_reading": 8.7, "kb_per_patient": 16.4, "snapshot_kb_per_patient": 6.0}


@pytest.mark.parametrize(("readings", "cores"), [(1_000, 0.16), (5_000, 0.39)])
def test_the_measured_workers_come_out_of_the_formula(readings, cores):
    assert STANDING_CORES + readings * FIGURES["cpu_us_per_reading"] * LIVE / 1e6 == pytest.approx(cores, abs=0.01)


@given(st.integers(1, 500_000), st.floats(0.001, 4))
def test_with_one_worker_away_the_others_are_no_more_than_half_busy(patients, rate):
    found = plan(patients, rate, FIGURES)

    assert found["workers"] >= 2
    assert found["cores_per_worker_with_one_away"] <= BUSY + 0.01
    assert found["partitions"] >= 2 * found["workers"]


@given(st.integers(1, 100_000))
def test_more_patients_never_need_less(patients):
    fewer, more = plan(patients, 1, FIGURES), plan(patients * 2, 1, FIGURES)

    assert all(fewer[name] <= more[name] for name in ("workers", "partitions", "states_gb", "readings_log_gb"))


def test_a_costlier_reading_needs_more_workers():
    assert plan(20_000, 1, FIGURES)["workers"] < plan(20_000, 1, {**FIGURES, "cpu_us_per_reading": 20.0})["workers"]


def test_the_command_measures_and_answers(monkeypatch):
    monkeypatch.setattr("streams.tools.bench.WARM_S", 60)
    done = CliRunner().invoke(app, ["size", "--patients", "5000", "--rate", "0.2"])

    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["readings_per_s"] == 1_000 and found["cpu_us_per_reading"] > 0
