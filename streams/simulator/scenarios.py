"""The illnesses of the made-up patients.

Drawn by hand, not fitted to anybody: each crosses the limits of NEWS2 (RCP 2017, chart 1) in the order in which
textbooks let it, and ends in recovery, so that alerts are seen to clear. They show what the product does; they prove
nothing about how well it does it (that is for recorded patients).
"""

from types import MappingProxyType
from typing import Final

from schemas.vitals import Vital
from streams.simulator.course import Rounds, Scenario, State, Turn, Window

_MINUTE: Final = 60
_HOUR: Final = 3600


def _turns(vital: Vital, *legs: tuple[float, float, float]) -> tuple[Turn, ...]:
    """Legs of one vital: (by, from minute, until minute)."""
    return tuple(Turn(vital, by, start * _MINUTE, (end - start) * _MINUTE) for by, start, end in legs)


def _states(*states: tuple[float, str, float]) -> tuple[State, ...]:
    """(minute, ACVPU, oxygen in L/min)."""
    return tuple(State(minute * _MINUTE, letter, flow) for minute, letter, flow in states)


def _hourly(start: float, end: float, every: float = 60) -> tuple[Rounds, ...]:
    return (Rounds(start * _MINUTE, end * _MINUTE, every * _MINUTE),)


STABLE: Final = Scenario("stable", "Nothing happens: the usual restlessness of a quiet patient, day and night.")

SEPSIS: Final = Scenario(
    "sepsis",
    "Fever, then a fast heart and breathing, then falling pressure and new confusion, over six hours; treated.",
    turns=(
        *_turns(Vital.TEMPERATURE, (2.3, 0, 240), (-2.3, 480, 840)),
        *_turns(Vital.HEART_RATE, (44, 20, 300), (-44, 420, 780)),
        *_turns(Vital.RESP_RATE, (11, 40, 310), (-11, 420, 780)),
        *_turns(Vital.SYSTOLIC_BP, (-40, 100, 340), (40, 390, 600)),
        *_turns(Vital.DIASTOLIC_BP, (-26, 90, 330), (26, 390, 600)),
        *_turns(Vital.SPO2, (-4, 120, 320), (4, 400, 780)),
    ),
    states=_states((310, "C", 0), (330, "C", 4), (480, "A", 4), (660, "A", 0)),
    rounds=_hourly(150, 720),
)

RESPIRATORY_FAILURE: Final = Scenario(
    "respiratory_failure",
    "Breathing quickens, the oxygen falls in spite of oxygen given, confusion follows, within three hours; treated.",
    turns=(
        *_turns(Vital.RESP_RATE, (14, 0, 90), (-14, 180, 300)),
        *_turns(Vital.SPO2, (-8, 15, 100), (3, 105, 112), (-5, 115, 165), (10, 180, 240)),
        *_turns(Vital.HEART_RATE, (28, 10, 110), (-28, 185, 300)),
        *_turns(Vital.SYSTOLIC_BP, (12, 10, 100), (-12, 180, 280)),
        *_turns(Vital.TEMPERATURE, (0.7, 0, 120), (-0.7, 240, 400)),
    ),
    states=_states((105, "A", 6), (150, "C", 10), (200, "A", 8), (300, "A", 0)),
    rounds=_hourly(60, 300, 45),
)

HAEMORRHAGE: Final = Scenario(
    "haemorrhage",
    "The heart quickens while the pressure still holds; then the pressure falls, within an hour and a half; stopped.",
    turns=(
        *_turns(Vital.HEART_RATE, (50, 0, 70), (-50, 100, 170)),
        *_turns(Vital.SYSTOLIC_BP, (-8, 0, 30), (-44, 30, 80), (52, 98, 150)),
        *_turns(Vital.DIASTOLIC_BP, (7, 0, 30), (-30, 32, 80), (23, 98, 150)),
        *_turns(Vital.RESP_RATE, (9, 12, 70), (-9, 100, 170)),
        *_turns(Vital.TEMPERATURE, (-0.8, 10, 80), (0.8, 120, 240)),
        *_turns(Vital.SPO2, (-1.5, 40, 80), (1.5, 100, 140)),
    ),
    states=_states((70, "C", 0), (80, "C", 10), (115, "A", 4), (150, "A", 0)),
    rounds=_hourly(45, 180, 20),
)

OPIOID: Final = Scenario(
    "opioid",
    "Breathing slows, the oxygen follows minutes later, the patient is hard to wake, within an hour; antidote given.",
    turns=(
        *_turns(Vital.RESP_RATE, (-9.5, 0, 40), (9.5, 58, 62)),
        *_turns(Vital.SPO2, (-13, 14, 50), (13, 59, 66)),
        *_turns(Vital.HEART_RATE, (-11, 5, 45), (11, 58, 64)),
        *_turns(Vital.SYSTOLIC_BP, (-12, 5, 45), (12, 58, 64)),
        *_turns(Vital.DIASTOLIC_BP, (-7, 5, 45), (7, 58, 64)),
    ),
    states=_states((28, "V", 0), (48, "P", 0), (54, "P", 15), (61, "V", 6), (66, "A", 4), (120, "A", 0)),
    rounds=_hourly(34, 160, 18),
)

_AF_STARTS_S: Final = 3
ARRHYTHMIA: Final = Scenario(
    "arrhythmia",
    "Atrial fibrillation from one beat to the next: fast, irregular, and not every beat reaches the finger; two runs.",
    turns=(
        *(
            Turn(Vital.HEART_RATE, by, minute * _MINUTE, _AF_STARTS_S)
            for by, minute in ((62, 0), (-62, 45), (58, 80), (-58, 105))
        ),
        *_turns(Vital.SYSTOLIC_BP, (-18, 0, 3), (18, 45, 50), (-18, 80, 83), (18, 105, 110)),
        *_turns(Vital.RESP_RATE, (3, 0, 5), (-3, 45, 55), (3, 80, 85), (-3, 105, 115)),
    ),
    fibrillation=(Window(0, 45 * _MINUTE), Window(80 * _MINUTE, 105 * _MINUTE)),
    rounds=_hourly(15, 130, 30),
)

SENSOR_OFF: Final = Scenario(
    "sensor_off",
    "A well patient whose finger probe falls off for twenty minutes; later the whole monitor is silent for ten.",
    probe_off=(Window(0, 20 * _MINUTE),),
    silent=(Window(40 * _MINUTE, 50 * _MINUTE),),
)

ARTEFACT_STORM: Final = Scenario(
    "artefact_storm",
    "A well patient who is restless for an hour and a half: for seconds at a time every sensor shows wild numbers.",
    storms=(Window(0, 90 * _MINUTE),),
)

ATHLETE: Final = Scenario(
    "athlete",
    "A well patient whose heart usually beats 47 times a minute.",
    usual=MappingProxyType({Vital.HEART_RATE: 47.0, Vital.RESP_RATE: 14.2}),
)

HYPERCAPNIA_SCALE2: Final = Scenario(
    "hypercapnia_scale2",
    "Chronic hypercapnic failure, well on 1 L/min: 90 % is this patient's prescribed target (SpO2 scale 2).",
    usual=MappingProxyType({Vital.SPO2: 90.0, Vital.RESP_RATE: 17.5}),
    states=_states((-1_000_000, "A", 1)),
    spo2_scale=2,
)

SCENARIOS: Final = MappingProxyType(
    {
        scenario.name: scenario
        for scenario in (
            STABLE,
            SEPSIS,
            RESPIRATORY_FAILURE,
            HAEMORRHAGE,
            OPIOID,
            ARRHYTHMIA,
            SENSOR_OFF,
            ARTEFACT_STORM,
            ATHLETE,
            HYPERCAPNIA_SCALE2,
        )
    }
)

MIXED: Final = (
    SEPSIS,
    STABLE,
    RESPIRATORY_FAILURE,
    STABLE,
    HAEMORRHAGE,
    STABLE,
    OPIOID,
    STABLE,
    ARRHYTHMIA,
    STABLE,
    SENSOR_OFF,
    ATHLETE,
    ARTEFACT_STORM,
    HYPERCAPNIA_SCALE2,
    STABLE,
    STABLE,
)
"""What lies on a ward for which nobody chose: bed after bed, over and over."""


def named(name: str) -> Scenario:
    """The scenario of this name; refuses others and lists what there is."""
    if name not in SCENARIOS:
        raise ValueError(f"{name!r} is not a scenario; there are {', '.join(SCENARIOS)}")
    return SCENARIOS[name]
