"""How a head is learned from recorded patients: predict first, learn after, one patient after another, then again."""

from collections.abc import Iterator, Mapping, Sequence
from math import log
from random import Random
from typing import Final

import numpy as np

from detectors.additive import Additive, Table
from detectors.risk import Head, HeadWeights, TableWeights
from detectors.risk_memory import FEATURES
from streams.lab.evaluation.definitions import Array
from streams.lab.evaluation.measures import auroc, brier
from streams.lab.learning.examples import Seen, answers, held_out
from streams.lab.learning.recipes import Recipe
from streams.lab.learning.weights import Weights, digest
from streams.recordings.tables import Recorded, tables_of

VERSION: Final = "2"  # of the recipes: 1 had many knots in every table and a firmer pull
PASSES: Final = 3
SEED: Final = 20261122
RATE: Final = 0.05
PULL: Final = 0.001
AVERAGE_EVERY: Final = 200  # steps between the weights that are averaged, over the second half of all steps
DIGITS: Final = 4
RANK_STEPS: Final = 40
TAIL: Final = (0.99, 0.995, 0.999)
CHANGES: Final = "values streamed through a Vigil; hourly rows of its risk memory; nothing else is kept of them"

Row = dict[str, float | None]


class TooFew(ValueError):
    """Patients from whom nothing can be learned, and why."""

    exit_code = 2


def rows_of(one: Seen) -> Iterator[Row]:
    """The rows as a model takes them: what is not known is None."""
    for row in one.rows.tolist():
        yield {name: None if value != value else value for name, value in zip(FEATURES, row, strict=True)}


def train(
    recipe: Recipe, seen: Sequence[Seen], told: Sequence[Array], seed: int, source: str
) -> tuple[HeadWeights, float | None]:
    """A head from these patients, and how well it ranked their hours when each was predicted before it was learned.

    The first pass goes patient by patient in a seeded order: a patient's hours are predicted, then learned, for an
    outcome is known only after its horizon. The later passes take all hours in a seeded order. What ships is the mean
    of the weights over the second half of the steps.
    """
    chance = Random(seed)
    known = [np.flatnonzero(~np.isnan(one)) for one in told]
    order = [place for place in range(len(seen)) if len(known[place])]
    total = sum(len(known[place]) for place in order)
    happened = sum(float(told[place][known[place]].sum()) for place in order)
    if happened < 10 or total - happened < 10 or PASSES * total < AVERAGE_EVERY:
        raise TooFew(f"{total} hours with {happened:.0f} before the event: from so few nothing is learned")
    tables = recipe.tables()
    model = Additive(tables, bias=_prior_bias(happened / total), rate=RATE, pull=PULL)
    mean = _Mean(model, PASSES * total)
    chance.shuffle(order)
    predicted: list[tuple[float, float]] = []
    hours: list[tuple[int, int]] = []
    for number, place in enumerate(order):
        rows = list(rows_of(seen[place]))
        if number >= len(order) // 2:
            predicted += [(model.log_odds_one(rows[row]), told[place][row]) for row in known[place]]
        for row in known[place].tolist():
            model.learn_one(rows[row], bool(told[place][row]))
            mean.step()
        hours += [(place, row) for row in known[place].tolist()]
    for _ in range(PASSES - 1):
        chance.shuffle(hours)
        for place, row in hours:
            values = seen[place].rows[row].tolist()
            x = {name: None if value != value else value for name, value in zip(FEATURES, values, strict=True)}
            model.learn_one(x, bool(told[place][row]))
            mean.step()
    learned, bias = mean.tables(), mean.bias()
    return _head(recipe, source, learned, bias, seen, known, predicted), auroc(
        *map(np.array, zip(*predicted, strict=True))
    )


class _Mean:
    """The mean of a model's weights over the second half of its steps."""

    def __init__(self, model: Additive, steps: int) -> None:
        self._model, self._from, self._step, self._taken, self._bias = model, steps // 2, 0, 0, 0.0
        self._sums = {name: [0.0] * len(table.knots) for name, table in model.tables.items()}

    def step(self) -> None:
        self._step += 1
        if self._step < self._from or self._step % AVERAGE_EVERY:
            return
        self._taken += 1
        self._bias += self._model.bias
        for name, table in self._model.learned(digits=12).items():
            sums = self._sums[name]
            for at, weight in enumerate(table.prior):
                sums[at] += weight

    def tables(self) -> dict[str, Table]:
        tables = self._model.tables
        return {
            name: Table(tables[name].knots, tuple(round(total / self._taken, DIGITS) for total in sums))
            for name, sums in self._sums.items()
        }

    def bias(self) -> float:
        return round(self._bias / self._taken, DIGITS)


def _prior_bias(rate: float) -> float:
    """So that a patient with three points by protocol starts at the usual rate."""
    return log(rate / (1 - rate)) - 3 * 0.1


def _head(
    recipe: Recipe,
    source: str,
    learned: dict[str, Table],
    bias: float,
    seen: Sequence[Seen],
    known: Sequence[Array],
    predicted: Sequence[tuple[float, float]],
) -> HeadWeights:
    """The head with the centre of each table, and the ranks of the hours that it was learned from."""
    model, odds = Additive(learned, bias=bias), []
    sums, counts, patients = dict.fromkeys(learned, 0.0), dict.fromkeys(learned, 0), 0
    for one, rows in zip(seen, known, strict=True):
        patients += bool(len(rows))
        if not len(rows):
            continue
        told = list(rows_of(one))
        for row in rows:
            odds.append(model.log_odds_one(told[row]))
            for name, added in model.contributions_one(told[row]).items():
                sums[name] += added
                counts[name] += 1
    tables = tuple(
        TableWeights(name, table.knots, table.prior, round(sums[name] / counts[name], DIGITS) if counts[name] else 0.0)
        for name, table in learned.items()
        if counts[name]
    )
    return HeadWeights(
        recipe.head, VERSION, recipe.event, recipe.horizon_h, source, patients,
        recipe.needs, recipe.least, bias, tables, _ranks(np.array(odds)), _calibration(predicted),
    )  # fmt: skip


def _ranks(odds: Array) -> tuple[tuple[float, float], ...]:
    shares = sorted({*(step / RANK_STEPS for step in range(RANK_STEPS + 1)), *TAIL})
    found: dict[float, float] = {}
    for share, value in zip(shares, np.quantile(odds, shares), strict=True):
        found[round(float(value), DIGITS)] = share  # of equal ones the last
    return tuple(sorted(found.items()))


def _calibration(predicted: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Platt's line through the predictions that were made before learning, as two points."""
    x, y = (np.array(column) for column in zip(*predicted, strict=True))
    base, slope = 0.0, 1.0
    for _ in range(25):
        p = 1 / (1 + np.exp(-np.clip(base + slope * x, -35, 35)))
        wrong, weight = p - y, p * (1 - p)
        h = np.array([[weight.sum() + 1e-9, (weight * x).sum()], [(weight * x).sum(), (weight * x * x).sum() + 1e-9]])
        step = np.linalg.solve(h, np.array([wrong.sum(), (wrong * x).sum()]))
        base, slope = base - step[0], slope - step[1]
    slope = max(slope, 0.05)
    return tuple((at, round(float(base + slope * at), DIGITS)) for at in (-10.0, 5.0))


def measured(head: HeadWeights, seen: Sequence[Seen], told: Sequence[Array]) -> dict[str, float]:
    """How a head does on these patients: AUROC over rows and Brier score, beside the score by protocol. What cannot be
    told of them (AUROC takes hours of both kinds) is not there.
    """
    one = Head(head)
    odds, book, happened = list[float](), list[float](), list[float]()
    for patient, answer in zip(seen, told, strict=True):
        for row, value in zip(rows_of(patient), answer.tolist(), strict=True):
            if value == value and one.knows_enough(row):
                odds.append(one.log_odds(row))
                score = row["news2.now"]
                book.append(np.nan if score is None else score)
                happened.append(value)
    y, found = np.array(happened), np.array(odds)
    figures: dict[str, float | None] = {
        "patients": len(seen), "hours": len(y), "hours_before_the_event": int(y.sum()),
        "auroc": auroc(found, y), "auroc_news2": auroc(np.array(book), y),
        "brier": brier(np.array([one.probability(value) for value in odds]), y) if odds else None,
    }  # fmt: skip
    return _told(figures)


def _told(figures: Mapping[str, float | None]) -> dict[str, float]:
    return {name: round(value, DIGITS) for name, value in figures.items() if value is not None}


def learn(recipe: Recipe, watched: Sequence[tuple[Recorded, Sequence[Seen]]], seed: int | None = None) -> Weights:
    """A head from the patients of some folders of whom nothing is kept apart, measured on those who are."""
    taught, told, apart, after = list[Seen](), list[Array](), list[Seen](), list[Array]()
    for folder, seen in watched:
        for one, answer in zip(seen, answers(seen, recipe, folder), strict=True):
            (apart if held_out(one.patient) else taught).append(one)
            (after if held_out(one.patient) else told).append(answer)
    seed = SEED if seed is None else seed
    source = " and ".join(tables_of(folder).name for folder, _ in watched)
    licence, citation = _origin(recipe, source)
    head, before = train(recipe, taught, told, seed, f"{source} ({licence})")
    figures = measured(head, apart, after) if apart else {}
    figures |= _told({"auroc_before_learning": before})
    return Weights(
        learned_by="vigilward learn (streams/lab/learning/learn.py)", seed=seed, source=source, licence=licence,
        citation=citation, changes=CHANGES, model=head, figures=figures,
        patients=tuple(sorted(digest(one.patient) for one in taught)),
    )  # fmt: skip


def _origin(recipe: Recipe, source: str) -> tuple[str, str]:
    """Licence and citation of the set that the shipped weights come from; of other patients we know neither."""
    return (recipe.licence, recipe.citation) if source == recipe.folder else ("that of the patients' records", "")
