"""What a folder's values are worth before anything is made of them: accepted, suspect, refused and why, and ignored.

Counted from the very judgement of the border (`schemas.judge`), each distinct value once, so it is known before the
work. What a stream alone can tell (hours in which nothing was known) is added afterwards.
"""

from collections import Counter
from collections.abc import Iterable
from math import nan
from typing import Any, Final

import numpy as np

from schemas.decode import Decoded, Refused, decode
from schemas.judge import judge
from schemas.reasons import REMEDIES, Refusal, Unreadable
from streams.lab.evaluation.definitions import HOUR_S, Array
from streams.lab.evaluation.folder import CannotEvaluate
from streams.lab.evaluation.trace import Trace
from streams.log.partition import AHEAD_MS
from streams.recordings import encoding
from streams.recordings.recordings import Recording

MOST_REFUSED: Final = 0.2
"""Share of refused values, of all or of one signal that makes up a twentieth of them, beyond which nothing is
calibrated or learned. Ours: recorded artefacts stay below it (the bundled and shared sets have at most 4 %)."""
WEIGHTY: Final = 0.05
SELDOM_S: Final = 900.0
"""So far apart lie values of each second whose times were written in milliseconds, rounded down."""
FITS: Final = "fits"
SUSPECT: Final = "suspect"


def data_quality(recording: Recording) -> dict[str, Any]:
    """Counts by code and signal. `refused_share` is null where nothing is watched."""
    columns = recording.columns
    verdicts = [_verdict(fragment) for fragment in columns.fragments]
    kinds = sorted(set(verdicts) | {Refusal.CLOCK_AHEAD.value, Refusal.BAD_FIELD.value})
    place = {kind: number for number, kind in enumerate(kinds)}
    verdict = np.array([place[one] for one in verdicts], dtype=int)[columns.told]
    verdict[columns.ms - _starts(columns.ms, columns.who) > AHEAD_MS] = place[Refusal.CLOCK_AHEAD.value]
    unfit = [who for who, patient in enumerate(columns.patients) if not _is_id(patient)]
    verdict[np.isin(columns.who, unfit)] = place[Refusal.BAD_FIELD.value]
    names = sorted(columns.watched)
    signal = np.array([names.index(one) for one in columns.signal_of], dtype=int)[columns.told]
    counts = np.zeros((len(names), len(kinds)), dtype=int)
    np.add.at(counts, (signal, verdict), 1)
    by_signal = {name: _told(kinds, row.tolist()) for name, row in zip(names, counts, strict=True)}
    every = _told(kinds, counts.sum(axis=0).tolist())
    taken = np.isin(verdict, [place[kind] for kind in (FITS, SUSPECT) if kind in place])
    return {
        **every,
        "remedies": {code: REMEDIES[Refusal(code)][1] for code in every["refused_by_code"]},
        "by_signal": by_signal,
        "repeated_rows": columns.repeated,
        "ignored_signals": dict(sorted(columns.unwatched.items())),
        "patients_without_an_accepted_value": columns.present - len(np.unique(columns.who[taken])),
    }


def _starts(ms: Array, who: Array) -> Array:
    first = np.full(int(who.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, who, ms)
    return first[who]


def _verdict(fragment: str) -> str:
    head = encoding.head("p", "d", "monitor")
    try:
        decoded = decode(f'{head}{encoding.moment(0)}"{encoding.middle(None)}{fragment}}}}}'.encode())
    except Unreadable as refusal:
        return refusal.code.value
    if isinstance(decoded, Decoded):
        if decoded.refused:
            return decoded.refused[0].code.value
        decoded = decoded.reading
    judged = [judge(name, measure) for name, measure in decoded.vitals.items()]
    refused = [one for one in judged if isinstance(one, Refused)]
    if refused:
        return refused[0].code.value
    return SUSPECT if any(one.suspect for one in judged if not isinstance(one, Refused)) else FITS


def _is_id(patient: str) -> bool:
    head = encoding.head(patient, f"monitor-{patient}", "monitor")
    try:
        decode(f'{head}{encoding.moment(0)}"{encoding.middle(None)}"spo2":{{"value":97,"unit":"%"}}}}}}'.encode())
    except Unreadable:
        return False
    return True


def _told(kinds: list[str], numbers: list[int]) -> dict[str, Any]:
    counts, values = dict(zip(kinds, numbers, strict=True)), sum(numbers)
    refused = {code: count for code, count in counts.items() if code not in (FITS, SUSPECT) and count}
    total = sum(refused.values())
    return {
        "values": values,
        "accepted": counts.get(FITS, 0),
        "suspect": counts.get(SUSPECT, 0),
        "refused": total,
        "refused_share": round(total / values, 5) if values else None,
        "refused_by_code": refused,
    }


def require_quality(recording: Recording, what: str) -> dict[str, Any]:
    """The counts; raises `CannotEvaluate` where more was refused than may be where something is decided by it."""
    told = data_quality(recording)
    shares = {"all signals": (told["refused_share"] or 0.0, 1.0)}
    for name, one in told["by_signal"].items():
        shares[name] = one["refused_share"] or 0.0, one["values"] / max(1, told["values"])
    name, (share, _) = max(
        ((name, one) for name, one in shares.items() if one[1] >= WEIGHTY), key=lambda found: found[1][0]
    )
    if share > MOST_REFUSED:
        codes = (told if name == "all signals" else told["by_signal"][name])["refused_by_code"]
        code = max(codes, key=codes.get)
        raise CannotEvaluate(
            "too_much_refused",
            f"{recording.tables.name}: {name}",
            f"{share:.0%} of the values are refused, most as {code}; beyond {MOST_REFUSED:.0%} nothing is {what}. "
            f"{REMEDIES[Refusal(code)][1]}",
        )
    return told


def require_seconds(recording: Recording) -> None:
    """Raises `CannotEvaluate` where most patients have values over more than a year, rarely: times in milliseconds."""
    columns, interval = recording.columns, recording.survey.interval_s
    whose = np.unique(columns.who)
    last = np.zeros(len(columns.patients), dtype=np.int64)
    np.maximum.at(last, columns.who, columns.ms - _starts(columns.ms, columns.who))
    if len(whose) and interval is not None and interval >= SELDOM_S and np.median(last[whose]) > AHEAD_MS:
        raise CannotEvaluate(
            "time_in_milliseconds",
            f"{recording.tables.name}: time_s",
            f"write seconds: most patients have values over more than {AHEAD_MS // 86_400_000} days, "
            f"{interval:g} s apart; if these are seconds, cut each patient into stretches of at most so many days",
        )


def nothing_to_judge(recording: Recording) -> CannotEvaluate:
    """Why no patient has a moment to judge: nothing before T0, or all of it refused, and what helps."""
    told = data_quality(recording)
    codes = told["refused_by_code"]
    if not codes:
        return CannotEvaluate("no_values", recording.tables.name, "no patient has a moment to judge before T0")
    code = max(codes, key=codes.get)
    words = f"each of {told['values']:,} values is refused, most as {code}. {told['remedies'][code]}"
    return CannotEvaluate("no_values", f"{recording.tables.name}: value", words)


def unwatched(trace: Trace) -> dict[str, Any]:
    """For how long nothing valid was known of a patient between the first value and the last."""
    measured = trace.column("measured")
    blind = ~(measured > 0)
    hours = trace.grid_s / HOUR_S
    return {
        "hours": round(len(measured) * hours, 2),
        "hours_unwatched": round(float(blind.sum()) * hours, 2),
        "hours_unwatched_share": round(float(blind.mean()), 5) if len(blind) else None,
    }


def lines(told: dict[str, Any]) -> Iterable[str]:
    """The counts in lines for people: the sum, then what was refused and why, then what was ignored."""
    share = nan if told["refused_share"] is None else told["refused_share"]
    yield (
        f"data: {told['values']:,} watched values: {told['accepted']:,} accepted, {told['suspect']:,} suspect, "
        f"{told['refused']:,} refused ({share:.1%})"
        + (f"; {told['repeated_rows']:,} rows say again what another says" if told["repeated_rows"] else "")
    )
    by_code: dict[str, Counter[str]] = {}
    for name, one in told["by_signal"].items():
        for code, count in one["refused_by_code"].items():
            by_code.setdefault(code, Counter())[name] = count
    for code, names in sorted(by_code.items(), key=lambda found: -found[1].total()):
        which = ", ".join(
            f"{name} {count:,} of {told['by_signal'][name]['values']:,}" for name, count in names.most_common()
        )
        yield f"  refused as {code}: {which}. {told['remedies'][code]}"
    if told["ignored_signals"]:
        yield f"  signals that are not watched: {_listed(told['ignored_signals'])}"
    if told["patients_without_an_accepted_value"]:
        yield f"  patients without one accepted value: {told['patients_without_an_accepted_value']}"
    if told.get("hours_unwatched"):
        yield f"  hours in which nothing valid was known: {told['hours_unwatched']:,.1f} of {told['hours']:,.1f}"
    labels = told.get("labels")
    if labels:
        yield (
            f"labels: {labels['patients_with_labels']} patients have labels, {labels['patients_without']} have none "
            f"and count as unknown, {labels['labelled_without_values']} in the labels have no values"
        )
        if labels["ignored"]:
            yield f"  labels that nothing was made of: {_listed(labels['ignored'])}"
        if labels["onsets_outside"]:
            yield (
                f"  {labels['onsets_outside']} onsets lie before the patient's first value or more than the horizon "
                "after the last: is their time on the clock of the values?"
            )


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
