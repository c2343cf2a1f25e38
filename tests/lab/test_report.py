"""The page is one file that fetches nothing, and shows what it says it shows."""

import re

import pytest

from streams.lab.evaluate import evaluate
from streams.lab.report import page
from streams.ward.samples import NAMES, folder


@pytest.mark.parametrize("name", NAMES)
def test_the_page_needs_nothing_from_elsewhere_and_holds_every_score(name):
    evaluation = evaluate(folder(name), replicates=50, workers=1)
    html = page(evaluation)

    assert not re.search(r"<script|https?://(?!www\.w3\.org)|@import|url\(", html)
    assert html.count("<svg") == html.count("</svg>")
    assert "NaN" not in html and ">nan" not in html and "inf" not in re.findall(r">[^<]*<", html)
    for key in ("news2_ge5", "last_value", "policy", "armed"):
        assert f"<td>{key}</td>" in html


def test_single_patients_are_shown_with_their_calls_and_what_was_said():
    html = page(evaluate(folder("sepsis2019"), replicates=50, workers=1))

    assert "The most useless alerts of policy" in html
    assert ">call</text>" in html
    assert re.search(r"hour \d+\.\d: .*NEWS2 at least \d", html)
