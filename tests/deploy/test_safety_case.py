"""The safety report: a control counts only with a test that passed."""

from pathlib import Path

import pytest

from deploy.make import safety_case

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
