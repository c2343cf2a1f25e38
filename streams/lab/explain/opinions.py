"""Each detector's opinion of one patient at one moment, beside the thresholds that it is held against."""

from collections.abc import Iterator
from typing import Any, Final

from detectors.response import EMERGENCY_FROM, URGENT_FROM
from detectors.rules import OF_ONE_VITAL, PersistenceRules
from detectors.vigil import Vigil
from detectors.vigil.assessment import UNITS, VALIDITY, Assessment, expires
from detectors.vigil.red import RED_LIMITS, SAID, is_extreme
from detectors.vigil.technical import Condition
from detectors.vigil.track import Track
from detectors.vigil.why_not import WhyNot, unjudged
from detectors.vigil.window import SOURCES, SPOT
from schemas.times import to_text
from schemas.vitals import LETTERS

FINDING: Final = "finding"


def inputs(assessment: Assessment) -> list[dict[str, Any]]:
    """What there is of every vital that was ever seen: value, age, source, how far to trust it, what is usual."""
    found: list[dict[str, Any]] = []
    for name, track in assessment.tracks.items():
        known = track.known
        row: dict[str, Any] = {"vital": name, "value": None, "unit": UNITS[name], "measured_at": None, "age_s": None}
        row |= {"source": None, "suspect": None, "stale": None, "valid_for_s": None, "usual": track.usual}
        if known is not None:
            value: Any = known.value
            if name == "consciousness":
                value = LETTERS[int(known.value)]
            elif name == "supplemental_oxygen":
                value = known.value > 0
            left = (expires(name, track) - assessment.at) / 1_000
            row |= {"value": value, "measured_at": to_text(known.at), "age_s": (assessment.at - known.at) / 1_000}
            row |= {"source": SOURCES[known.source], "suspect": known.suspect, "stale": track.stale}
            row |= {"valid_for_s": VALIDITY[name][known.source] / 1_000, "samples": known.samples}
            row["goes_stale_in_s"] = None if track.stale else left
        found.append(row)
    return found


def opinions(
    vigil: Vigil, assessment: Assessment, need: PersistenceRules, technical: list[Condition]
) -> list[dict[str, Any]]:
    """Every opinion, by protocol first. `verdict` is `finding`, or why it is none."""
    found = [*_news2(vigil, assessment, need), *_reds(vigil, assessment), *_limits(vigil, assessment, need)]
    for name, track in assessment.tracks.items():
        if track.floor is not None:
            found += [_learned(detector, name, track) for detector in OF_ONE_VITAL]
    found += _risks(vigil, assessment)
    found += [
        {"detector": "technical", "subject": one.subject, "headline": one.headline, "verdict": FINDING}
        for one in technical
    ]
    return found


def _news2(vigil: Vigil, assessment: Assessment, need: PersistenceRules) -> Iterator[dict[str, Any]]:
    score = assessment.score
    if score is None:
        yield {"detector": "news2", "score": None, "verdict": WhyNot.NOT_COVERED, "because": assessment.why_not}
        return
    for name, begins_at, needed in (("medium", URGENT_FROM, need.medium), ("high", EMERGENCY_FROM, need.high)):
        lasted = _lasted(vigil.persistence.scores, begins_at)
        enough = WhyNot.NOT_YET_PERSISTENT if lasted < needed else FINDING
        yield {
            "detector": "news2",
            "priority": name,
            "score": score.score_min,
            "at_most": score.score_max,
            "parts": {part.value: least for part, least, most in score.parts if least == most},
            "missing": [part.value for part in score.missing],
            "begins_at": begins_at,
            "lasted": lasted,
            "needed": needed,
            "verdict": WhyNot.BELOW_THRESHOLD if score.score_min < begins_at else enough,
        }


def _lasted(scores: list[int], begins_at: int) -> int:
    """In how many of the newest windows in a row the score was reached."""
    return next((number for number, score in enumerate(reversed(scores)) if score < begins_at), len(scores))


def _reds(vigil: Vigil, assessment: Assessment) -> Iterator[dict[str, Any]]:
    for part, red in sorted(vigil.persistence.reds.items()):
        vital = assessment.behind(part)
        low, high = RED_LIMITS.get(vital or part, (None, None))
        value = None if vital is None or part in SAID else assessment.value(vital)
        yield {
            "detector": "red_score",
            "vital": vital,
            "value": value,
            "extreme": vital is not None and value is not None and is_extreme(vital, value, vigil.rules),
            "observed": red.entered,
            "begins_at": {"low": low, "high": high},
            "since": to_text(red.since),
            "lasted": red.count,
            "needed": vigil.rules.stream.red,
            "verdict": FINDING if red.confirmed else WhyNot.NOT_YET_PERSISTENT,
        }


def _limits(vigil: Vigil, assessment: Assessment, need: PersistenceRules) -> Iterator[dict[str, Any]]:
    for limit in assessment.stay.limits:
        value = assessment.value(limit.vital)
        broken = value is not None and limit.broken_by(value)
        lasting = FINDING if vigil.persistence.limits >= need.red else WhyNot.NOT_YET_PERSISTENT
        yield {
            "detector": "personal_limit",
            "vital": limit.vital,
            "value": value,
            "begins_at": {"low": limit.low, "high": limit.high},
            "lasted": vigil.persistence.limits,
            "needed": need.red,
            "verdict": WhyNot.NO_VALUE if value is None else lasting if broken else WhyNot.BELOW_THRESHOLD,
        }


def _learned(detector: str, name: str, track: Track) -> dict[str, Any]:
    held = next((opinion for opinion in track.opinions if opinion.detector == detector), None)
    row: dict[str, Any] = {"detector": detector, "vital": name, "score": None}
    missing = unjudged(track, detector)
    rules = getattr(track.rules, detector)
    row |= {"begins_at": rules.enter, "ends_at": rules.leave}
    if missing is None:
        row |= {"baseline": _baseline, "level_shift": _level_shift, "trend": _trend}[detector](name, track)
    row["reason"] = None if held is None else held.reason
    row["verdict"] = FINDING if held is not None else (missing or row.pop("short_of", WhyNot.BELOW_THRESHOLD))
    row.pop("short_of", None)
    return row


def _baseline(name: str, track: Track) -> dict[str, Any]:
    baseline, known = track.baseline, track.known
    assert baseline is not None and known is not None and baseline.usual is not None
    far = track.rules.baseline.enter * baseline.spread
    return {
        "score": baseline.deviation(known.value),
        "usual": baseline.usual,
        "spread": baseline.spread,
        "drift": baseline.drift(known.value),
        "drift_begins_at": track.rules.baseline.drift,
        "would_begin": {"low": baseline.usual - far, "high": baseline.usual + far},
        "unit": UNITS[name],
    }


def _level_shift(name: str, track: Track) -> dict[str, Any]:
    assert track.shift is not None
    return {"score": track.shift.score_one(), "level": track.shift.level}


def _trend(name: str, track: Track) -> dict[str, Any]:
    trend, known = track.trend, track.known
    assert trend is not None and known is not None
    steep = trend.score_one(known.at)
    soon = trend.minutes_to(known.value, *RED_LIMITS.get(name, (None, None)), known.at)
    facts: dict[str, Any] = {"score": steep, "per_hour": trend.per_hour(known.at), "meets_limit_in_min": soon}
    facts["horizon_min"] = track.rules.trend.horizon_minutes * trend.stretch
    if steep is not None and steep >= track.rules.trend.enter:
        facts["short_of"] = WhyNot.LIMIT_TOO_FAR
    return facts


def _risks(vigil: Vigil, assessment: Assessment) -> Iterator[dict[str, Any]]:
    risk_forecast, crossings = vigil.risk_forecast, {one.head: one for one in vigil.rules.risk.crossings}
    for name, forecast in sorted(risk_forecast.forecasts(assessment.at).items()):
        crossing = crossings.get(name)
        row = {"detector": "risk", "head": name, "score": forecast.log_odds, "rank": forecast.rank}
        row |= {"probability": forecast.probability, "begins_at": None, "ends_at": None}
        verdict: str = WhyNot.NOT_ARMED
        if crossing is not None and "risk" in vigil.rules.armed:
            row |= {"begins_at": crossing.enter, "ends_at": crossing.leave}
            short = forecast.log_odds < crossing.enter
            verdict = WhyNot.BELOW_THRESHOLD if short else WhyNot.NOT_YET_PERSISTENT
            verdict = FINDING if name in risk_forecast.asks else verdict
        yield {**row, "contributions": dict(forecast.contributions), "verdict": verdict}


def entered(fresh: dict[str, Any]) -> bool:
    """Whether what was decided was all observed by a person."""
    return bool(fresh) and all(value.source == SPOT for value in fresh.values())
