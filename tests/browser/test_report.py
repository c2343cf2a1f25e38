"""The report of the lab on a phone: read in columns of 420 pixels."""

from streams.lab.evaluation.evaluate import evaluate
from streams.lab.evaluation.report import page
from streams.recordings.samples import folder

SMALLEST = """
() => Math.min(...[...document.querySelectorAll("svg text")].map(one => {
    const drawn = one.ownerSVGElement;
    const scale = drawn.getBoundingClientRect().width / drawn.viewBox.baseVal.width;
    return parseFloat(getComputedStyle(one).fontSize) * scale;
}))
"""


STRAYED = """
() => Math.max(...[...document.querySelectorAll(".wide")].filter(box => box.scrollWidth > box.clientWidth).map(box => {
    box.scrollLeft = 999;
    return Math.abs(box.querySelector("td").getBoundingClientRect().left - box.getBoundingClientRect().left);
}))
"""
"""How far the names of rows went with what was scrolled beside them; nothing that scrolls is minus infinity."""


def test_nothing_runs_over_the_side_and_every_word_of_a_picture_can_be_read(browser, tmp_path):
    """Wide tables and pictures are scrolled in a box of their own, where the names of rows stay; narrow pictures
    shrink, and their words grow.
    """
    file = tmp_path / "report.html"
    file.write_text(page(evaluate(folder("sepsis2019"), replicates=20, workers=1)), encoding="utf-8")
    phone = browser.new_page(viewport={"width": 420, "height": 900})
    phone.goto(file.as_uri())

    assert phone.evaluate("document.documentElement.scrollWidth") == 420
    assert phone.evaluate(SMALLEST) >= 11
    assert 0 <= phone.evaluate(STRAYED) < 1
    phone.close()


OVER_TICKS = """
() => [...document.querySelectorAll("svg")].filter(drawn => {
    const texts = [...drawn.querySelectorAll("text")], box = one => one.getBoundingClientRect();
    const [title] = texts.filter(one => (one.getAttribute("transform") || "").includes("rotate"));
    const ticks = texts.filter(one => one.getAttribute("text-anchor") === "end");
    return ticks.some(one => box(one).left < box(title).right + 4);
}).length
"""


def test_the_title_of_an_axis_keeps_clear_of_its_numbers(browser, tmp_path):
    file = tmp_path / "report.html"
    file.write_text(page(evaluate(folder("sepsis2019"), replicates=20, workers=1)), encoding="utf-8")

    for width in (420, 1200):
        shown = browser.new_page(viewport={"width": width, "height": 900})
        shown.goto(file.as_uri())
        assert shown.evaluate(OVER_TICKS) == 0
        shown.close()
