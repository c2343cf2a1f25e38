"""The papers hold: links lead somewhere, files that they name are there, and what is made from the code is fresh."""

import re
from pathlib import Path

import pytest

from schemas.contract_page import page
from streams.commands import COMMANDS
from streams.config.topics import Topic
from tests.deploy.test_house import ROOT, tracked

PAPERS = sorted({*tracked("*.md"), *(ROOT / "docs").rglob("*.md")})
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
NAMED = re.compile(r"`((?:schemas|detectors|streams|tests|deploy)/[\w/]+\.(?:py|js|json|toml|txt))`")
COMMAND = re.compile(r"(?:`|^|bin/|&& |\| )vigilward ([a-z][a-z-]*)", re.MULTILINE)
UNESCAPED_BAR, CELL = re.compile(r"(?<!\\)\|"), 300


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: str(paper.relative_to(ROOT)))
def test_every_link_leads_to_a_file(paper: Path):
    gone = [link for link in LINK.findall(paper.read_text()) if not (paper.parent / link).exists()]

    assert gone == []


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: str(paper.relative_to(ROOT)))
def test_every_file_that_is_named_is_there(paper: Path):
    named = [name for name in NAMED.findall(paper.read_text()) if Path(name).stem not in ("NAME", "CODE")]

    assert [name for name in named if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: str(paper.relative_to(ROOT)))
def test_no_cell_of_a_table_is_a_page(paper: Path):
    rows = [line for line in paper.read_text().splitlines() if line.startswith("|")]

    assert [cell for row in rows for cell in UNESCAPED_BAR.split(row) if len(cell.strip()) > CELL] == []


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: str(paper.relative_to(ROOT)))
def test_every_command_that_is_named_exists(paper: Path):
    assert {*COMMAND.findall(paper.read_text())} <= {*COMMANDS}


def test_the_table_of_commands_is_whole():
    rows = (ROOT / "README.md").read_text().partition("| command | does |")[2].partition("\n\n")[0].splitlines()
    names = [name for row in rows for name in re.findall(r"`([a-z-]+)`", row.split("|")[1] if "|" in row else "")]

    assert sorted(names) == sorted(COMMANDS)


def test_the_table_of_topics_is_whole():
    table = (ROOT / "docs/architecture.md").read_text().partition("## Topics")[2]

    assert re.findall(r"^\| `([a-z]+)` \|", table, re.MULTILINE) == [topic.value for topic in Topic]


def test_every_room_of_streams_is_named():
    rooms = {folder.name for folder in (ROOT / "streams").iterdir() if (folder / "__init__.py").is_file()}
    table = (ROOT / "streams/README.md").read_text()

    assert sorted(room for room in rooms if f"`{room}/`" not in table) == []


def test_the_wire_contract_is_what_the_schemas_say():
    assert (ROOT / "docs/wire.md").read_text() == page(), "python -m schemas.contract_page > docs/wire.md"


def test_the_forge_runs_the_same_proof_as_everybody():
    assert "- run: sudo -E .ci/run" in (ROOT / ".github/workflows/ci.yml").read_text()
