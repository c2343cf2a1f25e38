"""An alert is a raise; what holds on is the same alert for twelve hours; detected is early enough and not too early."""

import numpy as np
import pytest

from streams.lab.evaluation.definitions import catches, raises, raises_of_spans


def times(who, hours):
    who, hours = np.array(who), np.array(hours, dtype=float)
    return [(int(who[row]), float(hours[row])) for row in raises(who, hours)]


def test_crossings_within_twelve_hours_are_one_alert():
    assert times([0, 0, 0], [3, 8, 14]) == [(0, 3.0)]


def test_a_condition_that_still_holds_counts_again_after_twelve_hours():
    assert times([0] * 40, range(40)) == [(0, 0.0), (0, 12.0), (0, 24.0), (0, 36.0)]


def test_one_patients_alert_silences_nobody_else():
    assert times([0, 0, 1, 2, 2], [5, 6, 6, 0, 13]) == [(0, 5.0), (1, 6.0), (2, 0.0), (2, 13.0)]


@pytest.mark.parametrize("seed", range(6))
def test_rows_and_stretches_of_time_are_counted_alike(seed):
    """On an hourly grid the same condition, told as rows or as stretches, raises at the same hours."""
    rng = np.random.default_rng(seed)
    on = rng.random(120) < rng.uniform(0.05, 0.9)
    hours = np.flatnonzero(on).astype(float)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], on.astype(int), [0]])))
    spans = [(float(begin), float(end) - 0.5) for begin, end in zip(edges[::2], edges[1::2], strict=True)]

    assert [at for _, at in times([0] * len(hours), hours)] == raises_of_spans(spans)


def slowly(who, hours):
    found, last = [], {}
    for patient, hour in zip(who, hours, strict=True):
        if hour - last.get(patient, -np.inf) >= 12:
            found.append((int(patient), float(hour)))
            last[patient] = hour
    return found


@pytest.mark.parametrize("seed", range(6))
def test_the_fast_way_is_the_plain_way(seed):
    rng = np.random.default_rng(seed)
    who = np.sort(rng.integers(0, 20, size=300))
    hours = np.round(rng.random(300) * 90)
    order = np.lexsort((hours, who))

    assert times(who[order], hours[order]) == slowly(who[order], hours[order])


def test_detected_is_at_least_an_hour_and_at_most_a_day_before():
    assert catches(np.array([9.9, 10.0, 33.0, 33.01, 40.0]), 34.0).tolist() == [False, True, True, False, False]


def test_what_was_measured_in_time_and_decided_a_moment_later_counts():
    """A chart of the hour is decided a millisecond after it."""
    assert catches(np.array([33.0 + 0.001 / 3600]), 34.0).all()


def test_who_has_no_onset_is_not_detected():
    assert not catches(np.array([1.0, 2.0]), np.array([np.nan, np.nan])).any()
