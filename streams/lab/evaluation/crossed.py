"""Every patient of a folder judged by weights that were learned from the others: all of its events tell, none twice."""

import hashlib
from collections.abc import Sequence
from operator import itemgetter
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace

from detectors.risk import HeadWeights
from detectors.rules import Rules, read_rules
from streams.config.packaged_rules import packaged_rules_bytes
from streams.lab.evaluation.batches import Helpers, Progress, over
from streams.lab.evaluation.definitions import HEADS, Array
from streams.lab.evaluation.evaluate import REPLICATES, Evaluation, judge, known_before
from streams.lab.evaluation.folder import CannotEvaluate, check
from streams.lab.evaluation.outcomes import Asked
from streams.lab.evaluation.stream import stream_folder
from streams.lab.evaluation.trace import Course, Trace
from streams.lab.learning.examples import Seen, answers, watch_folder
from streams.lab.learning.learn import SEED, train
from streams.lab.learning.recipes import HEADS as RECIPES
from streams.lab.learning.recipes import Recipe
from streams.lab.learning.weights import into_rules
from streams.recordings.tables import Recorded

PARTS: Final = 4


class _Lesson(NamedTuple):
    recipe: Recipe
    seen: Sequence[Seen]
    told: Sequence[Array]
    source: str


def part_of(patient: str, parts: int = PARTS) -> int:
    """Which part a patient is in, by a hash of the id (another one than that of those kept apart from shipped weights).

    >>> sum(part_of(f"p{number}") == 0 for number in range(1000))
    243
    """
    return int.from_bytes(hashlib.sha256(f"part\0{patient}".encode()).digest()[:8], "big") % parts


def cross_fitted(
    recorded: Recorded,
    *,
    asked: Asked | None = None,
    source: str | None = None,
    parts: int = PARTS,
    rules: bytes | None = None,
    workers: int = 2,
    replicates: int = REPLICATES,
    seed: int = 20260101,
    rules_file: str | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Learn the head of the folder's event once for each part, from the patients of the other parts; stream each part
    under rules that hold its weights, all else as shipped, thresholds included; and judge all together.

    The figures are those of the recipe, not of the shipped numbers: they tell how such weights do on patients of the
    same hospital from whom they were not learned. Raises `CannotEvaluate` where no head speaks of the folder's event,
    `TooFew` where nothing can be learned from a part's others.
    """
    tables = check(recorded, source=source)
    before = known_before(tables, asked)
    head = HEADS.get(before.event) if before.event else None
    if head is None:
        raise CannotEvaluate("no_event", tables.name, "nothing can be learned where no labels tell of an event")
    value = packaged_rules_bytes() if rules is None else rules
    with Helpers(workers) as helpers:
        helpers.start_for(len(tables.vitals), __name__)
        seen = watch_folder(tables, workers=workers, progress=progress, helpers=helpers)
        models = _taught(RECIPES[head], seen, answers(seen, RECIPES[head], tables), tables.name, parts, helpers)
        courses: dict[str, Course] = {}
        for part, model in enumerate(models):
            members = [one.patient for one in seen if part_of(one.patient, parts) == part]
            streamed = stream_folder(
                tables, rules=into_rules(value, [model]), cut_at_s=before.cut_at_s, heads=[head],
                patients=members, workers=workers, progress=progress, helpers=helpers,
            )  # fmt: skip
            courses |= {course.patient: course for course in streamed.courses}
        trace = Trace.of([courses[patient] for patient in sorted(courses)], streamed.source, streamed.grid_s)
        armed = _as_one(read_rules(value), head, models)
        return judge(
            trace, tables, armed, asked=asked, replicates=replicates, seed=seed, rules_file=rules_file,
            cross_fitted=parts, helpers=helpers,
        )  # fmt: skip


def _taught(
    recipe: Recipe, seen: Sequence[Seen], told: Sequence[Array], source: str, parts: int, helpers: Helpers
) -> list[HeadWeights]:
    """One head a part, from the patients of all other parts."""
    lessons = []
    for part in range(parts):
        others = [at for at, one in enumerate(seen) if part_of(one.patient, parts) != part]
        lessons.append(_Lesson(recipe, [seen[at] for at in others], [told[at] for at in others], source))
    return [model for _, model in sorted(over(_learn, lessons, helpers.count + 1, helpers=helpers), key=itemgetter(0))]


def _learn(lesson: _Lesson) -> HeadWeights:
    return train(lesson.recipe, lesson.seen, lesson.told, SEED, lesson.source)[0]


def _as_one(rules: Rules, head: str, models: Sequence[HeadWeights]) -> Rules:
    """The rules with the mean of the parts' calibrations, which all stand at the same two log-odds."""
    at = np.array([[point for point, _ in model.calibration] for model in models])
    meant = np.array([[value for _, value in model.calibration] for model in models])
    assert (at == at[0]).all()
    calibration = tuple(zip(at[0].tolist(), meant.mean(axis=0).tolist(), strict=True))
    heads = tuple(replace(one, calibration=calibration) if one.head == head else one for one in rules.risk.heads)
    return replace(rules, risk=replace(rules.risk, heads=heads))
