"""What is in force for one patient at one moment: the values still valid, the score they give, and what stands out."""

from collections.abc import Mapping, Sequence
from typing import Final

from detectors.news2 import RED, News2, Part, news2
from detectors.oxygen import ROOM_AIR_PERCENT, on_oxygen
from detectors.pulse import disagree
from detectors.response import URGENT_FROM
from detectors.risk_words import Contributor, voice_words
from detectors.vigil.concern import Concern
from detectors.vigil.ranks import entered_in_force, points_of, values_by_rank
from detectors.vigil.red import OF_OXYGEN, RED_LIMITS, VITALS_OF, says_oxygen
from detectors.vigil.stay import Stay
from detectors.vigil.track import Track
from detectors.vigil.window import SPOT
from detectors.vigil.wording import SAID, ago_words, leading, score_words, value_words, vital_words
from detectors.watch_rules import MemoryRules, WatchRules
from schemas.times import NEVER
from schemas.vitals import LETTERS, SCALES, STREAM_LATENESS, Source, Vital

# Milliseconds for which a value stays valid, by vital and source number.
VALIDITY: Final = {vital.value: tuple(SCALES[vital].validity[source] for source in Source) for vital in Vital}

# "Air" charted this long after a flow or an inspired oxygen was told replaces it; closer together they contradict each
# other, and a contradiction counts as oxygen (`on_oxygen`). Ours: nobody changes a mask and charts it sooner.
REPLACES_MS: Final = 60_000
TOLD_FROM_MS: Final = 120_000  # a delayed value says its age from here on

# Of several red vitals the one that kills soonest is named first.
DANGER: Final = ("spo2", "resp_rate", "consciousness", "gcs", "systolic_bp", "pulse_rate", "heart_rate", "temperature")

UNITS: Final = {vital.value: SCALES[vital].unit for vital in Vital}


# Until when nothing need be said of its absence: the lateness that its successor may have comes on top.
_STALE_AFTER: Final = {name: tuple(ms + STREAM_LATENESS for ms in of) for name, of in VALIDITY.items()}


def expires(name: str, track: Track) -> int:
    """When the value in force goes stale (with the lateness that its successor may have)."""
    known = track.known
    assert known is not None
    if track.kept:
        return NEVER  # on oxygen until charted otherwise
    return (
        known.at + known.delayed + (track.lasts + STREAM_LATENESS if track.lasts else _STALE_AFTER[name][known.source])
    )


def first_expiry(tracks: Mapping[str, Track], now: int) -> int:
    """When the first value in force goes stale after `now`; NEVER if none does."""
    soonest = NEVER
    for name, track in tracks.items():
        known = track.known
        if known is None or track.stale or track.kept:
            continue
        lasts = track.lasts  # as `expires`, without the call
        end = known.at + known.delayed + (lasts + STREAM_LATENESS if lasts else _STALE_AFTER[name][known.source])
        if now < end < soonest:
            soonest = end
    return soonest


class Assessment:
    """One patient at one moment. `score` is None where NEWS2 is not valid for the patient (`why_not` says why)."""

    __slots__ = (
        "at",
        "concern",
        "contributors",
        "doubted",
        "far",
        "score",
        "stay",
        "tracks",
        "values",
        "watch",
        "why_not",
    )

    def __init__(
        self,
        tracks: Mapping[str, Track],
        stay: Stay,
        at: int,
        concern: Concern | None = None,
        contributors: tuple[Contributor, ...] = (),
        watch: WatchRules | None = None,
    ) -> None:
        self.contributors = contributors  # the vitals that speak for a learned risk that asks for someone
        self.tracks, self.stay, self.at, self.concern = tracks, stay, at, concern
        # the valid values, in the vitals' own units
        self.values: dict[str, float] = {}
        entered = False
        for name, track in tracks.items():
            known = track.known
            if known is not None and not track.stale:
                self.values[name] = known.value
                if track.entered is not None:
                    entered = True
        self.watch = watch  # how the watch behaves, where the rules say
        self.why_not = stay.not_covered(at)
        self.far: tuple[str, ...] = ()  # vitals that are extreme, or meet a criterion other than NEWS2's
        self.doubted: frozenset[str] = frozenset()  # what a person counted otherwise, and nobody has counted again
        if watch is not None and entered:
            self.doubted = values_by_rank(self.values, tracks, stay, at, watch)
        self.score = None if self.why_not else self._score()

    def value(self, name: str) -> float | None:
        """The valid value of a vital, in its own unit."""
        return self.values.get(name)

    def _score(self) -> News2:
        value = self.values.get
        letter, gcs = self.mind()
        pulse, ecg = value("pulse_rate"), value("heart_rate")
        if self.watch is not None and pulse is not None and ecg is not None and disagree(pulse, ecg):
            worst = max(points_of("pulse_rate", pulse), points_of("pulse_rate", ecg))
            if worst == RED:  # of two rates that contradict each other the worse counts once either is red
                pulse, ecg = (pulse if points_of("pulse_rate", pulse) == RED else ecg), None
        return news2(
            value("resp_rate"),
            value("spo2"),
            value("systolic_bp"),
            pulse,
            ecg,
            value("temperature"),
            letter,
            self._oxygen_now(),
            spo2_scale=self.stay.scale,
            gcs=gcs,
            long_standing_confusion=self.stay.confusion,
        )

    def mind(self) -> tuple[str | None, int | None]:
        """ACVPU letter and coma scale, as far as they are in force: of both the newer one, at the same moment ACVPU."""
        letter, gcs = self.value("consciousness"), self.value("gcs")
        if letter is not None and gcs is not None:
            said, measured = self.tracks["consciousness"].known, self.tracks["gcs"].known
            assert said is not None and measured is not None
            if measured.at > said.at:
                letter = None
            else:
                gcs = None
        return None if letter is None else LETTERS[int(letter)], None if gcs is None else int(gcs)

    def _oxygen_now(self) -> bool | None:
        if self.tracks.keys().isdisjoint(OF_OXYGEN):
            return None
        supplemental, inspired, flow = self._oxygen().values()
        return on_oxygen(None if supplemental is None else supplemental > 0, inspired, flow)

    @property
    def on_oxygen(self) -> bool | None:
        """Whether the patient is on oxygen; None if nothing is known."""
        return self._oxygen_now()

    def _oxygen(self) -> dict[str, float | None]:
        """What was said of oxygen and still counts, in the order of `on_oxygen`."""
        told = {name: self.values.get(name) for name in OF_OXYGEN}
        inspired = told["inspired_oxygen"]
        if self.watch is not None and inspired is not None and inspired <= self.watch.entered.air_percent:
            told["inspired_oxygen"] = ROOM_AIR_PERCENT  # a sensor's error; a flow beside it says oxygen all the same
        if told["supplemental_oxygen"] == 0:
            charted = self.tracks["supplemental_oxygen"].known
            assert charted is not None
            for name in ("inspired_oxygen", "oxygen_flow"):
                known = self.tracks[name].known if told[name] is not None else None
                if known is not None and charted.at > known.at + REPLACES_MS:
                    told[name] = None
        return told

    def behind(self, part: str) -> str | None:
        """The vital that speaks for an item of the score now."""
        names = [name for name in VITALS_OF[part] if self.value(name) is not None]
        if part == Part.SUPPLEMENTAL_OXYGEN.value:  # of several, the one that says oxygen
            told = self._oxygen()
            names.sort(key=lambda name: not says_oxygen(name, told[name]))
        return names[0] if names else None

    def points(self) -> list[tuple[str, int]]:
        """Vitals that certainly score, with their points, most first, in chart order among equals."""
        if self.score is None:
            return []
        scored = [(self.behind(part.value), least) for part, least, _ in self.score.parts if least > 0]
        return sorted(((name, least) for name, least in scored if name), key=lambda pair: -pair[1])

    def broken(self) -> list[str]:
        """Vitals beyond a personal limit."""
        found: list[str] = []
        for limit in self.stay.limits:
            value = self.value(limit.vital)
            if value is not None and limit.broken_by(value) and limit.vital not in found:
                found.append(limit.vital)
        return found

    def noticed(self) -> list[str]:
        """Vitals of which a learned detector holds an opinion."""
        return [name for name, track in self.tracks.items() if track.opinions and not track.stale]

    def because(self) -> list[str]:
        """All vitals that stand behind what is asked for."""
        names = [name for name, _ in self.points()] + self.broken() + self.noticed() + list(self.far)
        names += [voice.vital for voice in self.contributors if voice.vital in self.tracks]
        return sorted(set(names))

    def lost(self, because: list[str]) -> list[str]:
        """Those of `because` that cannot be measured now, nor another vital of the same item."""
        gone = []
        for name in because:
            siblings = next((vitals for vitals in VITALS_OF.values() if name in vitals), (name,))
            if all(self.value(other) is None for other in siblings):
                gone.append(name)
        return gone

    def still(self, because: list[str]) -> list[str]:
        """`because` brought up to date: what stands out now, and what did until its valid value went missing."""
        now = self.because()
        unsure = {name for name in because if self.value(name) is None or self._suspect(name)}
        return sorted({*now, *unsure}) or because

    def doubtful(self, because: list[str]) -> bool:
        """Whether the value of one of `because` is only suspect: it may be true, but it ends nothing."""
        return any(self._suspect(name) for name in because)

    def _suspect(self, name: str) -> bool:
        if name in self.doubted:
            return True
        track = self.tracks.get(name)
        return track is not None and not track.stale and track.known is not None and track.known.suspect

    def entered(self, name: str) -> bool:
        """Whether the value in force is one that a person measured."""
        track = self.tracks.get(name)
        if track is None or track.known is None or name not in self.values:
            return False
        if track.known.source == SPOT:
            return True
        return (
            self.watch is not None
            and entered_in_force(name, track, self.at, self.watch)
            and track.entered is not None
            and self.values[name] == track.entered.value
        )

    def leads_in_doubt(self, extremes: Sequence[str]) -> bool:
        """Whether only the ECG counts too few beats, against a pulse that is found."""
        pulse, ecg = self.value("pulse_rate"), self.value("heart_rate")
        alone = list(extremes) == ["heart_rate"] and pulse is not None and ecg is not None
        return alone and ecg < pulse and disagree(pulse, ecg)  # type: ignore[operator, arg-type]

    def scores(self, name: str) -> bool:
        """Whether the vital's value in force earns a point."""
        return (
            any(self.behind(part.value) == name for part, least, _ in self.score.parts if least)
            if self.score
            else False
        )

    def nearly_red(self, by: MemoryRules) -> bool:
        """Whether any value lies so near a red limit that it has not left it."""
        for name, value in self.values.items():
            low, high = RED_LIMITS.get(name, (None, None))
            near = by.rate if name in ("heart_rate", "pulse_rate") else getattr(by, name, None)
            if near is None or (name == "spo2" and self.stay.scale == 2):
                continue
            if (low is not None and value <= low + near) or (high is not None and value >= high - near):
                return True
        return False

    def _shown(self, name: str) -> float | str | bool | None:
        value = self.value(name)
        if value is None:
            return None
        if name == "consciousness":
            return LETTERS[int(value)]
        return value > 0 if name == "supplemental_oxygen" else value

    def _finding(self, detector: str, name: str, score: float, reason: str) -> dict[str, object]:
        track = self.tracks.get(name)
        usual = None if track is None else track.usual
        return {
            "detector": detector,
            "vital": name,
            "value": self._shown(name),
            "usual": None if usual is None else round(usual, 2),
            "unit": UNITS[name],
            "score": round(score, 3),
            "reason": reason,
        }

    def findings(self) -> list[dict[str, object]]:
        """Everything that stands out: red scores, other points, personal limits, a concern, then learned opinions by
        size.
        """
        found = [
            self._finding("red_score" if points == 3 else "news2", name, float(points), f"scores_{points}")
            for name, points in self.points()
        ]
        found += [self._finding("personal_limit", name, 1.0, "beyond_personal_limit") for name in self.broken()]
        found += [self._finding("risk", voice.vital, voice.added, voice.reason) for voice in self.contributors]
        found += [self.concern.finding()] if self.concern else []
        learned = [(name, opinion) for name in self.noticed() for opinion in self.tracks[name].opinions]
        learned.sort(key=lambda pair: -pair[1].score)
        return found + [self._finding(o.detector, name, o.score, o.reason) for name, o in learned]

    def headline(self, previous: int | None) -> str:
        """One line that a nurse understands: what matters most against what is usual, and the score."""
        names = [name for name, _ in self.points()] or list(self.far) or self.broken() or self.noticed()
        score = score_words(self.score, previous, self.why_not)
        if self.concern is not None:
            score = f"{score}; {self.concern.words}" if names else f"{self.concern.words}; {score}"
        if self.contributors and self._quiet():
            said = ", ".join(voice_words(vital_words(voice.vital), voice.reason) for voice in self.contributors)
            return f"May be worsening: {said}; {score}"
        if not names:
            return score
        if self.watch is not None and (grave := self._grave()):
            return f"{'; '.join(self._grave_words(name, place) for place, name in enumerate(grave))}; {score}"
        best = max(names[:3], key=lambda name: self._weight(name))
        value = self.value(best)
        assert value is not None
        return f"{self._leading(best, value)}; {score}"

    def _leading(self, name: str, value: float) -> str:
        """What matters most, and its age where it came late."""
        known, told = self.tracks[name].known, leading(name, value, self.tracks[name].usual)
        if known is not None and known.delayed and self.at - known.at >= TOLD_FROM_MS:
            told += f", measured {ago_words(self.at - known.at)} ago"
        return told

    def _grave(self) -> list[str]:
        """Every vital that is red, the most dangerous first: the extreme, then by what kills soonest."""
        red = {name for name, points in self.points() if points == RED} | {n for n in self.far if n in self.values}
        return sorted(red, key=lambda name: (name not in self.far, DANGER.index(name) if name in DANGER else 99))

    def _grave_words(self, name: str, place: int) -> str:
        value = self.value(name)
        assert value is not None
        if place == 0:
            return self._leading(name, value)
        return value_words(name, value) if name in SAID else f"{vital_words(name)} {value_words(name, value)}"

    def _quiet(self) -> bool:
        """Whether nothing by protocol asks for someone."""
        return (self.score is None or (self.score.score_min < URGENT_FROM and not self.score.red)) and not self.broken()

    def _weight(self, name: str) -> tuple[int, float]:
        if name in VITALS_OF[Part.SUPPLEMENTAL_OXYGEN]:  # a treatment: it never leads where a measured value scores
            return 0, 0.0
        points = dict(self.points()).get(name, 0)
        track = self.tracks[name]
        deviation = (
            None if track.baseline is None or track.known is None else track.baseline.deviation(track.known.value)
        )
        return points, abs(deviation or 0.0)


def learns(stay: Stay, at: int) -> bool:
    """Whether anything may be learnt of the patient now, as far as the stay is concerned."""
    return not stay.discharged and not stay.paused(at)
