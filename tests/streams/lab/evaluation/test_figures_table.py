"""The table of figures says which of them are in sample, and which are to be believed."""

import json

import pytest

from streams.lab.evaluation.figures_table import lines
from tests.lab.golden import FILE

KEPT = json.loads(FILE.read_text())


@pytest.mark.parametrize(
    ("learned_from", "unseen", "in_sample", "believed", "alone"),
    [(0, None, False, False, False), (5, KEPT["unseen"], True, True, False), (6, None, True, False, True)],
)
def test_figures_in_sample_are_called_so_and_the_others_stand_apart(learned_from, unseen, in_sample, believed, alone):
    told = KEPT | {"in_sample": KEPT["in_sample"] | {"patients": learned_from}, "unseen": unseen}
    said = "\n".join(lines(told))

    assert ("in sample, and look better than they are" in said) is in_sample
    assert ("the figures to believe: 1 patients" in said) is believed
    assert ("every one of these patients" in said) is alone
    assert ("of all, in sample: risk" in said) is in_sample
