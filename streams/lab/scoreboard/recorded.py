"""Recorded patients under two sets of rules, with one made-up nurse: who is called for, again, and how much sooner.

`python -m streams.lab.scoreboard.recorded DIR... --before detectors/data/rules-4.json [--patients 200]`

She answers each call after five minutes, by rule: a high alert "escalated", a medium one "treatment", one about
observations "observations", any other technical one "equipment". A call is a *first* one where its alert begins to call
or somebody is worse; it comes *again* where an answer ended, the alert had called before, or values went stale.
Steps of a ladder are counted apart.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from detectors.rules import Rules, read_rules
from schemas.times import HOUR_MS
from streams.config.packaged_rules import packaged_rules_bytes
from streams.lab.evaluation.stream import Bedside
from streams.lab.evaluation.trace import Revision
from streams.recordings.recordings import START_MS, Recording

AGAIN: Final = frozenset({"acknowledgement_expired", "snooze_ended", "persisted", "monitoring_lost", "monitoring_back"})
SETTLE_MS: Final = 60_000


class AnswersByRule(Bedside):
    """A bedside whose alerts are each answered, the reason by rule."""

    def reason(self, kind: str, subject: str, priority: int) -> str:
        """Why she says that she has seen it."""
        if subject.startswith("observations"):
            return "observations"
        return "equipment" if kind == "technical" else "escalated" if priority > 2 else "treatment"


class Counted(NamedTuple):
    """One patient's calls: hours, first ones, again, technical, steps; when the first came, and the first high one, in
    seconds from the first value on.
    """

    patient: str
    hours: float
    first: int
    again: int
    technical: int
    steps: int
    first_s: float | None
    high_s: float | None


def counted(patient: str, hours: float, revisions: Iterable[Revision], begins_s: float = 0.0) -> Counted:
    """What was called of one patient, by cause."""
    called: set[str] = set()
    first = again = technical = steps = 0
    first_s: float | None = None
    high_s: float | None = None
    for one in (revision for revision in revisions if revision.calls):
        before = one.alert_id in called
        called.add(one.alert_id)
        if one.state == "escalated":
            steps += 1
        elif one.kind == "technical":
            technical += 1
        elif before and one.reason in AGAIN:
            again += 1
        else:
            first += 1
            first_s = one.at_s - begins_s if first_s is None else first_s
            high_s = one.at_s - begins_s if high_s is None and one.priority == "high" else high_s
    return Counted(patient, hours, first, again, technical, steps, first_s, high_s)


def watched(patient: str, readings: list[tuple[int, bytes]], rules: Rules, source: str) -> Counted:
    """One patient from the first reading to the last."""
    bed = AnswersByRule(patient, rules, source)
    for at, value in readings:
        bed.take(value, at)
    begins, ends = readings[0][0], readings[-1][0]
    bed.advance(ends + SETTLE_MS)
    return counted(patient, (ends - begins) / HOUR_MS, bed.revisions, (begins - START_MS) / 1_000)


def lines(name: str, pairs: list[tuple[Counted, Counted]]) -> Iterator[str]:
    """The table of one folder."""
    days = sum(one.hours for one, _ in pairs) / 24
    yield f"{name}: {len(pairs)} patients, {days:.1f} patient-days"
    for title, of in (("first calls", "first"), ("again", "again"), ("technical", "technical"), ("steps", "steps")):
        before, now = (sum(getattr(pair[side], of) for pair in pairs) / max(days, 1e-9) for side in (0, 1))
        yield f"  {title:14}{before:8.2f} ->{now:8.2f} a patient-day"
    both = [(a.first_s, b.first_s) for a, b in pairs if a.first_s is not None and b.first_s is not None]
    lost = [b.patient for a, b in pairs if a.first_s is not None and b.first_s is None]
    found = sum(a.first_s is None and b.first_s is not None for a, b in pairs)
    sooner = median([(a - b) / 60 for a, b in both]) if both else 0.0
    high = [(a.high_s, b.high_s) for a, b in pairs if a.high_s is not None]
    later = sum(b is None or b > a for a, b in high)
    yield f"  called for: before and now {len(both)}, now only {found}, before only {len(lost)} {lost or ''}".rstrip()
    yield f"  first call sooner by {sooner:.1f} min (median); first high call later in {later} of {len(high)}"


def main() -> None:
    """Prints a table a folder."""
    asked = ArgumentParser(description=__doc__)
    asked.add_argument("folders", nargs="+", type=Path)
    asked.add_argument("--before", type=Path, required=True)
    asked.add_argument("--patients", type=int, default=1 << 30)
    asked.add_argument("--source", help="how the values came about; told by their cadence unless said")
    given = asked.parse_args()
    rules = read_rules(given.before.read_bytes()), read_rules(packaged_rules_bytes())
    for folder in given.folders:
        recording = Recording(folder, source=given.source)
        source = str(recording.survey.source)
        pairs: list[tuple[Counted, Counted]] = []
        for patient, readings in recording.per_patient():
            if len(pairs) >= given.patients:
                break
            before, now = (watched(patient, readings, one, source) for one in rules)
            pairs.append((before, now))
        sys.stdout.write("\n".join(lines(f"{folder.name} as {source}", pairs)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
