"""The figures against a trusted implementation, on random scores with ties, weights and missing opinions."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from streams.lab.evaluation.measures import (
    Bootstrap,
    RankedRows,
    auroc,
    average_precision,
    brier,
    interval,
    reliability,
    widened,
)

SEEDS = range(8)


def drawn(seed, rows=400, values=None):
    rng = np.random.default_rng(seed)
    positive = rng.random(rows) < rng.uniform(0.02, 0.6)
    positive[:2] = (True, False)
    score = rng.normal(size=rows) + positive * rng.uniform(-1, 2)
    if values is not None:
        score = np.round(score * values) / values
    return rng, score, positive


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("values", [None, 2])
def test_areas_are_those_of_a_trusted_implementation(seed, values):
    _, score, positive = drawn(seed, values=values)

    assert auroc(score, positive) == pytest.approx(roc_auc_score(positive, score), abs=1e-12)
    assert average_precision(score, positive) == pytest.approx(average_precision_score(positive, score), abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_areas_with_weights_are_those_of_a_trusted_implementation(seed):
    rng, score, positive = drawn(seed, values=3)
    weight = rng.integers(0, 4, size=len(score)).astype(float)

    wanted = roc_auc_score(positive, score, sample_weight=weight)
    assert auroc(score, positive, weight) == pytest.approx(wanted, abs=1e-12)
    wanted = average_precision_score(positive, score, sample_weight=weight)
    assert average_precision(score, positive, weight) == pytest.approx(wanted, abs=1e-12)


def test_a_row_without_an_opinion_ranks_below_all_others():
    score, positive = np.array([np.nan, -5.0, 1.0, np.nan]), np.array([True, False, True, False])

    lowest = np.where(np.isnan(score), -99.0, score)
    assert auroc(score, positive) == roc_auc_score(positive, lowest)


def test_without_both_kinds_there_is_no_area():
    assert auroc(np.arange(3.0), np.array([True, True, True])) is None
    assert average_precision(np.arange(3.0), np.array([False, False, False])) is None


@pytest.mark.parametrize("seed", SEEDS)
def test_brier_is_that_of_a_trusted_implementation(seed):
    rng, _, positive = drawn(seed)
    said = rng.random(len(positive))

    assert brier(said, positive) == pytest.approx(brier_score_loss(positive, said), abs=1e-9)


def test_a_reliability_curve_puts_every_row_into_one_bin():
    rng, _, positive = drawn(1)
    said = rng.random(len(positive))
    bins = reliability(said, positive, bins=7)

    assert sum(one.count for one in bins) == len(said)
    assert sum(one.happened * one.count for one in bins) == pytest.approx(positive.sum())
    assert [one.said for one in bins] == sorted(one.said for one in bins)


def test_scores_put_together_hardly_move_the_area_and_lose_no_row():
    _, score, positive = drawn(3, rows=5_000)
    rows, who = RankedRows(score, positive), np.arange(5_000) % 50
    pos, neg = rows.by_patient(who, 50, 256)

    assert pos.sum() == positive.sum()
    assert neg.sum() == (~positive).sum()
    draws = Bootstrap(50, replicates=3)
    draws.weights[:] = 1.0  # each patient once: the whole
    area, _ = draws.of_ranks(rows, who)
    assert area[0] == pytest.approx(roc_auc_score(positive, score), abs=1e-4)


def test_a_replicate_is_what_it_is_to_count_its_patients_as_often_as_they_were_drawn():
    _, score, positive = drawn(4, rows=300, values=4)
    who = np.arange(300) % 30
    draws = Bootstrap(30, replicates=5, seed=9)
    areas, precisions = draws.of_ranks(RankedRows(score, positive), who, bins=300)

    for weights, area, precision in zip(draws.weights, areas, precisions, strict=True):
        assert area == pytest.approx(roc_auc_score(positive, score, sample_weight=weights[who]), abs=1e-5)
        wanted = average_precision_score(positive, score, sample_weight=weights[who])
        assert precision == pytest.approx(wanted, abs=1e-5)


def test_an_interval_of_a_share_covers_what_theory_says():
    draws = Bootstrap(400, replicates=2_000, seed=2)
    low, high = draws.of_ratio((np.arange(400) < 120).astype(float), np.ones(400))

    half = 1.96 * np.sqrt(0.3 * 0.7 / 400)
    assert (low, high) == pytest.approx((0.3 - half, 0.3 + half), abs=0.006)


def test_rows_of_one_patient_are_not_taken_for_many_patients():
    """Four hundred rows of ten patients say no more than ten patients do."""
    who = np.repeat(np.arange(10), 40)
    on = (who < 3).astype(float)
    alone = Bootstrap(10, seed=3).of_ratio(np.bincount(who, weights=on), np.bincount(who).astype(float))

    assert alone[1] - alone[0] > 0.4


def test_quantiles_have_the_interval_of_their_patients():
    values = np.random.default_rng(5).normal(size=500)
    (low, high), *_ = Bootstrap(500, seed=5).of_quantiles(values, np.arange(500), (0.5,))

    assert low < np.median(values) < high
    assert high - low < 0.35


def test_too_few_replicates_with_a_figure_leave_no_interval():
    assert interval(np.array([np.nan, np.nan, np.nan, 1.0])) is None


def test_nobody_seen_is_not_nobody_possible():
    assert widened((0.0, 0.0), 0, 10, share=True)[1] == pytest.approx(0.3085, abs=1e-3)  # Clopper-Pearson, 0 of 10
    assert widened((0.2, 0.4), 3, 10, share=True) == (0.2, 0.4)
