"""How much a batch model could tell from what the online heads see: `python -m tests.bench.ceiling DIR --head sepsis`.

Gradient-boosted trees (scikit-learn) on the very features of the risk memory, fitted at once to the patients that the
shipped head was learned from, and both judged on the quarter that is kept apart. A third model gets the clock as well.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from detectors.risk import heads_of
from detectors.risk_memory import FEATURES
from streams.config.packaged_rules import packaged_rules
from streams.lab.evaluation.definitions import LANDMARK_48_H, LANDMARK_H, LANDMARK_MEAN_H
from streams.lab.evaluation.measures import Bootstrap, RankedRows, auroc, interval
from streams.lab.learning.examples import answers, held_out, watch_folder
from streams.lab.learning.recipes import HEADS

SETTINGS = {
    "max_depth": 4,
    "learning_rate": 0.04,
    "max_iter": 350,
    "min_samples_leaf": 300,
    "l2_regularization": 20.0,
    "max_features": 0.3,
    "random_state": 0,
}


def fitted(rows, told, taught):
    """The log-odds of each row by a model fitted to the rows of the taught."""
    known = taught & ~np.isnan(told)
    used = ~np.isnan(rows[known]).all(axis=0)
    model = HistGradientBoostingClassifier(**SETTINGS).fit(rows[known][:, used], told[known])
    return model.decision_function(rows[:, used])


def area(score, told, who, patients):
    """AUROC with its interval by patients."""
    found = auroc(score, told)
    bounds = interval(Bootstrap(patients, 500).of_areas(RankedRows(score, told), who, bins=256))
    return {"auroc": round(found, 4), "low": round(bounds[0], 4), "high": round(bounds[1], 4)}


def at_landmark(score, told, who, hours, at, patients):
    """The mean of the six hours before a landmark, a patient each."""
    rows = (hours <= at) & (hours > at - LANDMARK_MEAN_H)
    count = np.bincount(who[rows], minlength=patients)
    mean = np.bincount(who[rows], weights=score[rows], minlength=patients) / np.maximum(1, count)
    answer = np.zeros(patients)
    answer[who] = told
    members = np.flatnonzero(count > 0)
    return area(mean[members], answer[members], members, patients)


def _named(row):
    return {name: None if value != value else value for name, value in zip(FEATURES, row, strict=True)}


def ceiling(folder: Path, head: str, workers: int) -> dict:
    """The figures of the shipped head and of the batch models, on patients that neither has seen."""
    recipe = HEADS[head]
    watched = watch_folder(folder, workers=workers)
    told = np.concatenate(answers(watched, recipe, folder))
    rows, hours = np.concatenate([one.rows for one in watched]), np.concatenate([one.hours for one in watched])
    who = np.repeat(np.arange(len(watched)), [len(one.hours) for one in watched])
    apart = np.array([held_out(one.patient) for one in watched])[who]
    shipped = heads_of(packaged_rules().risk)[head]
    online = np.array([shipped.log_odds(_named(row)) for row in rows[apart].tolist()])
    news2 = rows[:, FEATURES.index("news2.now")]
    scores = {
        "news2": np.nan_to_num(news2[apart]),
        "online, as shipped": online,
        "batch": fitted(rows, told, ~apart)[apart],
        "batch with the clock": fitted(np.column_stack([rows, hours]), told, ~apart)[apart],
    }
    known = ~np.isnan(told[apart])
    answer, whose, when = told[apart][known], who[apart][known], hours[apart][known]
    figures = {}
    for name, score in scores.items():
        one = area(score[known], answer, whose, len(watched))
        for at in (LANDMARK_48_H, LANDMARK_H) if recipe.horizon_h is None else ():
            one[f"landmark_{at:g}h"] = at_landmark(score[known], answer, whose, when, at, len(watched))
        figures[name] = one
    counts = {"patients": len(set(who[apart])), "rows": int(known.sum()), "positive": int(np.nansum(told[apart]))}
    return {"folder": folder.name, "head": head, "held_out": counts, "settings": SETTINGS, "figures": figures}


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("folder", type=Path)
    words.add_argument("--head", choices=sorted(HEADS), default="sepsis")
    words.add_argument("--workers", type=int, default=2)
    asked = words.parse_args()
    print(json.dumps(ceiling(asked.folder, asked.head, asked.workers), indent=1))
