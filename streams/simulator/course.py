"""How a made-up illness is written down: what turns, when, how far; what fails; what a nurse would find."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Self

from schemas.vitals import Vital


@dataclass(frozen=True, slots=True)
class Turn:
    """One vital moves by so much, smoothly, from `at_s` on and over `over_s` seconds; turns of one vital add up."""

    vital: Vital
    by: float
    at_s: float
    over_s: float


@dataclass(frozen=True, slots=True)
class Window:
    """From `at_s` until before `until_s`, in seconds."""

    at_s: float
    until_s: float


@dataclass(frozen=True, slots=True)
class State:
    """What an observer finds from `at_s` on: ACVPU, and oxygen in L/min (0 is air)."""

    at_s: float
    consciousness: str = "A"
    oxygen_l_min: float = 0.0


@dataclass(frozen=True, slots=True)
class Rounds:
    """A nurse comes more often: every `every_s` seconds from `at_s` until before `until_s`."""

    at_s: float
    until_s: float
    every_s: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """One made-up illness, in seconds since its onset.

    `usual`: where this patient's baseline is not anybody's. `fibrillation`: the pulse is irregular and weak.
    `storms`: the patient moves and the sensors go wild. `probe_off`: the oximeter is not on the finger.
    `silent`: the monitor sends nothing.
    """

    name: str
    story: str
    turns: tuple[Turn, ...] = ()
    states: tuple[State, ...] = ()
    rounds: tuple[Rounds, ...] = ()
    usual: Mapping[Vital, float] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    fibrillation: tuple[Window, ...] = ()
    storms: tuple[Window, ...] = ()
    probe_off: tuple[Window, ...] = ()
    silent: tuple[Window, ...] = ()
    spo2_scale: int = 1

    @property
    def lasts_s(self) -> float:
        """Seconds from the onset until the last thing has happened."""
        ends = [turn.at_s + turn.over_s for turn in self.turns] + [state.at_s for state in self.states]
        windows: tuple[Window | Rounds, ...] = (
            *self.fibrillation,
            *self.storms,
            *self.probe_off,
            *self.silent,
            *self.rounds,
        )
        return max([0.0, *ends, *(window.until_s for window in windows)])

    def quicker(self, times: float) -> Self:
        """The same illness, `times` as fast; how far things go stays as it is.

        >>> Scenario("x", "", turns=(Turn(Vital.SPO2, -5, 600, 1200),)).quicker(10).lasts_s
        180.0
        """
        if times <= 0:
            raise ValueError(f"an illness can be quicker by a positive factor, not by {times}")

        def windows(those: tuple[Window, ...]) -> tuple[Window, ...]:
            return tuple(Window(w.at_s / times, w.until_s / times) for w in those)

        return replace(
            self,
            turns=tuple(replace(t, at_s=t.at_s / times, over_s=t.over_s / times) for t in self.turns),
            states=tuple(replace(s, at_s=s.at_s / times) for s in self.states),
            rounds=tuple(Rounds(r.at_s / times, r.until_s / times, r.every_s / times) for r in self.rounds),
            fibrillation=windows(self.fibrillation),
            storms=windows(self.storms),
            probe_off=windows(self.probe_off),
            silent=windows(self.silent),
        )
