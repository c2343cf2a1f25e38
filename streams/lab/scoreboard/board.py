"""The scoreboard: every kind, cadence and seed, answered and not, counted and held against the limits of acceptance."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from multiprocessing import get_context
from typing import Any, Final, NamedTuple

from detectors.rules import Rules, read_rules
from streams.lab.scoreboard.judge import Burden, Moment, burden_of, judged
from streams.lab.scoreboard.kinds import KINDS
from streams.lab.scoreboard.made import MadeUp
from streams.lab.scoreboard.patient import Cadence, Group
from streams.lab.scoreboard.plain import plain
from streams.lab.scoreboard.ward import calls_of

Progress = Callable[[int, int], None]
SEEDS: Final = 20
BATCH: Final = 8


class Job(NamedTuple):
    """One kind at one cadence with one seed, answered or not."""

    kind: str
    cadence: Cadence
    seed: int
    answered: bool


class Streamed(NamedTuple):
    """What came of a job."""

    job: Job
    moments: list[Moment]
    burden: Burden
    days: float
    chart: int
    raw: int


def jobs(kinds: Iterable[str], seeds: int, cadences: Iterable[Cadence] = tuple(Cadence)) -> list[Job]:
    """Every job, half of the seeds answered and half not."""
    wanted = set(cadences)
    return [
        Job(kind, cadence, seed, seed % 2 == 0)
        for kind in kinds
        for cadence in KINDS[kind].cadences
        if cadence in wanted
        for seed in range(seeds)
    ]


def streamed(job: Job, rules: Rules) -> Streamed:
    """One job, done."""
    made = MadeUp(KINDS[job.kind], job.cadence, job.seed)
    calls, taken = calls_of(made, rules, answered=job.answered)
    chart, raw = plain(made)
    return Streamed(job, judged(made, calls, taken), burden_of(calls), made.kind.hours / 24, len(chart), len(raw))


def _work(rules: bytes, batch: list[Job]) -> list[Streamed]:
    armed = read_rules(rules)
    return [streamed(job, armed) for job in batch]


def run(all_jobs: list[Job], rules: bytes, *, workers: int = 1, progress: Progress | None = None) -> list[Streamed]:
    """Every job; what comes out does not depend on the number of processes."""
    batches = [all_jobs[place : place + BATCH] for place in range(0, len(all_jobs), BATCH)]
    found: list[Streamed] = []

    def gather(results: Iterator[list[Streamed]]) -> None:
        for done in results:
            found.extend(done)
            if progress is not None:
                progress(len(found), len(all_jobs))

    if workers < 2:
        gather(map(partial(_work, rules), batches))
    else:
        with get_context("spawn").Pool(workers) as pool:
            gather(pool.imap(partial(_work, rules), batches))
    return found


def told(found: list[Streamed]) -> dict[str, Any]:
    """Every figure under its name: rows by kind and cadence, the whole, and what acceptance asks for."""
    groups: dict[tuple[str, Cadence], list[Streamed]] = defaultdict(list)
    for one in found:
        groups[one.job.kind, one.job.cadence].append(one)
    rows = [_row(kind, cadence, some) for (kind, cadence), some in groups.items()]
    moments = [moment for one in found for moment in one.moments]
    return {"rows": rows, "whole": _counts(moments), "acceptance": _acceptance(found, rows)}


def _counts(moments: list[Moment]) -> dict[str, Any]:
    return {
        "must_call": len(moments),
        "in_time": sum(not moment.missed and not moment.late for moment in moments),
        "late": sum(moment.late for moment in moments),
        "over_twice": sum(moment.far_too_late for moment in moments),
        "missed": sum(moment.missed for moment in moments),
    }


def _row(kind: str, cadence: Cadence, some: list[Streamed]) -> dict[str, Any]:
    days = sum(one.days for one in some)
    return {
        "kind": kind,
        "group": KINDS[kind].group.value,
        "cadence": cadence.value,
        "patients": len(some),
        **_counts([moment for one in some for moment in one.moments]),
        "calls_a_day": _rate(some, "calls", days),
        "calls_a_day_answered": _rate([one for one in some if one.job.answered], "calls"),
        "reminders_a_day": _rate(some, "reminders", days),
        "technical_a_day": _rate(some, "technical", days),
        "steps_a_day": _rate(some, "steps", days),
        "floods": sum(one.burden.flood for one in some),
        "chart_a_day": round(sum(one.chart for one in some) / days, 2),
        "raw_a_day": round(sum(one.raw for one in some) / days, 2),
    }


def _rate(some: list[Streamed], name: str, days: float | None = None) -> float:
    days = sum(one.days for one in some) if days is None else days
    return round(sum(getattr(one.burden, name) for one in some) / days, 2) if days else 0.0


def _acceptance(found: list[Streamed], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    moments = [(one.job, moment) for one in found for moment in one.moments]
    whole = _counts([moment for _, moment in moments])
    late = whole["late"] / max(1, whole["must_call"])
    extreme = _counts([moment for _, moment in moments if moment.urgency == "extreme"])
    calm = [row for row in rows if not row["must_call"]]
    too_often = [row for row in calm if _of_a_day(row) > 2]
    too_late = [row for row in rows if row["must_call"] and row["late"] > 0.05 * row["must_call"]]

    def at_most(group: Group, name: str, most: float) -> dict[str, Any]:
        some = [one for one in found if KINDS[one.job.kind].group is group]
        if group is Group.STABLE:  # called again although answered: the first call is right
            some = [one for one in some if one.job.answered]
            again = sum(max(0, getattr(one.burden, name) - 1) for one in some) / max(1.0, sum(one.days for one in some))
            return _point(f"{name} again of {group.value} and answered, a patient-day", round(again, 2), most)
        return _point(f"{name} of {group.value} a patient-day", _rate(some, name), most)

    return [
        _point("missed", whole["missed"], 0),
        _point("late, share", round(late, 4), 0.02),
        _point("kinds and cadences with more than 5 % late", len(too_late), 0),
        _point("extremes late", extreme["late"], 0),
        _point("over twice their time", whole["over_twice"], 0),
        at_most(Group.WELL, "calls", 0.05),
        at_most(Group.ARTEFACT, "calls", 0.5),
        at_most(Group.STABLE, "calls", 0.5),
        _point("kinds with more than 2 calls a day", len(too_often), 0),
        _point("technical a patient-day", _of_calm(found), 0.5),
        _point("floods", sum(row["floods"] for row in rows), 0),
    ]


def _of_a_day(row: dict[str, Any]) -> float:
    """The calls that may be too many: of the well all; of whom something is red or scores 5, those that come although
    each was answered. Who is red anew, and whom nobody has come to see, has to be called for.
    """
    calm = row["group"] in (Group.WELL.value, Group.ARTEFACT.value)
    calls: float = row["calls_a_day" if calm else "calls_a_day_answered"]
    return calls


def _of_calm(found: list[Streamed]) -> float:
    return _rate([one for one in found if not KINDS[one.job.kind].musts], "technical")


def _point(name: str, value: float, most: float) -> dict[str, Any]:
    return {"name": name, "value": value, "at_most": most, "met": value <= most}
