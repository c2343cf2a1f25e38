"""The figures of all scores, worked out by all processes: of each score apart, from the same draws of patients."""

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from streams.lab.evaluation.batches import Helpers, over
from streams.lab.evaluation.compare import News2AtAnyRate, curve, paired
from streams.lab.evaluation.figures import Figures, figures_of
from streams.lab.evaluation.measures import Bootstrap
from streams.lab.evaluation.scores import Compared, Scored
from streams.lab.evaluation.trace import Course


class _Told(NamedTuple):
    figures: Figures
    curve: list[dict[str, float | None]] | None


def figures_of_all(
    compared: Compared, news2: News2AtAnyRate, draws: Bootstrap, helpers: Helpers | None
) -> Mapping[str, dict[str, Any]]:
    """All figures of each score by its name, in their order. The gain over NEWS2 is told of each, so NEWS2 comes first.

    They do not depend on how many processes there are: each score's are worked out whole by one of them.
    """
    first, *others = compared.all.values()
    assert first.name == "news2"
    told = [_told_of(compared, draws, first)]
    if helpers is None or not helpers.count:
        told += [_told_of(compared, draws, scored) for scored in others]
    else:
        work = partial(_told_there, _without_words(compared), draws.replicates, draws.seed)
        found = dict(over(work, others, helpers.count + 1, helpers=helpers))
        told += [found[place] for place in range(len(others))]
    for scored, one in zip(compared.all.values(), told, strict=True):
        if scored.alerting is not None:
            one.figures["paired_with_news2"] = paired(scored.alerting, news2, draws)
            one.figures["curve"] = one.curve
    return {scored.name: one.figures for scored, one in zip(compared.all.values(), told, strict=True)}


def _told_of(compared: Compared, draws: Bootstrap, scored: Scored) -> _Told:
    return _Told(figures_of(scored, compared, draws), None if scored.alerting is None else curve(scored, compared))


def _told_there(compared: Compared, replicates: int, seed: int, scored: Scored) -> _Told:
    return _told_of(compared, _drawn(len(compared.kept), replicates, seed), scored)


@lru_cache(maxsize=1)
def _drawn(patients: int, replicates: int, seed: int) -> Bootstrap:
    return Bootstrap(patients, replicates, seed)


def _without_words(compared: Compared) -> Compared:
    """What the figures of a score rest on, and nothing that another process would be sent in vain."""
    trace = compared.trace
    empty = [Course(course.patient, np.nan, np.nan, np.empty(0), np.empty(0)) for course in trace.courses]
    bare = copy(compared)
    bare.trace = replace(trace, courses=empty, values=np.empty((len(trace.who), 0), dtype=np.float32))
    bare.all = {}
    return bare
