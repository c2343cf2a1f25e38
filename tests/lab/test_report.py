"""The page is one file that fetches nothing, and shows what it says it shows."""

import re
from functools import cache

import pytest

from streams.lab.evaluation.evaluate import evaluate
from streams.lab.evaluation.report import MARKS, page
from streams.lab.evaluation.svg import Plot
from streams.recordings.samples import NAMES, folder
from tests.streams.lab.made import folder as made


@cache
def evaluated(name):
    return evaluate(folder(name), replicates=50, workers=1)


@pytest.mark.parametrize("name", NAMES)
def test_the_page_needs_nothing_from_elsewhere_and_holds_every_score(name):
    evaluation = evaluated(name)
    html = page(evaluation)

    assert not re.search(r"<script|https?://(?!www\.w3\.org)|@import|url\(", html)
    assert html.count("<svg") == html.count("</svg>")
    assert "NaN" not in html and ">nan" not in html and "inf" not in re.findall(r">[^<]*<", html)
    for key in ("news2_ge5", "last_value", "policy", "armed"):
        assert f"<td>{key}</td>" in html


def test_single_patients_are_shown_with_their_calls_and_what_was_said():
    html = page(evaluated("sepsis2019"))

    assert "The most useless alerts of the learned rules" in html
    assert ">call</text>" in html
    assert re.search(r"hour \d+\.\d: .*NEWS2 at least \d", html)


def test_every_point_of_the_curves_lies_within_the_picture_and_every_name_is_explained(tmp_path):
    html = page(evaluate(made(tmp_path / "made"), replicates=20, workers=1))
    curve = html[html.index("How many are detected") : html.index("How early")]

    assert curve.count("<circle") == 2 * len(MARKS)
    assert all(0 <= float(across) <= 570 for across in re.findall(r"<circle cx='([-\d.]+)'", curve))
    for key in MARKS:
        assert f"<dt>{key}</dt>" in html


def test_the_name_of_a_line_at_the_right_edge_stands_to_its_left():
    plot = Plot(1160, 150, (0, 72), (0, 20))
    plot.upright(1, "red", "call")
    plot.upright(72, "red", "onset")

    assert [re.search("text-anchor='(.*?)'", part)[1] for part in plot.parts if "<text" in part] == ["start", "end"]
