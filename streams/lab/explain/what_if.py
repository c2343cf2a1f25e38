"""What it would have taken: the same patient let live on with other values, until the very same Vigil speaks up.

Nothing is worked out from thresholds here: each answer was tried, on a copy, with the rules in force.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec

from detectors.vigil import Vigil
from detectors.vigil.intake import NOWHERE
from detectors.vigil.window import SOURCES, SPOT, WINDOW_MS
from schemas.decode import FastMeasure, FastReading
from schemas.reading import Mode
from schemas.times import EPOCH, MINUTE_MS
from schemas.vitals import LETTERS, SCALES, STREAM_LATENESS, Source, Vital
from streams.lab.explain.observed_replay import Look

ROUND_MS: Final = 60 * MINUTE_MS  # between two observations of a patient whom nobody streams
NOT_NUMBERS: Final = frozenset({"consciousness", "supplemental_oxygen", "gcs"})
STEPS: Final = 12  # coarse places looked at on the way to the end of the plausible range
SHOWN, CALLS = "shown", "calls"


class Tried(NamedTuple):
    """After how many further values a deterioration is first said, and first calls; None: not within those tried."""

    shown: int | None
    calls: int | None


class _Facts(msgspec.Struct):
    kind: str
    state: str
    interrupts: bool


_facts = msgspec.json.Decoder(_Facts).decode
_NEWS: Final = frozenset({"raised", "worsened", "returned"})


class Future:
    """One patient's further course from a moment on: every value in force repeated, one of them changed."""

    def __init__(self, vigil: Vigil, at: int) -> None:
        self._state, self._rules, self._at = vigil.snapshot(), vigil.rules, at
        self.known = {name: t for name, t in vigil.tracks.items() if t.known is not None and t.detached is None}
        in_force = [track for track in self.known.values() if not track.stale] or list(self.known.values())
        self.streams = any(track.known.source != SPOT for track in in_force if track.known)
        self.most = self._most(vigil)
        self._tried: dict[tuple[str, float], Tried] = {}
        open_ = vigil.register.deterioration
        # Where somebody is called already only what calls anew counts, and not every word about it.
        self._calls_by = _NEWS if open_ is not None and open_.calls else _NEWS | {"updated"}

    def _most(self, vigil: Vigil) -> int:
        """After so many values persistence can hold nothing back any more."""
        need = vigil.rules.stream if self.streams else vigil.rules.spot
        wait = max(need.high, need.medium, need.red, need.learned)
        return max(wait, vigil.rules.wearable_resp_rate_red) + 2 if self.streams else wait + 1

    def unchanged(self) -> Tried:
        """As it is now, and stays, for as long as a learned risk may take to ask."""
        risk = self._rules.risk
        looks = int(risk.stream * risk.every_minutes * MINUTE_MS / WINDOW_MS) + 2 if self.streams else 0
        return self._try({}, max(self.most, looks))

    def with_(self, name: str, value: float) -> Tried:
        """With another value of one vital, from the next one on."""
        key = name, value
        if key not in self._tried:
            self._tried[key] = self._try({name: value}, self.most)
        return self._tried[key]

    def _try(self, changed: dict[str, float], most: int) -> Tried:
        vigil = Vigil.restore(self._state, self._rules)
        vigil.intake.drop_open()  # what came already of the window under way would blur the values that are tried
        vigil.due = vigil.next_due(self._at)
        step = WINDOW_MS if self.streams else ROUND_MS
        shown = calls = None
        moments: list[int] = []
        for number in range(most):
            moment = self._at + 1 + number * step
            for heard in self._pass(vigil, moment):
                shown, calls = self._note(heard, moments, shown, calls)
            if calls is not None:
                break
            moments.append(moment)
            for reading in self._readings(vigil, changed, moment):
                vigil.take(reading, moment)
        if calls is None:
            last = self._at + 1 + (most - 1) * step + WINDOW_MS + STREAM_LATENESS
            for heard in self._pass(vigil, last):
                shown, calls = self._note(heard, moments, shown, calls)
        return Tried(shown, calls)

    @staticmethod
    def _pass(vigil: Vigil, until: int) -> Iterator[tuple[int, _Facts]]:
        while vigil.due <= until:
            due = vigil.due
            for said in vigil.tick(due):
                if said.topic == "alerts" and said.value is not None:
                    facts = _facts(said.value)
                    if facts.kind == "physiological":
                        yield due, facts

    def _note(
        self, heard: tuple[int, _Facts], moments: Sequence[int], shown: int | None, calls: int | None
    ) -> tuple[int | None, int | None]:
        due, facts = heard
        wait = STREAM_LATENESS if self.streams else 0
        values = sum(moment <= due - wait for moment in moments)
        if shown is None and facts.state in _NEWS:
            shown = values
        if calls is None and facts.interrupts and facts.state in self._calls_by:
            calls = values
        return shown, calls

    def _readings(self, vigil: Vigil, changed: dict[str, float], moment: int) -> Iterator[FastReading]:
        """One reading of each device; observations stay in force and are not repeated beside a stream."""
        names = {device.number: name for name, device in vigil.intake.devices.items()}
        together: dict[tuple[int, int], dict[str, FastMeasure]] = {}
        for name, track in self.known.items():
            known = track.known
            assert known is not None
            if name not in changed and (track.stale or (self.streams and known.source == SPOT)):
                continue
            value = changed.get(name, known.value)
            measure = FastMeasure(*_sent(name, value))
            together.setdefault((known.device, known.source), {})[name] = measure
        for (number, source), vitals in together.items():
            device = names.get(number)
            if device is None:
                continue
            known_device = vigil.intake.devices[device]
            lead = 0 if vigil.intake.event_clock or known_device.lead == NOWHERE else known_device.lead
            yield FastReading(
                patient_id=vigil.patient,
                device_id=device,
                taken_at=EPOCH + timedelta(milliseconds=moment + lead),
                vitals=vitals,
                source=Source(SOURCES[source]),
                sequence=max(0, known_device.sequence + 1),
                mode=Mode(vigil.mode),
            )


def _sent(name: str, value: float) -> tuple[Any, str | None]:
    if name == "consciousness":
        return LETTERS[int(value)], None
    if name == "supplemental_oxygen":
        return value > 0, None
    return value, SCALES[Vital(name)].unit


def needed(vigil: Vigil, at: int) -> list[dict[str, Any]]:
    """What would have it said (`shown`), and what would have it call: nothing but time, or the least change of a vital.

    `after` counts further windows of 15 s, or observations where nobody streams.
    """
    future = Future(vigil, at)
    if not future.known:
        return []
    of = "windows" if future.streams else "observations"
    found: list[dict[str, Any]] = []
    now = future.unchanged()
    for outcome, after in ((SHOWN, now.shown), (CALLS, now.calls)):
        if after is not None:
            found.append(_row(None, None, None, outcome, after, of))
    for name in future.known:
        if name not in NOT_NUMBERS:
            found += _changes(future, name, of, now)
    return found


def _row(name: str | None, side: str | None, value: float | None, outcome: str, after: int, of: str) -> dict[str, Any]:
    unit = None if name is None else SCALES[Vital(name)].unit
    return {"vital": name, "side": side, "value": value, "unit": unit, "outcome": outcome, "after": after, "of": of}


def _changes(future: Future, name: str, of: str, now: Tried) -> Iterator[dict[str, Any]]:
    scale, known = SCALES[Vital(name)], future.known[name].known
    assert known is not None
    begin = round(known.value / scale.resolution) * scale.resolution
    for side, end in (("at_most", scale.suspect[0]), ("at_least", scale.suspect[1])):
        if (end - begin) * (1 if side == "at_least" else -1) <= 0:
            continue
        for place, outcome in enumerate((SHOWN, CALLS)):
            if now[place] is not None:  # it comes without any change
                continue
            value = nearest(partial(_does, future, name, place), begin, end, scale.resolution)
            if value is not None:
                yield _row(name, side, value, outcome, future.with_(name, value)[place] or 0, of)


def _does(future: Future, name: str, place: int, value: float) -> bool:
    return future.with_(name, value)[place] is not None


def nearest(does: Callable[[float], bool], begin: float, end: float, step: float) -> float | None:
    """The value nearest to `begin` on the way to `end` that does it: looked for in coarse steps, then halved down.

    >>> nearest(lambda value: value <= 91, 97, 50, 1.0), nearest(lambda value: False, 97, 50, 1.0)
    (91.0, None)
    """
    places, sign = round(abs(end - begin) / step), 1 if end > begin else -1

    def value_at(place: int) -> float:
        return round(begin + sign * place * step, 6)

    short = 0
    for place in sorted({round(places * number / STEPS) for number in range(1, STEPS + 1)}):
        if does(value_at(place)):
            while place - short > 1:
                middle = (place + short) // 2
                place, short = (middle, short) if does(value_at(middle)) else (place, middle)
            return value_at(place)
        short = place
    return None


def spared_by(look: Look) -> list[dict[str, Any]]:
    """For each value just decided, the nearest one with which nothing would have been said of the patient, if any."""
    found = []
    for name, decided in look.fresh.items():
        if name in NOT_NUMBERS:
            continue
        scale = SCALES[Vital(name)]
        begin = round(decided.value / scale.resolution) * scale.resolution
        for side, end in (("at_most", scale.suspect[0]), ("at_least", scale.suspect[1])):
            if (end - begin) * (1 if side == "at_least" else -1) > 0:
                quiet = partial(_quiet, look, name)
                value = nearest(quiet, begin, end, scale.resolution)
                if value is not None:
                    found.append({"vital": name, "side": side, "value": value, "unit": scale.unit})
    return found


def _quiet(look: Look, name: str, value: float) -> bool:
    """Whether this decision would have said nothing of the patient with another value (the learned opinions as they
    were).
    """
    vigil = Vigil.restore(look.before, look.rules)
    decided = msgspec.structs.replace(look.fresh[name], value=value)
    vigil.tracks[name].known = decided
    said = look._replace(fresh={**look.fresh, name: decided}).again(vigil)
    return not any(
        _facts(one.value).kind == "physiological" for one in said if one.topic == "alerts" and one.value is not None
    )
