"""Each recorded patient alone through the very same log and Vigil as live, answered as a nurse would, looked at hourly.

Nothing is learnt from one patient for another here: the weights are what they are, and every opinion rests on what the
patient's own log held by then.
"""

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache, partial
from heapq import heappop, heappush
from typing import Final

import msgspec
import numpy as np

from detectors.rules import Rules, read_rules
from detectors.vigil import Vigil
from detectors.vigil.telling import RESOUNDS
from schemas.alert import AlertStatus
from schemas.control_record import ControlRecordKeys, ControlRecordKind
from schemas.times import NEVER, to_text
from streams.config.packaged_rules import packaged_rules
from streams.lab.evaluation.batches import Helpers, Patients, Progress, over_patients
from streams.lab.evaluation.definitions import GRID_S, SEEN_AFTER_S, SETTLE_S
from streams.lab.evaluation.score_row import COLUMNS, RISKS, Heads, learned_level, look
from streams.lab.evaluation.trace import Course, Revision, Trace, Turn
from streams.lab.evaluation.vital_patterns import Together
from streams.log import Output, Partition
from streams.log.control_records import forward
from streams.recordings.recordings import START_MS, Recording
from streams.recordings.tables import Recorded

Readings = Sequence[tuple[int, bytes]]
UNSEEN: Final = frozenset({AlertStatus.SHOWN, AlertStatus.CALLING, AlertStatus.RESOLVED})
ALL: Final = 1 << 30

_KEYS: Final = ControlRecordKeys.parse("lab:of-a-recording-of-readings")
_TOPIC: Final = "vitals.readings"
_SEEN_MS, _SETTLE_MS = SEEN_AFTER_S * 1_000, SETTLE_S * 1_000


class _Finding(msgspec.Struct):
    detector: str


class _Alert(msgspec.Struct):
    alert_id: str
    state: str
    kind: str
    subject: str
    priority: str
    interrupts: bool
    reason: str
    headline: str
    findings: list[_Finding]


_alert = msgspec.json.Decoder(_Alert).decode
_NEWS = frozenset({"raised", "worsened", "returned"})


class Bedside:
    """One patient's log as it is written: readings, and five minutes after each alert the word that it was seen."""

    def __init__(self, patient: str, rules: Rules, source: str, kind: type[Partition] = Partition) -> None:
        self.patient, self.rules, self.spot = patient, rules, source == "spot"
        self.part = kind(0, 1, clock="event", mode="real", rules=rules, keys=_KEYS, topic=_TOPIC)
        self.turns: list[Turn] = []
        self.learned: list[tuple[float, int]] = []
        self.revisions: list[Revision] = []
        self._to_see: list[tuple[int, str]] = []
        self._actions = 0

    @property
    def vigil(self) -> Vigil | None:
        """The patient's watch, once there is one."""
        watch = self.part.watches.get(self.patient)
        return None if watch is None else watch.vigil

    def take(self, value: bytes, at: int) -> None:
        """One reading of this moment."""
        self.advance(at)
        self._note(self.part.run([(self.part.next_offset, 0, self.patient.encode(), value, ())]), at)

    def advance(self, at: int) -> None:
        """Lets time pass: what is due is done one by one, and what was raised is seen to."""
        part = self.part
        if part.first_time is None:
            return
        while True:
            vigil = self.vigil
            to_do = NEVER if vigil is None else vigil.due
            to_see = self._to_see[0][0] if self._to_see else NEVER
            now = max(part.time, min(at, to_do, to_see))
            self._note(part.advance(now, ALL)[0], now)
            if to_see <= now:
                self._see(now)
            elif to_do > now:
                return

    def reason(self, kind: str, subject: str, priority: int) -> str:
        """Why it is said that such an alert was seen."""
        return "reviewing"

    def _see(self, at: int) -> None:
        """Says that everything raised by then was seen, if nobody has yet."""
        while self._to_see and self._to_see[0][0] <= at:
            _, alert = heappop(self._to_see)
            vigil = self.vigil
            alive = {} if vigil is None else {episode.alert_id: episode for episode in vigil.register.alive}
            if alert not in alive or alive[alert].lifecycle.status not in UNSEEN:
                continue
            self._actions += 1
            body = msgspec.json.encode(
                {
                    "action_id": f"seen-{self._actions}",
                    "patient_id": self.patient,
                    "action_type": "acknowledge",
                    "alert_id": alert,
                    "who": "reviewer",
                    "role": "doctor",
                    "reason": self.reason(alive[alert].kind, alive[alert].subject, alive[alert].priority),
                    "at": to_text(at),
                }
            )
            sent = forward(
                ControlRecordKind.ACTION, "vitals.actions", 0, self._actions, self.patient, body, _KEYS, _TOPIC, 0
            )
            self._note(self.part.run([(self.part.next_offset, 0, *sent)]), at)

    def _note(self, said: Iterable[Output], at: int) -> None:
        for output in said:
            if output.topic == "alerts" and output.value is not None:
                self._note_alert(_alert(output.value), output.due)
        vigil = self.vigil
        if vigil is None:
            return
        seconds = (at - START_MS) / 1_000
        episode = vigil.register.deterioration
        now = (0, False, False) if episode is None else (episode.priority, episode.interrupts, episode.learned)
        if now != (self.turns[-1][1:] if self.turns else (0, False, False)):
            self.turns.append(Turn(seconds, *now))
        level = learned_level(vigil, self.rules, spot=self.spot)
        if level != (self.learned[-1][1] if self.learned else 0):
            self.learned.append((seconds, level))

    def _note_alert(self, alert: _Alert, at: int) -> None:
        if alert.state in _NEWS or alert.interrupts:
            heappush(self._to_see, (at + _SEEN_MS, alert.alert_id))
        calls = alert.interrupts and (alert.state in RESOUNDS or alert.reason == "persisted")
        raised = alert.state in _NEWS
        self.revisions.append(
            Revision(
                (at - START_MS) / 1_000,
                alert.alert_id,
                alert.state,
                alert.kind,
                alert.subject,
                alert.priority,
                calls,
                alert.reason,
                alert.headline if raised else "",
                tuple(sorted({finding.detector for finding in alert.findings})) if raised else (),
            )
        )


def stream(
    patient: str,
    readings: Readings,
    *,
    rules: Rules,
    source: str,
    heads: Collection[str] = RISKS,
) -> Course:
    """One patient from the first reading to the last. Of the learned heads only `heads` are asked."""
    grid = GRID_S[source] * 1_000
    bed, together, asked = Bedside(patient, rules, source), Together(source), Heads(heads)
    if not readings:
        return Course(patient, np.nan, np.nan, np.empty(0), np.empty((0, len(COLUMNS)), dtype=np.float32))
    first, last = readings[0][0], readings[-1][0]
    moment = first
    rows: list[tuple[float, ...]] = []
    times: list[float] = []

    def look_until(at: int) -> None:
        nonlocal moment
        while moment + _SETTLE_MS < at:
            bed.advance(moment + _SETTLE_MS)
            if bed.vigil is not None:
                pattern = together.look(bed.vigil, moment + _SETTLE_MS)
                rows.append(look(bed.vigil, moment + _SETTLE_MS, asked, pattern=pattern))
                times.append((moment - START_MS) / 1_000)
            moment += grid

    for at, value in readings:
        look_until(at)
        bed.take(value, at)
    end = first + -(-(last - first) // grid) * grid  # the grid moment by which the last reading is known
    look_until(end + _SETTLE_MS + 1)
    return Course(
        patient,
        (first - START_MS) / 1_000,
        (last - START_MS) / 1_000,
        np.array(times),
        np.array(rows, dtype=np.float32).reshape(len(rows), len(COLUMNS)),
        bed.turns,
        bed.learned,
        bed.revisions,
    )


def _stream_batch(rules: bytes | None, source: str, heads: Collection[str], batch: Patients) -> list[Course]:
    armed = _rules(rules)
    return [stream(one, told, rules=armed, source=source, heads=heads) for one, told in batch]


@lru_cache(maxsize=4)
def _rules(value: bytes | None) -> Rules:
    return packaged_rules() if value is None else read_rules(value)


def stream_folder(
    recorded: Recorded,
    *,
    rules: bytes | None = None,
    cut_at_s: int | None = None,
    heads: Collection[str] = RISKS,
    patients: Sequence[str] | None = None,
    workers: int = 2,
    progress: Progress | None = None,
    helpers: Helpers | None = None,
) -> Trace:
    """Every patient of a folder, by id; nothing at or after `cut_at_s` (seconds of the table) is looked at. `rules` are
    the bytes of a rules file, None the packaged one.
    """
    recording = Recording(recorded, patients=patients, until_s=cut_at_s)
    return stream_recording(recording, rules=rules, heads=heads, workers=workers, progress=progress, helpers=helpers)


def stream_recording(
    recording: Recording,
    *,
    rules: bytes | None = None,
    heads: Collection[str] = RISKS,
    workers: int = 2,
    progress: Progress | None = None,
    helpers: Helpers | None = None,
) -> Trace:
    """Every patient of a recording, by id, as `stream_folder` does."""
    source, begins = str(recording.survey.source), recording.starts_s()
    courses = over_patients(partial(_stream_batch, rules, source, tuple(heads)), recording, workers, progress, helpers)
    for course in courses:
        course.begins_s = begins[course.patient]
    return Trace.of(courses, source, GRID_S[source])
