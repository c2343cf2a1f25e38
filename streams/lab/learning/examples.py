"""What a Vigil saw of each recorded patient, hour by hour, and apart from it what came of the patient."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

import numpy as np

from detectors.risk_memory import FEATURES
from detectors.rules import Rules
from detectors.vigil import Vigil
from schemas.times import HOUR_MS
from streams.config.packaged_rules import packaged_rules
from streams.lab.evaluation.batches import Helpers, Patients, Progress, over_patients
from streams.lab.evaluation.data_quality import require_quality
from streams.lab.evaluation.definitions import SETTLE_S, Array
from streams.lab.evaluation.outcomes import Asked, join, read_outcomes, require_one_clock
from streams.lab.learning.recipes import Outcome, Recipe
from streams.log import Partition
from streams.recordings.recordings import START_MS, Recording
from streams.recordings.tables import Recorded

SETTLE_MS: Final = SETTLE_S * 1_000
HELD_OUT: Final = 0.25
LOW_PRESSURE: Final = 60.0
_MEAN_NOW: Final = FEATURES.index("mean_bp.now")


@dataclass(frozen=True, slots=True)
class Seen:
    """One patient: `hours` since the first value, rising, and a row of `FEATURES` each (NaN: not known).

    `begins_s`: the moment of that first value, in the seconds of the table.
    """

    patient: str
    hours: Array
    rows: Array
    begins_s: float = 0.0


def held_out(patient: str) -> bool:
    """Whether a patient is kept apart: a quarter, chosen by a hash of the id, from whom nothing is ever learned.

    >>> sum(held_out(f"p{number}") for number in range(1000))
    258
    """
    return int.from_bytes(sha256(patient.encode()).digest()[:8], "big") / 2**64 < HELD_OUT


def watch(patient: str, readings: Sequence[tuple[int, bytes]], rules: Rules) -> Seen:
    """One patient through a log of one's own; a row for each hour in which anything was looked at."""
    part = Partition(0, 1, clock="event", mode="real", rules=rules, topic="vitals.readings")
    hours: list[float] = []
    rows: list[list[float]] = []
    key, looked = patient.encode(), -1
    moment = START_MS

    def look(at: int) -> None:
        nonlocal looked
        part.advance(at, 1 << 62)
        vigil = _vigil(part, patient)
        if vigil is None or vigil.risk_forecast.seen_at <= looked:
            return
        looked = vigil.risk_forecast.seen_at
        seen = vigil.risk_forecast.features()
        if seen:
            hours.append((moment - START_MS) / HOUR_MS)
            rows.append([np.nan if seen[name] is None else seen[name] for name in FEATURES])  # type: ignore[misc]

    for at, value in readings:
        while at > moment + SETTLE_MS:
            look(moment + SETTLE_MS)
            moment += HOUR_MS
        part.run([(part.next_offset, 0, key, value, ())])
    if readings:
        look(moment + SETTLE_MS)
    return Seen(patient, np.array(hours), np.array(rows, dtype=np.float64).reshape(len(rows), len(FEATURES)))


def _vigil(part: Partition, patient: str) -> Vigil | None:
    found = part.watches.get(patient)
    return None if found is None else found.vigil


def watch_folder(
    recorded: Recorded, *, workers: int = 2, progress: Progress | None = None, helpers: Helpers | None = None
) -> list[Seen]:
    """Every patient of a folder, by id. Raises `CannotEvaluate` where too many values are refused to learn from.
    `helpers`: those that run already.
    """
    recording = Recording(recorded)
    require_quality(recording, "learned")
    begins = recording.starts_s()
    seen = over_patients(_watch_batch, recording, workers, progress, helpers)
    return [replace(one, begins_s=begins[one.patient]) for one in seen]


def _watch_batch(batch: Patients) -> list[Seen]:
    rules = packaged_rules()
    return [watch(patient, readings, rules) for patient, readings in batch]


def answers(seen: Sequence[Seen], recipe: Recipe, recorded: Recorded) -> list[Array]:
    """What came of it, a row each: 1, 0, or NaN where nobody knows. Read apart from the watching, which never sees it.

    Sepsis: 1 from six hours before the onset on (`label_first_1`), as its set defines it. Death: the whole stay. Low
    pressure: whether the mean was 60 mmHg or less at one of the looks of the next hour, where it lies above that now.
    """
    if recipe.outcome is Outcome.LOW_PRESSURE:
        return [_low_pressure(one, recipe.horizon_h or 1.0) for one in seen]
    patients, begins = [one.patient for one in seen], [one.begins_s for one in seen]
    join(recorded, patients)
    require_one_clock(recorded, Asked(recipe.outcome))
    told = read_outcomes(recorded, patients, begins, Asked(recipe.outcome))
    if recipe.outcome is Outcome.DEATH:
        return [np.full(len(one.hours), value) for one, value in zip(seen, told.happened, strict=True)]
    since = told.positive_from_h
    first = told.onset_h - (recipe.horizon_h or 0.0)
    since = np.where(since == told.onset_h, first, since)  # `label_first_1` where there is one
    return [
        np.where(np.isnan(value), np.nan, (one.hours >= begin).astype(float))
        for one, value, begin in zip(seen, told.happened, np.where(np.isnan(since), np.inf, since), strict=True)
    ]


def _low_pressure(one: Seen, horizon_h: float) -> Array:
    now = one.rows[:, _MEAN_NOW]
    out = np.full(len(now), np.nan)
    for row, hour in enumerate(one.hours):
        later = now[row + 1 : np.searchsorted(one.hours, hour + horizon_h, side="right")]
        later = later[~np.isnan(later)]
        if now[row] > LOW_PRESSURE and len(later):
            out[row] = float((later <= LOW_PRESSURE).any())
    return out
