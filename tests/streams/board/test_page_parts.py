"""What the page says of one and of many, of an order and its end; and that its red lines are the board's bands."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from streams.board.chart import laid_out

HERE = Path(__file__).parent
PAGE = HERE.parents[2] / "streams/board/page"


def charts() -> list[dict[str, Any]]:
    """On scale 1, on scale 2, on scale 2 with a set of before, and of somebody whom NEWS2 does not cover."""
    before = {
        "action_id": "one",
        "taken_at": 5,
        "who": "Nora",
        "vitals": {"spo2": 97.0},
        "replaced_by": None,
        "spo2_scale": 1,
    }
    return [
        laid_out([], 1, confusion_known=False),
        laid_out([], 2, confusion_known=False),
        laid_out([before], 2, confusion_known=False),
        laid_out([], 1, confusion_known=False, covered=False),
    ]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("parts")
    entry, module = folder / "entry.js", folder / "parts.mjs"
    parts = {
        "i18n": "t",
        "settings": "settings",
        "Plots": "redOf",
        "careOrders": "orderSaid, flags",
        "store": "state",
        "Observe": "entered",
    }
    entry.write_text("".join(f'export {{ {names} }} from "{PAGE}/src/{file}.js";\n' for file, names in parts.items()))
    esbuild = PAGE / "node_modules/.bin/esbuild"
    command = [esbuild, entry, "--bundle", "--format=esm", f"--outfile={module}", "--log-level=error"]
    subprocess.run(command, check=True, timeout=60)
    ran = subprocess.run(
        ["node", HERE / "page_parts.mjs", module],
        input=json.dumps(charts()),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_one_is_not_told_as_many(found: dict[str, Any]):
    assert found["en"] == {
        "burden": ["1 call in 24 h, budget 3", "2 calls in 24 h, budget 3"],
        "handover.calls": ["1 call", "2 calls"],
        "cover.nobody": ["Nobody has 1 bed", "Nobody has 2 beds"],
        "cover.take.yes": ["Take 1 bed", "Take 2 beds"],
    }
    assert found["de"]["handover.calls"] == ["1 Ruf", "2 Rufe"]


def test_red_lines_stand_where_the_boards_bands_say(found: dict[str, Any]):
    scale_1, scale_2, both, not_covered = found["red"]

    assert scale_1 == {
        "resp_rate": [8, 25],
        "spo2": [91, None],
        "heart_rate": [40, 131],
        "systolic_bp": [90, 220],
        "temperature": [35, None],
    }
    assert scale_2 == both == {**scale_1, "spo2": [83, None]}, "what is red under oxygen alone is no line"
    assert not_covered == {name: [None, None] for name in scale_1}


def test_an_order_that_waits_for_its_confirmation_says_of_which_vital_and_whether_it_ended(found: dict[str, Any]):
    assert found["orders"] == ["Order ended: Personal limit Heart rate", "Order: Personal limit Heart rate"]
    assert found["flags"] == [["limit SpO2 88–", False], ["Personal limit Heart rate: ended", True]]


def test_what_is_not_filled_in_or_contradicts_itself_is_not_sent(found: dict[str, Any]):
    assert found["entered"] == {"spo2": 95, "supplemental_oxygen": False}
