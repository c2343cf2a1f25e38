"""All figures of one folder of recorded patients, as one plain object."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from detectors.rules import Rules, read_rules
from streams.config.packaged_rules import packaged_rules_bytes
from streams.lab.evaluation.alerting import Alerting
from streams.lab.evaluation.batches import Helpers, Progress
from streams.lab.evaluation.burden import burden, burden_of
from streams.lab.evaluation.causes import causes
from streams.lab.evaluation.compare import News2AtAnyRate, paired
from streams.lab.evaluation.data_quality import data_quality, nothing_to_judge, require_seconds, unwatched
from streams.lab.evaluation.definitions import HEADS, HOUR_S, Array, Event
from streams.lab.evaluation.figures import Figures
from streams.lab.evaluation.folder import check
from streams.lab.evaluation.groups import by_group
from streams.lab.evaluation.measures import Bootstrap, RankedRows, interval
from streams.lab.evaluation.outcomes import (
    ABOUT,
    OF_EVENT,
    Asked,
    Outcomes,
    join,
    label_counts,
    outside,
    read_outcomes,
    require_one_clock,
)
from streams.lab.evaluation.raw import alerts_one_by_one, raw_crossings
from streams.lab.evaluation.scores import Compared
from streams.lab.evaluation.shared_figures import figures_of_all
from streams.lab.evaluation.stream import stream_recording
from streams.lab.evaluation.trace import Trace
from streams.lab.learning.weights import packaged_weights
from streams.recordings.recordings import Recording
from streams.recordings.tables import Recorded, Tables

REPLICATES: Final = 1_000
TEN_MINUTES_H: Final = 10 / 60
WHOLE: Final = frozenset({"burden", "technical", "raw_crossings", "protocol_alerts", "unseen", "in_sample"})
"""What is told of all patients only, and not again of those the weights have not seen."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures, and what they were taken from; `unseen` are those of the patients from whom nothing was learned."""

    told: dict[str, Any]
    compared: Compared
    unseen: "Evaluation | None" = None


def evaluate(
    recorded: Recorded,
    *,
    asked: Asked | None = None,
    source: str | None = None,
    rules: bytes | None = None,
    patients: Sequence[str] | None = None,
    workers: int = 2,
    replicates: int = REPLICATES,
    seed: int = 20260101,
    progress: Progress | None = None,
) -> Evaluation:
    """Stream a folder and work out every figure for the event that its labels tell, or for the one asked for.

    Raises `NotARecording` for tables that cannot be read, `CannotEvaluate` for those that cannot be judged.
    """
    every = evaluate_events(
        recorded, [asked], source=source, rules=rules, patients=patients, workers=workers, replicates=replicates,
        seed=seed, progress=progress,
    )  # fmt: skip
    return next(every)


def evaluate_events(
    recorded: Recorded,
    asked: Sequence[Asked | None],
    *,
    source: str | None = None,
    rules: bytes | None = None,
    patients: Sequence[str] | None = None,
    workers: int = 2,
    replicates: int = REPLICATES,
    seed: int = 20260101,
    progress: Progress | None = None,
    rules_file: str | None = None,
    helpers: Helpers | None = None,
) -> Iterator[Evaluation]:
    """The figures for each event asked for, streamed once for all that end their recordings at the same moment.

    `rules_file`: where the rules were read, for the commands that explain. `helpers`: those that run already.
    """
    with Helpers(workers) if helpers is None else nullcontext(helpers) as others:
        tables = check(recorded, source=source)
        others.start_for(len(tables.vitals), __name__)
        known = [known_before(tables, one) for one in asked]
        heads = sorted({HEADS[one.event] for one in known if one.event in HEADS})
        value = packaged_rules_bytes() if rules is None else rules
        streamed: dict[int | None, tuple[Recording, Trace]] = {}
        for one, before in zip(asked, known, strict=True):
            if before.cut_at_s not in streamed:
                recording = Recording(tables, patients=patients, until_s=before.cut_at_s)
                require_seconds(recording)
                trace = stream_recording(
                    recording, rules=rules, heads=heads, workers=workers, progress=progress, helpers=others
                )
                streamed[before.cut_at_s] = recording, trace
            recording, trace = streamed[before.cut_at_s]
            if not len(trace.who):
                raise nothing_to_judge(recording)
            yield judge(
                trace, tables, read_rules(value), asked=one, replicates=replicates, seed=seed, rules_file=rules_file,
                recording=recording, helpers=others,
            )  # fmt: skip


def known_before(tables: Tables, asked: Asked | None = None) -> Outcomes:
    """Which event the labels tell, and where recordings must be cut. Raises `CannotEvaluate` where the labels are of
    other patients, or their times of another clock.
    """
    join(tables, tables.patients)
    require_one_clock(tables, asked)
    return read_outcomes(tables, [], asked=asked)


def judge(
    trace: Trace,
    tables: Tables,
    rules: Rules,
    *,
    asked: Asked | None = None,
    replicates: int = REPLICATES,
    seed: int = 20260101,
    rules_file: str | None = None,
    cross_fitted: int | None = None,
    whole: bool = True,
    recording: Recording | None = None,
    helpers: Helpers | None = None,
) -> Evaluation:
    """The figures of what was streamed. `cross_fitted`: in how many parts, if each was streamed under weights that were
    learned from the others. `whole`: these are all patients, so the others are judged apart as well. `recording`: what
    was streamed, where it is at hand. `helpers` work out figures as well.
    """
    outcomes = read_outcomes(tables, trace.patients, trace.begins_s, asked)
    head = HEADS.get(outcomes.event) if outcomes.event else None
    learned = learned_from(trace, rules, head) if cross_fitted is None else np.zeros(len(trace.courses), dtype=bool)
    compared = Compared(trace, outcomes, rules)
    draws = Bootstrap(len(trace.courses), replicates, seed)
    told: dict[str, Any] = {
        "folder": tables.name,
        "event": outcomes.event,
        "horizon": outcomes.horizon._asdict(),
        "head": head,
        "landmark_h": outcomes.landmark_h,
        "cut_at_s": outcomes.cut_at_s,
        "source": trace.source,
        "grid_s": trace.grid_s,
        "patients": len(trace.courses),
        "patients_with_event": int(np.nansum(outcomes.happened)) if outcomes.event else None,
        "patients_of_unknown_outcome": int((~outcomes.known).sum()) if outcomes.event else None,
        "patients_left_out_for_an_early_onset": int(outcomes.censored.sum()),
        "patients_with_known_onset": int(outcomes.timed.sum()),
        "patient_days": round(float(trace.days.sum()), 4),
        "rows": len(trace.who),
        "positive_rows": int(compared.positive.sum()),
        "bootstrap": {"replicates": replicates, "seed": seed, "of": "patients", "level": 0.95},
        "rules": {"name": rules.name, "version": rules.version, "sha256": rules.sha256},
        "cross_fitted": cross_fitted,
        "in_sample": _in_sample(learned, head),
    }
    if whole:
        told["data"] = _data(tables, trace, outcomes, recording)
    news2 = News2AtAnyRate(compared)
    told |= figures_of_all(compared, news2, draws, helpers)
    told["headline"] = _headline(compared, news2, draws)
    told["references"] = _references(compared, draws)
    told["unseen"] = None
    unseen = None
    if whole and learned is not None and learned.any() and not learned.all():
        unseen = judge(
            only(trace, ~learned),
            tables,
            rules,
            asked=asked,
            replicates=replicates,
            seed=seed,
            rules_file=rules_file,
            whole=False,
            helpers=helpers,
        )
        told["unseen"] = {name: value for name, value in unseen.told.items() if name not in WHOLE}
    told["causes"] = causes(compared, tables, rules_file)
    told["groups"] = by_group(compared, draws)
    told["burden"] = _burdens(trace, compared)
    told["technical"] = _technical(trace, draws)
    told["raw_crossings"] = raw_crossings(tables, trace, compared, draws)
    told["protocol_alerts"] = alerts_one_by_one(trace) if outcomes.event is None else None
    return Evaluation(told, compared, unseen)


def _data(tables: Tables, trace: Trace, outcomes: Outcomes, recording: Recording | None) -> dict[str, Any]:
    """What the values are worth, and how the labels join them."""
    if recording is None:
        recording = Recording(tables, patients=trace.patients, until_s=outcomes.cut_at_s)
    told = {**data_quality(recording), **unwatched(trace)}
    counts = label_counts(tables)
    used = ABOUT | OF_EVENT.get(outcomes.event or "", frozenset()) | {outcomes.event}
    last = np.array([course.last_s for course in trace.courses]) / HOUR_S
    told["labels"] = None
    if tables.labels is not None:
        told["labels"] = {
            **(join(tables, trace.patients) or {}),
            "used": sorted(name for name in counts if name in used),
            "ignored": {name: count for name, count in sorted(counts.items()) if name not in used},
            "onsets_outside": int(outside(outcomes, last).sum()),
        }
    return told


def learned_from(trace: Trace, rules: Rules, head: str | None) -> Array | None:
    """Which patients the armed weights of a head were learned from; None where that cannot be told."""
    armed = next((one for one in rules.risk.heads if one.head == head), None)
    kept = packaged_weights().get(head) if head else None
    if armed is None or kept is None or kept.model != armed:
        return None
    return np.array([kept.learned_from(patient) for patient in trace.patients], dtype=bool)


def _in_sample(learned: Array | None, head: str | None) -> dict[str, Any]:
    """How many of these patients the armed weights were learned from."""
    if learned is None:
        why = (
            "no learned head speaks of an event here" if head is None else f"nobody lists the patients behind `{head}`"
        )
        return {"patients": None, "share": None, "reason": why}
    return {"patients": int(learned.sum()), "share": round(float(learned.mean()), 5)}


def only(trace: Trace, members: Array) -> Trace:
    """Some of the patients."""
    courses = [course for course, wanted in zip(trace.courses, members, strict=True) if wanted]
    return Trace.of(courses, trace.source, trace.grid_s)


def _headline(compared: Compared, news2: News2AtAnyRate, draws: Bootstrap) -> dict[str, Any]:
    """Paired with NEWS2 where each alerts equally often: the learned rules as shipped, and the learned risk at the
    rate of NEWS2 of 5 or more, beside the honest baselines at that rate.
    """
    told: dict[str, Any] = {}
    for name in ("policy", "risk"):
        alerting: Alerting | None = compared.all[name].alerting
        told[name] = None if alerting is None else paired(alerting, news2, draws)
    for name in ("risk", "last_value", "clock", "random"):
        score = compared.all[name].score
        told[f"{name}_as_often_as_news2_ge5"] = None
        if score is not None:
            told[f"{name}_as_often_as_news2_ge5"] = paired(compared.at_rate(score, compared.rate)[0], news2, draws)
    return told


def _references(compared: Compared, draws: Bootstrap) -> dict[str, Any]:
    """Figures that others published on such data, worked out here: of acute hypotension the mean pressure of the last
    ten minutes before T0 (Moody and Lehman, Computers in Cardiology 2009;36:541).
    """
    outcomes, trace = compared.outcomes, compared.trace
    if outcomes.event != Event.HYPOTENSION:
        return {}
    score = -trace.column("mean_bp").astype(float)
    assert outcomes.landmarks_h is not None
    rows = (
        (trace.hours > outcomes.landmarks_h[trace.who] - TEN_MINUTES_H) & ~np.isnan(score) & outcomes.known[trace.who]
    )
    patients = np.unique(trace.who[rows])
    count = np.bincount(trace.who[rows], minlength=draws.patients)[patients]
    mean = np.bincount(trace.who[rows], weights=score[rows], minlength=draws.patients)[patients] / count
    happened = outcomes.happened[patients] == 1
    told = Figures()
    ranks = RankedRows(mean, happened)
    bounds = interval(draws.of_areas(ranks, patients, bins=256))
    told.tell("auroc_patient", ranks.auroc(), bounds, "no patients with and without the event")
    return {"mean_pressure_of_the_last_10_min": told}


def _burdens(trace: Trace, compared: Compared) -> dict[str, Any]:
    return {
        "everything": burden(trace, lambda one: True),
        "about_the_patient": burden(trace, lambda one: one.kind == "physiological"),
        "about_the_measuring": burden(trace, lambda one: one.kind == "technical"),
        "first_calls_of_news2_ge5": burden_of(trace, compared.all["news2_ge5"].alerting),  # type: ignore[arg-type]
        "first_calls_of_policy": burden_of(trace, compared.all["policy"].alerting),  # type: ignore[arg-type]
    }


def _technical(trace: Trace, draws: Bootstrap) -> dict[str, Any]:
    """Alerts about the measuring, counted apart."""
    raised = np.array(
        [sum(one.kind == "technical" and one.state == "raised" for one in course.revisions) for course in trace.courses]
    )
    bounds = draws.of_ratio(raised, trace.days)
    days = float(trace.days.sum())
    return {
        "raised": int(raised.sum()),
        "per_patient_day": round(float(raised.sum()) / days, 5) if days else None,
        "per_patient_day_low": None if bounds is None else round(bounds[0], 5),
        "per_patient_day_high": None if bounds is None else round(bounds[1], 5),
    }
