"""The safety report: a control counts only with a test that passed."""

import sys
import tomllib
from pathlib import Path

import pytest

from deploy.make import safety_case, suite

CASE = '<testcase classname="tests.a.test_b" name="{name}">{fate}</testcase>'
SAID = {"harm": "One is treated for another.", "causes": ["a bed is changed"], "control": "Told at once."}
HAZARD = {"name": "wrong bed", **SAID, "tests": ["tests/a/test_b.py::test_told"]}


@pytest.fixture
def made(tmp_path: Path):
    def made(**fates: str) -> dict[str, str]:
        cases = "".join(CASE.format(name=name, fate=fate) for name, fate in fates.items())
        path = tmp_path / "pure.xml"
        path.write_text(f'<testsuites><testsuite timestamp="2026-11-29T22:00:00">{cases}</testsuite></testsuites>')
        return safety_case.passed([path])

    return made


def test_a_test_that_passed_is_proof_with_its_moment(made):
    proven = made(test_told="")

    assert safety_case.without_proof([HAZARD], proven) == []
    assert "| `tests/a/test_b.py::test_told` | 2026-11-29T22:00:00 |" in safety_case.report([HAZARD], proven)


@pytest.mark.parametrize("fate", ["<failure/>", "<error/>", "<skipped/>"])
def test_one_that_failed_or_was_skipped_is_none(made, fate: str):
    proven = made(test_told=fate)

    assert safety_case.without_proof([HAZARD], proven) == ["wrong bed: tests/a/test_b.py::test_told"]
    assert "| NO |" in safety_case.report([HAZARD], proven)


def test_one_failing_case_takes_the_proof_from_its_function(made):
    proven = made(**{"test_told[one]": "", "test_told[two]": "<failure/>"})

    assert "tests/a/test_b.py::test_told" not in proven
    assert "tests/a/test_b.py::test_told[one]" in proven


def test_risk_that_nobody_assessed_is_said_to_be_so(made):
    assert "| wrong bed | not assessed | not assessed | not assessed | not assessed | 1 of 1 |" in safety_case.report(
        [HAZARD], made(test_told="")
    )


def case_of(test: str) -> str:
    file, _, name = test.partition("::")
    return f'<testcase classname="{file.removesuffix(".py").replace("/", ".")}" name="{name}"/>'


@pytest.fixture
def whole_suite(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """`make test` in which every stage says that it is good; the proof is what the reports hold."""
    hazards = tomllib.loads(safety_case.HAZARDS.read_text())["hazard"]
    feared = safety_case.threats(safety_case.THREATS.read_text())
    named = sorted({test for one in [*hazards, *feared] for test in one["tests"]})
    monkeypatch.setattr(safety_case, "REPORTS", tmp_path)
    monkeypatch.setattr(safety_case, "WRITTEN", tmp_path / "safety-case.md")
    monkeypatch.setattr(suite, "set_up", lambda stages: suite.Outcome("set-up", 0, ok=True))
    monkeypatch.setattr(suite, "run_stage", lambda stage: suite.Outcome(stage, 0, ok=True, passed=1))
    monkeypatch.setattr(sys, "argv", ["suite.py"])

    def run(without: str = "") -> int:
        cases = "".join(case_of(test) for test in named if test != without)
        (tmp_path / "pure.xml").write_text(f'<testsuites><testsuite timestamp="t">{cases}</testsuite></testsuites>')
        return suite.main()

    return run, named


def test_make_test_is_good_where_every_control_has_a_test_that_passed(whole_suite):
    run, named = whole_suite

    assert len(named) > 100 and run() == 0


@pytest.mark.parametrize("place", [0, 50, -1])
def test_make_test_fails_where_one_control_has_none_though_every_stage_is_good(whole_suite, capsys, place: int):
    run, named = whole_suite

    assert run(without=named[place]) == 1
    assert f": {named[place]}" in capsys.readouterr().out


def test_every_threat_of_the_page_is_looked_at():
    feared = safety_case.threats(safety_case.THREATS.read_text())

    assert len(feared) > 10 and all(one["tests"] for one in feared)
