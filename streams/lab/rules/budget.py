"""A budget of alerts that is kept: the learned rules' threshold so chosen that even the upper bound lies within it.

What is bounded is how often the learned rules alone would interrupt for a patient and day, counted as everywhere
(`definitions.py`): a raise; crossings within 12 hours are the same; what still holds after 12 hours counts again. The
bound is that of a bootstrap over patients, for what belongs to one patient stays together. Rules by protocol are no
part of it: they stay armed, and are not touched.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import Any, Final

import numpy as np

from detectors.rules import Rules, read_rules
from streams.lab.evaluation.alerting import of_turns, policy_spans
from streams.lab.evaluation.batches import Progress
from streams.lab.evaluation.data_quality import require_quality
from streams.lab.evaluation.definitions import Array, raises
from streams.lab.evaluation.measures import Bootstrap, widened
from streams.lab.evaluation.stream import stream_folder
from streams.lab.evaluation.trace import Trace
from streams.lab.learning.weights import into_rules, packaged_weights
from streams.recordings.recordings import Recording
from streams.recordings.tables import Recorded, tables_of

RISK: Final = "risk"
SILENT: Final = 1_000.0
"""Log-odds that no head ever reaches."""
STEP: Final = 0.01
PASSES: Final = 4
AIM: Final = 0.96
CLOSE: Final = 0.9
"""A threshold is kept when its upper bound uses this much of the budget; below it a lower one is tried."""
SUFFIX: Final = "+budget-"

Stream = Callable[..., Trace]


class Refused(StrEnum):
    """Why learned rules are not armed."""

    NOTHING_LEARNED = "nothing_learned"
    DOES_NOT_INTERRUPT = "does_not_interrupt"
    NO_OPINION = "no_opinion"
    TOO_FEW_DAYS = "too_few_days"
    OTHERS_EXCEED = "others_exceed"
    NOT_KEPT = "not_kept"


REMEDIES: Final[Mapping[Refused, str]] = {
    Refused.NOTHING_LEARNED: "arm `risk` and name a head in `risk.crossings`: there is no threshold to choose",
    Refused.DOES_NOT_INTERRUPT: "set `risk.priority` to medium, or leave it: shown alerts use up no budget",
    Refused.NO_OPINION: "calibrate on recordings that hold the vitals which the head needs",
    Refused.TOO_FEW_DAYS: "calibrate on more patient-days: even without any alert so few cannot prove the budget",
    Refused.OTHERS_EXCEED: "raise the budget, set `calling.learned_priority` to low, or disarm learned detectors",
    Refused.NOT_KEPT: "raise the budget, or calibrate on more patients",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """How often learned rules interrupt, a patient-day, with the bounds of the bootstrap."""

    calls: int
    patients: int
    patient_days: float
    rate: float
    low: float
    high: float

    @classmethod
    def of(cls, calls: Array, days: Array, draws: Bootstrap) -> "Measured":
        """From each patient's calls and days."""
        count, total = float(calls.sum()), float(days.sum())
        bounds = widened(draws.of_ratio(calls, days), count, total, share=False) or (0.0, float("inf"))
        rate = count / total if total else float("nan")
        return cls(int(count), len(days), total, rate, *bounds)


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What came of it. `rules` are the bytes of the new file where the budget is kept, else None and `refused` says
    why; `thresholds` by head, in log-odds; `measured` under them, by the very Vigil; `others` with the heads silent.
    """

    budget: float
    rules: bytes | None
    refused: Refused | None
    measured: Measured | None
    others: Measured | None
    thresholds: Mapping[str, float]
    passes: int

    def as_dict(self) -> dict[str, Any]:
        """Under stable names."""
        seen = self.measured or self.others
        return {
            "budget": self.budget,
            "armed": self.rules is not None,
            "refused": self.refused,
            "remedy": None if self.refused is None else REMEDIES[self.refused],
            "interruptive_per_patient_day": None if seen is None else round(seen.rate, 5),
            "interruptive_per_patient_day_low": None if seen is None else round(seen.low, 5),
            "interruptive_per_patient_day_high": None if seen is None else round(seen.high, 5),
            "interruptions": None if seen is None else seen.calls,
            "patients": None if seen is None else seen.patients,
            "patient_days": None if seen is None else round(seen.patient_days, 2),
            "thresholds": dict(self.thresholds),
            "passes": self.passes,
        }


def calibrate(
    recorded: Recorded,
    data: bytes,
    budget: float,
    *,
    replicates: int = 1_000,
    seed: int = 20260101,
    patients: Sequence[str] | None = None,
    workers: int = 2,
    progress: Progress | None = None,
    stream: Stream = stream_folder,
) -> Calibrated:
    """Choose the learned threshold of the rules in `data` on the recorded patients of a folder. Raises `CannotEvaluate`
    where too many of its values are refused for anything to be decided by them.

    First all patients are streamed with the learned heads silent: what their scores would have called is worked out
    from that; then the threshold found is tried by the very Vigil, and moved until its upper bound keeps the budget.
    `patients`: only these, best those `unseen`.
    """
    rules = read_rules(data)
    tables = recorded
    if stream is stream_folder:
        tables = tables_of(recorded)
        require_quality(Recording(tables), "calibrated")
    if RISK not in rules.armed or not rules.risk.crossings:
        return _refused(budget, Refused.NOTHING_LEARNED)
    if rules.risk.priority == "low":
        return _refused(budget, Refused.DOES_NOT_INTERRUPT)

    def through(thresholds: Mapping[str, float]) -> Trace:
        tried = with_thresholds(data, thresholds, budget)
        return stream(tables, rules=tried, patients=patients, workers=workers, progress=progress)

    trace = through({one.head: SILENT for one in rules.risk.crossings})
    draws = Bootstrap(len(trace.courses), replicates, seed)
    others = measure(trace, draws)
    found = Finder(trace, rules, draws)
    if not found.knows:
        return _refused(budget, Refused.NO_OPINION, others)
    if others.high > budget:
        return _refused(budget, Refused.OTHERS_EXCEED if others.calls else Refused.TOO_FEW_DAYS, others)
    return _settle(data, budget, found, through, others, draws)


def unseen(patients: Sequence[str], data: bytes) -> list[str]:
    """Those from whom no armed head of the rules was learned, as far as the packaged weights say; all of them where
    nobody would be left.
    """
    risk = read_rules(data).risk
    asking = {one.head for one in risk.crossings}
    kept = packaged_weights()
    used = [kept[one.head] for one in risk.heads if one.head in asking and one.head in kept]
    used = [weights for weights in used if weights.model in risk.heads]
    return [one for one in patients if not any(w.learned_from(one) for w in used)] or list(patients)


def _settle(
    data: bytes,
    budget: float,
    found: "Finder",
    through: Callable[[Mapping[str, float]], Trace],
    others: Measured,
    draws: Bootstrap,
) -> Calibrated:
    """Tries thresholds by the very Vigil, and keeps the one that uses most of the budget without exceeding it."""
    best: tuple[Measured, dict[str, float]] | None = None
    tried: dict[tuple[float, ...], Measured] = {}
    aim = AIM * budget
    for _ in range(PASSES):
        thresholds = found.thresholds(aim)
        key = tuple(thresholds.values())
        if key in tried:
            break
        seen = tried[key] = measure(through(thresholds), draws)
        if seen.high <= budget and (best is None or seen.rate > best[0].rate):
            best = seen, dict(thresholds)
        if CLOSE * budget <= seen.high <= budget:
            break
        aim *= max(0.25, min(4.0, AIM * budget / seen.high))
    if best is None:
        return Calibrated(budget, None, Refused.NOT_KEPT, min(tried.values(), key=_high), others, {}, len(tried))
    measured, thresholds = best
    return Calibrated(budget, with_thresholds(data, thresholds, budget), None, measured, others, thresholds, len(tried))


def _high(measured: Measured) -> float:
    return measured.high


def _refused(budget: float, why: Refused, others: Measured | None = None) -> Calibrated:
    return Calibrated(budget, None, why, None, others, {}, 0)


def measure(trace: Trace, draws: Bootstrap) -> Measured:
    """How often the learned rules alone interrupted, as the Vigils had it."""
    nobody = np.full(len(trace.courses), np.nan)
    return Measured.of(of_turns(trace, nobody, policy_spans).calls, trace.days, draws)


class Finder:
    """Which thresholds would keep a rate, worked out from the scores of a trace: where to begin, not the proof.

    Of several heads each gets the threshold that the same share of its own scores reaches.
    """

    def __init__(self, trace: Trace, rules: Rules, draws: Bootstrap) -> None:
        self._trace, self._draws = trace, draws
        self._gaps = {one.head: one.enter - one.leave for one in rules.risk.crossings}
        self._scores = {head: trace.column(f"risk_{head}") for head in self._gaps}
        known = {head: np.sort(score[~np.isnan(score)]) for head, score in self._scores.items()}
        self._levels = {head: values for head, values in known.items() if len(values)}

    @property
    def knows(self) -> bool:
        """Whether any head has an opinion on any row."""
        return bool(self._levels)

    def thresholds(self, rate: float) -> dict[str, float]:
        """The lowest thresholds whose upper bound lies within a rate."""
        low, high = 0, 10_000  # of ten thousand, the share of scores that lie below
        while low < high:
            middle = (low + high) // 2
            if self._high(self._at(middle)) <= rate:
                high = middle
            else:
                low = middle + 1
        return self._at(low)

    def _at(self, share: int) -> dict[str, float]:
        found = dict.fromkeys(self._gaps, SILENT)
        for head, values in self._levels.items():
            place = min(len(values) - 1, len(values) * share // 10_000)
            found[head] = round(ceil(float(values[place]) / STEP) * STEP + (STEP if share >= 10_000 else 0.0), 2)
        return found

    def _high(self, thresholds: Mapping[str, float]) -> float:
        trace = self._trace
        on = np.zeros(len(trace.who), dtype=bool)
        for head in self._levels:
            enter = thresholds[head]
            on |= holding(self._scores[head], trace.who, enter, enter - self._gaps[head])
        rows = np.flatnonzero(on)
        raised = rows[raises(trace.who[rows], trace.hours[rows])]
        calls = np.bincount(trace.who[raised], minlength=len(trace.courses)).astype(float)
        return Measured.of(calls, trace.days, self._draws).high


def holding(score: Array, who: Array, enter: float, leave: float) -> Array:
    """On which rows a crossing holds: from `enter` on until it lies below `leave`; no opinion (NaN) changes nothing.

    >>> holding(np.array([0.0, 3, 2, np.nan, 1, 2]), np.zeros(6, dtype=int), 3.0, 2.0).tolist()
    [False, True, True, True, False, False]
    """
    with np.errstate(invalid="ignore"):
        sign = np.where(score >= enter, 1, np.where(score < leave, 0, -1))
    begins = np.concatenate([[True], who[1:] != who[:-1]]) if len(who) else np.zeros(0, dtype=bool)
    sign = np.where(begins & (sign < 0), 0, sign)
    last = np.maximum.accumulate(np.where(sign >= 0, np.arange(len(sign)), 0))
    return sign[last] == 1


def with_thresholds(data: bytes, thresholds: Mapping[str, float], budget: float) -> bytes:
    """The same rules with other thresholds (each crossing ends as far below as before), approved by nobody yet."""
    body = json.loads(data)
    for crossing in body["risk"]["crossings"]:
        gap = crossing["enter"] - crossing["leave"]
        crossing["enter"] = thresholds[crossing["head"]]
        crossing["leave"] = round(thresholds[crossing["head"]] - gap, 4)
    return _written(body, f"{SUFFIX}{budget:g}")


def disarmed(data: bytes) -> bytes:
    """The same rules with the learned risk disarmed, approved by nobody yet."""
    body = json.loads(data)
    body["armed"] = [name for name in body["armed"] if name != RISK]
    return _written(body, "+without-risk")


def _written(body: dict[str, Any], suffix: str) -> bytes:
    body["version"] = body["version"].partition("+")[0] + suffix
    body["approver"] = None
    body[RISK] = body.pop(RISK)  # the numbers come last, so that people read the rules first
    return into_rules(json.dumps(body, indent=2, ensure_ascii=False).encode(), ())


def in_words(found: Calibrated) -> list[str]:
    """What came of it in lines for people."""
    seen, lines = found.measured or found.others, []
    if seen is not None:
        lines.append(
            f"{seen.calls} interruptions of {seen.patients} patients in {seen.patient_days:.1f} days: {seen.rate:.3f} "
            f"a patient-day, at most {seen.high:.3f}; the budget is {found.budget:g}"
        )
    if found.refused is not None:
        return [*lines, f"not armed: {found.refused}: {REMEDIES[found.refused]}"]
    lines += [f"{head}: asks from log-odds {enter:g} on" for head, enter in found.thresholds.items()]
    return [*lines, "kept: the learned risk may be armed with it; rules by protocol are as they were"]
