"""The vital signs that we watch: their units, codes, and the limits between plausible, suspect and impossible.

One table for the whole product. Ranges: widest plausible values of four public intensive-care data sets (MIMIC-Extract
`variable_ranges.csv`, mimic-code `vitalsign.sql`, HiRID-ICU-Benchmark `varref.tsv`, ricu `concept-dict.json`), widened
so that the dying patient is suspect and never deleted. Codes: LOINC and IEEE 11073-10101 as used by US Core, ISiK and
the IHE patient-care devices profiles. Units: UCUM.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from schemas.times import HOUR_MS, MINUTE_MS


class Vital(StrEnum):
    """The closed list of vitals, in the order in which they are always walked."""

    HEART_RATE = "heart_rate"
    PULSE_RATE = "pulse_rate"
    RESP_RATE = "resp_rate"
    SPO2 = "spo2"
    SYSTOLIC_BP = "systolic_bp"
    DIASTOLIC_BP = "diastolic_bp"
    MEAN_BP = "mean_bp"
    TEMPERATURE = "temperature"
    CONSCIOUSNESS = "consciousness"
    GCS = "gcs"
    SUPPLEMENTAL_OXYGEN = "supplemental_oxygen"
    INSPIRED_OXYGEN = "inspired_oxygen"
    OXYGEN_FLOW = "oxygen_flow"


class Source(StrEnum):
    """How a value came about."""

    MONITOR = "monitor"
    WEARABLE = "wearable"
    SPOT = "spot"


@dataclass(frozen=True, slots=True)
class Conversion:
    """From a sent unit to ours: `value * factor + offset`, rounded to `digits` where anything was converted."""

    factor: float = 1.0
    offset: float = 0.0
    digits: int | None = None

    def __call__(self, value: float) -> float:
        """The value in our unit.

        >>> Conversion(5 / 9, -160 / 9, 4)(98.6)
        37.0
        """
        if self.digits is None:
            return value
        return round(value * self.factor + self.offset, self.digits)


SAME: Final = Conversion()

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Scale:
    """What we hold true of one vital: unit, accepted units, limits (inclusive), how long a value stays valid.

    `validity` and `lateness` are in milliseconds, per source. A value outside `suspect` is scored and flagged but not
    learned from; a value outside `impossible` is rejected. `words` are the vital's name in a sentence.
    """

    vital: Vital
    words: str
    unit: str | None
    shown_unit: str
    units: Mapping[str, Conversion]
    resolution: float
    suspect: Range
    impossible: Range
    validity: Mapping[Source, int]
    lateness: Mapping[Source, int]
    loinc: tuple[str, ...]
    mdc: tuple[int, ...] = ()
    letters: tuple[str, ...] = field(default=())

    def holds(self, value: float) -> bool:
        """Whether the value is physically possible.

        >>> SCALES[Vital.SPO2].holds(140)
        False
        """
        return self.impossible[0] <= value <= self.impossible[1]


# A spot check is valid until the next round is due: NEWS2 1-4 asks for 4-6-hourly rounds (RCP 2017, chart 4), here six
# hours and a quarter more. It is deliberately not shortened when the score rises: the score would fall just then.
SPOT_VALIDITY: Final = 7 * HOUR_MS + 30 * MINUTE_MS
SPOT_LATENESS: Final = 12 * HOUR_MS  # a round may be charted hours later: what the board takes the worker takes
STREAM_LATENESS: Final = 2_000

_LATENESS: Final = MappingProxyType(
    {Source.MONITOR: STREAM_LATENESS, Source.WEARABLE: STREAM_LATENESS, Source.SPOT: SPOT_LATENESS}
)


def _valid(monitor: int, wearable: int) -> Mapping[Source, int]:
    return MappingProxyType({Source.MONITOR: monitor, Source.WEARABLE: wearable, Source.SPOT: SPOT_VALIDITY})


_STREAM: Final = _valid(2 * MINUTE_MS, 5 * MINUTE_MS)
_ROUND: Final = _valid(60 * MINUTE_MS, 60 * MINUTE_MS)
_CHARTED: Final = _valid(SPOT_VALIDITY, SPOT_VALIDITY)  # no device supplies it: as long as a round, whoever sends it

_RATE: Final = ("/min", "1/min", "{beats}/min", "{beat}/min", "{Beats}/min", "beats/min", "bpm", "count/min")
_BREATHS: Final = ("/min", "1/min", "{breaths}/min", "{breath}/min", "{Breaths}/min", "breaths/min", "rpm", "count/min")
_PERCENT: Final = {"%": SAME, "1": Conversion(100.0, 0.0, 3)}
_PRESSURE: Final = {
    "mm[Hg]": SAME,
    "mmHg": SAME,
    "kPa": Conversion(1000 / 133.322, 0.0, 3),  # 1 m[Hg] = 133.3220 kPa (ucum-essence.xml)
    "Pa": Conversion(1 / 133.322, 0.0, 3),
}
_TEMPERATURE: Final = {
    "Cel": SAME,
    "degC": SAME,
    "°C": SAME,
    "[degF]": Conversion(5 / 9, -160 / 9, 4),
    "degF": Conversion(5 / 9, -160 / 9, 4),
    "°F": Conversion(5 / 9, -160 / 9, 4),
    "K": Conversion(1.0, -273.15, 4),
}
_FLOW: Final = {"L/min": SAME, "l/min": SAME, "mL/min": Conversion(0.001, 0.0, 4)}
_SCORE: Final = {"{score}": SAME, "1": SAME}


def _all_same(names: tuple[str, ...]) -> dict[str, Conversion]:
    return dict.fromkeys(names, SAME)


def _scale(vital: Vital, words: str, shown: str, units: dict[str, Conversion], **facts: object) -> Scale:
    unit = next(iter(units), None)
    return Scale(vital, words, unit, shown, MappingProxyType(units), lateness=_LATENESS, **facts)  # type: ignore[arg-type]


SCALES: Final[Mapping[Vital, Scale]] = MappingProxyType(
    {
        scale.vital: scale
        for scale in (
            _scale(
                Vital.HEART_RATE,
                "heart rate",
                "/min",
                _all_same(_RATE),
                resolution=1.0,
                suspect=(20, 250),
                impossible=(0, 350),
                validity=_STREAM,
                loinc=("8867-4",),
                mdc=(147842,),
            ),
            _scale(
                Vital.PULSE_RATE,
                "pulse",
                "/min",
                _all_same(_RATE),
                resolution=1.0,
                suspect=(20, 250),
                impossible=(0, 350),
                validity=_STREAM,
                loinc=("8889-8",),
                mdc=(149530, 149546),
            ),
            _scale(
                Vital.RESP_RATE,
                "resp rate",
                "/min",
                _all_same(_BREATHS),
                resolution=1.0,
                suspect=(4, 60),
                impossible=(0, 120),
                validity=_STREAM,
                loinc=("9279-1",),
                mdc=(151562, 151578, 151570, 151594, 151650, 151658),
            ),
            _scale(
                Vital.SPO2,
                "SpO2",
                "%",
                dict(_PERCENT),
                resolution=1.0,
                suspect=(50, 100),
                impossible=(0, 100),
                validity=_STREAM,
                loinc=("59408-5", "2708-6"),
                mdc=(150456, 150324),
            ),
            _scale(
                Vital.SYSTOLIC_BP,
                "systolic BP",
                " mmHg",
                dict(_PRESSURE),
                resolution=1.0,
                suspect=(40, 260),
                impossible=(0, 350),
                validity=_ROUND,
                loinc=("8480-6",),
                mdc=(150017, 150021, 150033, 150301),
            ),
            _scale(
                Vital.DIASTOLIC_BP,
                "diastolic BP",
                " mmHg",
                dict(_PRESSURE),
                resolution=1.0,
                suspect=(20, 160),
                impossible=(0, 250),
                validity=_ROUND,
                loinc=("8462-4",),
                mdc=(150018, 150022, 150034, 150302),
            ),
            _scale(
                Vital.MEAN_BP,
                "mean BP",
                " mmHg",
                dict(_PRESSURE),
                resolution=1.0,
                suspect=(30, 200),
                impossible=(0, 300),
                validity=_ROUND,
                loinc=("8478-0",),
                mdc=(150019, 150023, 150035, 150303),
            ),
            _scale(
                Vital.TEMPERATURE,
                "temperature",
                " °C",
                dict(_TEMPERATURE),
                resolution=0.1,
                suspect=(30, 42),
                impossible=(20, 45),
                validity=_ROUND,
                loinc=("8310-5", "8329-5", "8328-7", "8331-1", "8332-9", "8333-7", "8334-5"),
                mdc=(150344, 150364, 150368, 188452, 188436, 150392, 188420, 188424),
            ),
            _scale(
                Vital.CONSCIOUSNESS,
                "consciousness",
                "",
                {},
                resolution=1.0,
                suspect=(0, 4),
                impossible=(0, 4),
                validity=_CHARTED,
                loinc=("67775-7", "80288-4"),
                letters=("A", "C", "V", "P", "U"),
            ),
            _scale(
                Vital.GCS,
                "GCS",
                "",
                dict(_SCORE),
                resolution=1.0,
                suspect=(3, 15),
                impossible=(3, 15),
                validity=_CHARTED,
                loinc=("9269-2",),
                mdc=(153728,),
            ),
            _scale(
                Vital.SUPPLEMENTAL_OXYGEN,
                "supplemental oxygen",
                "",
                {},
                resolution=1.0,
                suspect=(0, 1),
                impossible=(0, 1),
                validity=_CHARTED,
                loinc=(),
            ),
            # Below 15 % a "percentage" is a fraction sent under the wrong unit: rejected, never guessed.
            _scale(
                Vital.INSPIRED_OXYGEN,
                "inspired oxygen",
                "%",
                dict(_PERCENT),
                resolution=1.0,
                suspect=(21, 100),
                impossible=(15, 100),
                validity=_CHARTED,
                loinc=("3150-0",),
            ),
            _scale(
                Vital.OXYGEN_FLOW,
                "oxygen flow",
                " L/min",
                dict(_FLOW),
                resolution=0.1,
                suspect=(0, 60),
                impossible=(0, 100),
                validity=_CHARTED,
                loinc=("3151-8",),
            ),
        )
    }
)

LETTERS: Final = SCALES[Vital.CONSCIOUSNESS].letters
