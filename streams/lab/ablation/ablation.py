"""What each learned detector of one vital adds: everything armed against the same without it, on the same events.

`python -m streams.lab.ablation.ablation DIR` counts alerts on the recordings as they are (and who was detected, where
the onset is known); `--injected` and `--slow` injection events of known size first (`injections.py`). Every arm is
given the same bytes.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import numpy as np

from detectors.rules import OF_ONE_VITAL, Rules, read_rules
from streams.config.packaged_rules import packaged_rules_bytes
from streams.lab.ablation.injected import BEGINS_S, LONG_S, Series, begins, delays, read_series, write
from streams.lab.ablation.injections import INJECTIONS, SLOW, Injection
from streams.lab.evaluation.alerting import Alerting, armed_spans, of_turns
from streams.lab.evaluation.batches import Patients, over, over_patients
from streams.lab.evaluation.definitions import GRID_S, Array
from streams.lab.evaluation.figures import Figures
from streams.lab.evaluation.folder import check
from streams.lab.evaluation.measures import Bootstrap, widened
from streams.lab.evaluation.outcomes import read_outcomes
from streams.lab.evaluation.stream import stream
from streams.lab.evaluation.trace import Course, Trace
from streams.lab.learning.weights import digest, packaged_weights
from streams.recordings.recordings import Recording
from streams.recordings.tables import tables_of

ARMED: Final = "everything"
ALL_OUT: Final = "all three"
LESS: Final = {**{name: (name,) for name in OF_ONE_VITAL}, ALL_OUT: OF_ONE_VITAL}
ALONE: Final = {f"{name} alone": tuple(other for other in OF_ONE_VITAL if other != name) for name in OF_ONE_VITAL}
OUT: Final = {ARMED: (), **LESS, **ALONE}
"""The arms: which detectors each goes without. `ALL_OUT` leaves the protocol (and the learned risk)."""


def pair(arm: str) -> tuple[str, str]:
    """What is compared to tell what a detector adds: the arm that has it, and the one that has not.

    >>> pair("trend"), pair("trend alone")
    (('everything', 'trend'), ('trend alone', 'all three'))
    """
    return (arm, ALL_OUT) if arm in ALONE else (ARMED, arm)


@dataclass(frozen=True, slots=True)
class Playing:
    """How long each recording is played (s), from when on things are injected, and which."""

    injections: tuple[Injection, ...]
    long_s: int = LONG_S
    from_s: int = BEGINS_S


FAST: Final = Playing(INJECTIONS)
SLOWLY: Final = Playing(SLOW, 3 * 3_600, 75 * 60)
"""Three hours, from five quarters of an hour on: a level shift has no opinion before forty minutes of blocks."""


def rules_without(rules: bytes, out: Sequence[str]) -> Rules:
    """The rules with some detectors disarmed."""
    told = json.loads(rules)
    told["armed"] = [name for name in told["armed"] if name not in out]
    return read_rules(json.dumps(told).encode())


def arms(rules: bytes) -> dict[str, Rules]:
    """The rules of each arm."""
    return {name: rules_without(rules, out) for name, out in OUT.items()}


def stream_arms(rules: bytes, source: str, batch: Patients) -> list[dict[str, Course]]:
    """Each patient once in every arm, from the same readings."""
    armed = arms(rules)
    return [
        {name: stream(patient, told, rules=one, source=source, heads=()) for name, one in armed.items()}
        for patient, told in batch
    ]


def _stream_injection(
    rules: bytes, series: Series, starts: dict[str, float], long_s: int, injection: Injection | None
) -> list[dict[str, Course]]:
    with tempfile.TemporaryDirectory() as place:
        write(series, Path(place), injection, starts, long_s)
        recording = Recording(Path(place))
        found = []
        for one in recording.per_patient():
            found += stream_arms(rules, str(recording.survey.source), [one])
        return found


def ablate_injected(
    folder: Path, playing: Playing, *, seed: int = 20260101, rules: bytes | None = None, workers: int = 2
) -> dict[str, Any]:
    """Every injection into every patient, in every arm; each arm against the same recordings without the injection."""
    series = read_series(folder)
    patients = sorted({patient for patient, _ in series})
    starts = begins(patients, seed, playing.from_s)
    draws = Bootstrap(len(patients), seed=seed)
    work = partial(_stream_injection, rules or packaged_rules_bytes(), series, starts, playing.long_s)
    jobs = (None, *playing.injections)
    streamed = [found for _, found in sorted(over(work, jobs, workers), key=itemgetter(0))]
    control, told = streamed[0], []
    for injection, found in zip(playing.injections, streamed[1:], strict=True):
        of_arms = {
            arm: np.array(
                [
                    delays(injection, course[arm], plain[arm], starts[course[arm].patient], playing.long_s)
                    for course, plain in zip(found, control, strict=True)
                ]
            )
            for arm in OUT
        }
        told.append(_of_injection(injection, of_arms, draws))
    return {
        "folder": folder.name,
        "patients": len(patients),
        "seed": seed,
        "minutes_each": playing.long_s // 60,
        "injected_from_minute": playing.from_s // 60,
        "injections": told,
        "unplanted": _counts(control, draws),
    }


def _of_injection(injection: Injection, of_arms: dict[str, Array], draws: Bootstrap) -> dict[str, Any]:
    """Shares and delays in each arm, and what is owed to what it is about."""
    told: dict[str, Any] = {"name": injection.name, "kind": "deterioration" if injection.harm else "artefact"}
    everybody = np.ones(draws.patients)
    for arm, found in of_arms.items():
        told[arm] = one = Figures()
        having, lacking = (of_arms[name] for name in pair(arm))
        for at, name in enumerate(("shown", "called")):
            seen = np.isfinite(found[:, at])
            bounds = widened(draws.of_ratio(seen, everybody), float(seen.sum()), len(seen), share=True)
            one.tell(name, float(seen.mean()), bounds)
            rows = np.flatnonzero(seen)
            middle = draws.of_quantiles(found[seen, at], rows, (0.5,))[0]
            one.tell(f"{name}_delay_s", float(np.median(found[seen, at])) if len(rows) else None, middle, "never")
            if arm == ARMED:
                continue
            more = np.isfinite(having[:, at]).astype(float) - np.isfinite(lacking[:, at])
            one.tell(f"{name}_added", float(more.mean()), draws.of_ratio(more, everybody))
            both = np.flatnonzero(np.isfinite(having[:, at]) & np.isfinite(lacking[:, at]))
            sooner = lacking[both, at] - having[both, at]
            bounds = draws.of_ratio(_spread_out(sooner, both, draws), _spread_out(np.ones(len(both)), both, draws))
            one.tell(f"{name}_sooner_s", float(sooner.mean()) if len(both) else None, bounds, "never in both")
    return told


def _spread_out(values: Array, rows: Array, draws: Bootstrap) -> Array:
    found = np.zeros(draws.patients)
    found[rows] = values
    return found


def _counts(courses: Sequence[dict[str, Course]], draws: Bootstrap) -> dict[str, Any]:
    """Alerts about patients as they are, in each arm: raised, and raises that ever called; a patient-day."""
    days = np.array([(one[ARMED].last_s - one[ARMED].first_s) / 86_400 for one in courses])
    raised = {arm: np.array([_raised(one[arm]) for one in courses], dtype=float) for arm in OUT}
    told: dict[str, Any] = {"patient_days": round(float(days.sum()), 4)}
    for arm, counts in raised.items():
        told[arm] = one = Figures()
        for at, name in enumerate(("alerts", "calls")):
            one[name] = int(counts[:, at].sum())
            having, lacking = (raised[name] for name in pair(arm))
            added = having[:, at] - lacking[:, at]
            one.tell(f"{name}_added", float(added.sum() / days.sum()), draws.of_ratio(added, days))
    return told


def _raised(course: Course) -> tuple[int, int]:
    mine = [one for one in course.revisions if one.kind == "physiological"]
    return sum(one.state == "raised" for one in mine), len({one.alert_id for one in mine if one.calls})


def ablate(
    folder: Path,
    *,
    rules: bytes | None = None,
    seed: int = 20260101,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """The recordings as they are, in every arm: alerts a patient-day, and who was detected where the onset is known.

    Patients from whom packaged weights were learned are left out.
    """
    check(folder)
    recording = Recording(folder, patients=_unseen(folder))
    source = str(recording.survey.source)
    work = partial(stream_arms, rules or packaged_rules_bytes(), source)
    courses = over_patients(work, recording, workers, progress)
    draws = Bootstrap(len(courses), seed=seed)
    begins = recording.starts_s()
    patients = [one[ARMED].patient for one in courses]
    outcomes = read_outcomes(folder, patients, [begins[patient] for patient in patients])
    told = {
        "folder": folder.name,
        "patients": len(courses),
        "patients_with_known_onset": int(outcomes.timed.sum()),
        "seed": seed,
        "unplanted": _counts(courses, draws),
        "detected": None,
    }
    if outcomes.timed.any():
        timed = outcomes.timed.astype(float)
        of_arms = {
            arm: of_turns(
                Trace.of([one[arm] for one in courses], source, GRID_S[source]), outcomes.onset_h, armed_spans
            )
            for arm in OUT
        }
        told["detected"] = {
            arm: _detected(one, of_arms[pair(arm)[0]], of_arms[pair(arm)[1]], timed, draws)
            for arm, one in of_arms.items()
        }
    return told


def _unseen(folder: Path) -> list[str]:
    """The patients from whom no packaged weights were learned."""
    learned = {one for weights in packaged_weights().values() for one in weights.patients}
    everybody = tables_of(folder).patients
    return [patient for patient in everybody if digest(patient) not in learned]


def _detected(alerting: Alerting, having: Alerting, lacking: Alerting, timed: Array, draws: Bootstrap) -> Figures:
    told = Figures()
    for name in ("detected", "detected_shown"):
        now, with_it, without = (getattr(one, name) * timed for one in (alerting, having, lacking))
        more = with_it - without
        told.tell(name, float(now.sum() / timed.sum()), draws.of_ratio(now, timed))
        told.tell(f"{name}_added", float(more.sum() / timed.sum()), draws.of_ratio(more, timed))
    return told


USAGE: Final = "usage: python -m streams.lab.ablation.ablation DIR [--injected | --slow] [--json]"


def main(arguments: Sequence[str]) -> int:
    """`DIR [--injected | --slow] [--json]`."""
    from streams.lab.ablation.ablation_words import lines

    if "--help" in arguments:
        sys.stdout.write(f"{USAGE}\n")
        return 0
    folders = [one for one in arguments if not one.startswith("--")]
    unknown = {one for one in arguments if one.startswith("--")} - {"--injected", "--slow", "--json"}
    if len(folders) != 1 or unknown:
        sys.stderr.write(f"{USAGE}\n")
        return 2
    folder = Path(folders[0])
    if "--slow" in arguments or "--injected" in arguments:
        told = ablate_injected(folder, SLOWLY if "--slow" in arguments else FAST)
    else:
        told = ablate(folder)
    for line in [json.dumps(told, allow_nan=False)] if "--json" in arguments else lines(told):
        sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
