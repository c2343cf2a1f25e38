"""Which test runs in which stage, and what the report at the end says."""

from pathlib import Path

import pytest

from deploy.make import tools
from deploy.make.stages import Stage, stage_of
from deploy.make.suite import Outcome, read_report, table, timed


@pytest.mark.parametrize(
    ("folder", "needs", "stage"),
    [
        ("detectors", [], Stage.PURE),
        ("deploy", [], Stage.PURE),
        ("deploy", ["promtool"], Stage.KAFKA),
        ("deploy", ["java", "maven"], Stage.KAFKA),
        ("integration", [], Stage.KAFKA),
        ("integration", ["java"], Stage.KAFKA),
        ("chaos", ["java"], Stage.CHAOS),
        ("streams", ["chromium"], Stage.BROWSER),
        ("browser", [], Stage.BROWSER),
        ("lab", [], Stage.LAB),
    ],
)
def test_a_test_runs_where_its_folder_and_its_tools_say(folder: str, needs: list[str], stage: Stage):
    assert stage_of(folder, needs) is stage


def test_the_report_closes_with_the_sum_in_plain_words():
    told = table(
        [Outcome("set-up", 1.0, ok=True), Outcome("pure", 20.5, True, 310, 0, 2), Outcome("kafka", 40, False, 9, 1)]
    )

    assert told.splitlines()[-1] == "319 passed, 1 failed, 2 skipped"
    assert "FAILED" in told


def test_a_stage_that_broke_before_its_first_test_counts_as_failed():
    assert table([Outcome("pure", 1.0, ok=False)]).splitlines()[-1] == "0 passed, 1 failed, 0 skipped"


def test_a_stage_that_did_not_run_says_why():
    assert "java is not installed" in table([Outcome("kafka", 0.1, ok=True, remark="java is not installed")])


def test_counts_come_from_pytests_own_report(tmp_path: Path):
    report = tmp_path / "r.xml"
    report.write_text('<testsuites><testsuite tests="12" errors="1" failures="2" skipped="3"/></testsuites>')

    assert read_report(report) == {"passed": 6, "failed": 3, "skipped": 3}


def test_a_run_without_a_report_counts_nothing(tmp_path: Path):
    assert read_report(tmp_path / "none.xml") == {}


def test_a_part_without_an_outcome_is_a_success_and_is_timed(capsys: pytest.CaptureFixture[str]):
    assert timed("set-up", lambda: None).ok
    assert "set-up" in capsys.readouterr().out


def test_a_tool_that_is_not_here_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tools, "UNPACKED", tmp_path)

    assert tools.lacks("maven") == "maven is not installed (on Debian: apt-get install maven)"


def test_a_java_that_is_too_old_is_refused_by_its_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")

    assert "java 17 or newer is needed" in (tools.lacks("java") or "")


def test_a_tool_nobody_knows_is_refused_by_name():
    with pytest.raises(tools.UnknownTool, match="'docker' is not a tool we know"):
        tools.lacks("docker")


def test_where_nothing_may_be_installed_the_reason_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tools, "UNPACKED", tmp_path)

    assert tools.install(["chromium"]) == {
        "chromium": "chromium is not installed (on Debian: apt-get install chromium); this system has no apt-get"
    }
