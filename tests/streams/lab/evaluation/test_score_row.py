"""One look at a patient: the other scores read the same values in force as NEWS2 does."""

import pytest

from streams.lab.evaluation.score_row import COLUMNS, Heads, look
from tests.making import HOUR, MINUTE, T0, Moment, new_partition, reading, record, run


def looked(*entries):
    part = new_partition(clock="event")
    run(part, list(entries))
    part.advance(part.time + MINUTE, 1 << 62)
    return dict(zip(COLUMNS, look(part.watches["p"].vigil, part.time, Heads()), strict=True))


def chart(number, **values):
    return reading(T0 + number * HOUR, "p", "chart", source="spot", sequence=number, **values)


@pytest.mark.parametrize(("letter", "gcs", "points"), [("A", 10, 2), ("V", 15, 1)])
def test_of_letter_and_coma_scale_the_newer_one_counts_for_qsofa_too(letter, gcs, points):
    told = looked(chart(0, resp_rate=24, consciousness=letter), chart(1, gcs=gcs))

    assert told["qsofa"] == points
    assert told["news2"] == (5 if points == 2 else 2)


def test_a_confusion_of_long_standing_is_no_altered_mentation():
    known = {"present": True, "author": "Dr. X", "reason": "dementia", "until": Moment(T0 + 99 * HOUR)}
    admitted = record(T0, "p", "admit", 0, long_standing_confusion=known)

    assert looked(admitted, chart(1, resp_rate=24, consciousness="C"))["qsofa"] == 1
    assert looked(chart(1, resp_rate=24, consciousness="C"))["qsofa"] == 2
