"""The alert rules: each fires and is silent where it should, has a runbook, and asks for metrics that exist."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
import yaml

from deploy.make import tools

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "rules"
RUNBOOKS = ROOT / "deploy" / "runbooks"
HEADINGS = ["What it means for patients", "First look", "Causes", "Mending", "How to know that it is over"]
FILES = sorted(RULES.glob("*.yml"))
ALERTS = [
    rule
    for path in FILES
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
    if "alert" in rule
]
NAMES = [rule["alert"] for rule in ALERTS]
TESTS = [test for path in sorted((RULES / "tests").glob("*.yml")) for test in yaml.safe_load(path.read_text())["tests"]]
ALWAYS = "VigilwardWatchdog"


def promtool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tools.path_of("promtool"), *map(str, words)], capture_output=True, text=True, check=False)


@cache
def source() -> str:
    """Every line of the product: where a metric's name must stand."""
    return "\n".join(path.read_text() for path in sorted((ROOT / "streams").rglob("*.py")))


def metrics_of(expression: str) -> set[str]:
    """The metrics of ours in an expression, without a histogram's or counter's ending."""
    found = re.findall(r"\bvigilward_[a-z0-9_]+", expression)
    return {re.sub(r"_(total|bucket|count|sum|info)$", "", name) for name in found}


@pytest.mark.needs("promtool")
def test_prometheus_accepts_the_rules():
    done = promtool("check", "rules", *FILES)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.needs("promtool")
@pytest.mark.parametrize("path", sorted((RULES / "tests").glob("*.yml")), ids=lambda path: path.stem)
def test_the_alerts_fire_and_are_silent_as_written(path: Path):
    done = promtool("test", "rules", path)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.needs("promtool")
def test_a_rule_that_no_longer_fires_is_found(tmp_path: Path):
    for path in FILES:
        text = path.read_text().replace('up{job="vigilward"} == 0', 'up{job="vigilward"} == 2')
        (tmp_path / path.name).write_text(text)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "watching.yml").write_text((RULES / "tests" / "watching.yml").read_text())

    done = promtool("test", "rules", tmp_path / "tests" / "watching.yml")

    assert done.returncode != 0 and "VigilwardWorkerDown fires" in done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_each_alert_has_a_test_in_which_it_fires_and_one_in_which_it_is_silent(name: str):
    fires = {bool(one["exp_alerts"]) for test in TESTS for one in test["alert_rule_test"] if one["alertname"] == name}

    assert fires == ({True} if name == ALWAYS else {True, False})


@pytest.mark.parametrize("rule", ALERTS, ids=NAMES)
def test_each_alert_says_how_grave_it_is_and_where_its_runbook_lies(rule: dict):
    runbook = ROOT / rule["annotations"]["runbook_url"]

    assert rule["labels"]["severity"] in {"critical", "warning", "none"}
    assert runbook.is_file()
    assert re.findall(r"^## (.+)$", runbook.read_text(), re.MULTILINE) == HEADINGS
    assert all(part.strip() for part in re.split(r"^## .+$", runbook.read_text(), flags=re.MULTILINE)[1:])


def test_no_runbook_is_left_over():
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == {*NAMES, "README"}


@pytest.mark.parametrize("rule", ALERTS, ids=NAMES)
def test_each_alert_asks_for_metrics_that_exist(rule: dict):
    assert {name for name in metrics_of(rule["expr"]) if f'"{name}"' not in source()} == set()
