"""The dashboards: written from the table of panels, complete, and leading to runbooks that exist."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
GRAFANA = ROOT / "deploy" / "grafana"
TABLE = tomllib.loads((GRAFANA / "panels.toml").read_text())["dashboard"]
PANELS = [(board["uid"], panel) for board in TABLE for panel in board["panel"]]


def test_the_files_are_what_the_table_says():
    words = [sys.executable, str(GRAFANA / "dashboards.py"), "--check"]

    assert subprocess.run(words, capture_output=True, text=True, check=False).stderr == ""


def test_there_is_a_file_for_each_dashboard_and_no_other():
    assert {path.stem for path in (GRAFANA / "dashboards").glob("*.json")} == {board["uid"] for board in TABLE}


@pytest.mark.parametrize(("board", "panel"), PANELS, ids=[f"{board}: {panel['title']}" for board, panel in PANELS])
def test_each_panel_has_a_unit_a_legend_and_says_what_to_do(board: str, panel: dict):
    assert panel["unit"] and panel["queries"] and all(panel["queries"])
    assert len(panel["wrong"]) > 20 and panel["wrong"].endswith((".", ")"))


def test_runbooks_that_panels_name_exist():
    named = {name for _, panel in PANELS for name in re.findall(r"Vigilward[A-Z]\w+", panel["wrong"])}

    assert named and {name for name in named if not (ROOT / "deploy" / "runbooks" / f"{name}.md").is_file()} == set()


def test_grafana_finds_its_source_and_its_dashboards():
    sources = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "prometheus.yml").read_text())["datasources"]
    files = [json.loads(path.read_text()) for path in (GRAFANA / "dashboards").glob("*.json")]

    used = {panel["datasource"]["uid"] for file in files for panel in file["panels"]}
    assert used == {source["uid"] for source in sources}
