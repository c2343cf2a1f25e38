"""One set of observations of a pregnant woman: judged by the maternal early warning criteria, never by NEWS2."""

from collections.abc import Mapping
from typing import Any, Final

from detectors.criteria import Criteria
from detectors.maternal import HEART_RATE, Sign, maternal
from detectors.oxygen import on_oxygen
from detectors.pulse import disagree
from schemas.vitals import SCALES, Vital

URINE: Final = "urine_ml_per_h"
AGITATED: Final = "agitated"
PRE_ECLAMPSIA: Final = "pre_eclampsia_with_headache_or_dyspnoea"
ANSWERS: Final = (AGITATED, PRE_ECLAMPSIA)
NOT_JUDGED: Final = (Vital.TEMPERATURE,)
WORDS: Final = {
    Sign.OLIGURIA: "little urine",
    Sign.ALTERED_MENTATION: "agitated, confused or unresponsive",
    Sign.PRE_ECLAMPSIA: "pre-eclampsia with headache or dyspnoea",
}


def judged(values: Mapping[str, Any]) -> Criteria:
    """The eight criteria on the values of one line, already checked; what is not there is not known.

    >>> judged({"systolic_bp": 164.0}).positive
    True
    """
    return maternal(
        values.get(Vital.SYSTOLIC_BP),
        values.get(Vital.DIASTOLIC_BP),
        _rate(values.get(Vital.PULSE_RATE), values.get(Vital.HEART_RATE)),
        values.get(Vital.RESP_RATE),
        values.get(Vital.SPO2),
        on_oxygen(
            values.get(Vital.SUPPLEMENTAL_OXYGEN), values.get(Vital.INSPIRED_OXYGEN), values.get(Vital.OXYGEN_FLOW)
        ),
        values.get(Vital.CONSCIOUSNESS),
        gcs=values.get(Vital.GCS),
        agitated=values.get(AGITATED),
        urine_ml_per_h=values.get(URINE),
        pre_eclampsia_with_headache_or_dyspnoea=values.get(PRE_ECLAMPSIA),
    )


def _rate(pulse: float | None, heart: float | None) -> float | None:
    """The pulse, else the ECG's heart rate; where they contradict each other and only one would call, neither."""
    if pulse is None or heart is None:
        return heart if pulse is None else pulse
    if disagree(pulse, heart) and HEART_RATE.meets(pulse) != HEART_RATE.meets(heart):
        return None
    return pulse


def answer(told: Criteria) -> dict[str, Any]:
    """As it is written out: the fields of NEWS2 are there and empty, for it is not valid; `maternal` stands in its
    place. `positive`: true if someone should look at her now, false if not, null if that cannot be told.
    """
    return {
        "score_min": None,
        "score_max": None,
        "complete": False,
        "parts": {},
        "missing": [],
        "red": [],
        "response": None,
        "not_valid": "pregnant",
        "maternal": {
            "positive": told.positive,
            "met": list(told.met),
            "unknown": list(told.unknown),
            "complete": told.complete,
            "not_judged": list(NOT_JUDGED),
            "source": "Maternal Early Warning Criteria (Mhyre et al., Obstet Gynecol 2014;124:782)",
        },
    }


def in_words(told: Criteria) -> str:
    """As one line for a person.

    >>> in_words(judged({"systolic_bp": 164.0, "heart_rate": 130.0})).partition("; not known")[0]
    'NEWS2 not valid    maternal: look now  systolic BP, heart rate'
    """
    due = {True: "look now", False: "none met", None: "unsure"}[told.positive]
    said = _named(told.met) or "no criterion met"
    if told.unknown:
        said += f"; not known: {_named(told.unknown)}"
    return f"{'NEWS2 not valid':<18} {f'maternal: {due}':<19} {said}"


def _named(signs: tuple[Any, ...]) -> str:
    return ", ".join(WORDS.get(sign) or SCALES[Vital(sign)].words for sign in signs)
