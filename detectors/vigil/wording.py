"""What is said, in words that a nurse understands and that never diagnose."""

from collections.abc import Iterable, Sequence

from detectors.news2 import News2
from schemas.vitals import LETTERS, SCALES, Vital

LETTER_WORDS = {
    "A": "alert",
    "C": "new confusion",
    "V": "responds to voice",
    "P": "responds to pain",
    "U": "unresponsive",
}
PART_WORDS = {
    "resp_rate": "resp rate",
    "spo2": "SpO2",
    "supplemental_oxygen": "oxygen",
    "systolic_bp": "systolic BP",
    "pulse_rate": "pulse",
    "consciousness": "consciousness",
    "temperature": "temperature",
}

SAID = frozenset({Vital.CONSCIOUSNESS.value, Vital.SUPPLEMENTAL_OXYGEN.value})  # words that need no name before them


def number(value: float, resolution: float) -> str:
    """A value at its vital's resolution.

    >>> number(26.0, 1.0), number(37.04, 0.1)
    ('26', '37.0')
    """
    return f"{value:.0f}" if resolution >= 1 else f"{value:.1f}"


def value_words(name: str, value: float) -> str:
    """A value with its unit, or the word for a letter.

    >>> value_words("resp_rate", 26.0), value_words("consciousness", 1.0), value_words("supplemental_oxygen", 1.0)
    ('26/min', 'new confusion', 'on oxygen')
    """
    if name == Vital.CONSCIOUSNESS:
        return LETTER_WORDS[LETTERS[int(value)]]
    if name == Vital.SUPPLEMENTAL_OXYGEN:
        return "on oxygen" if value else "on air"
    scale = SCALES[Vital(name)]
    return number(value, scale.resolution) + scale.shown_unit


def vital_words(name: str) -> str:
    """The vital's name in a sentence."""
    return SCALES[Vital(name)].words


def ago_words(ms: int) -> str:
    """A length of time as people say it.

    >>> ago_words(20_000), ago_words(240_000), ago_words(25_260_000)
    ('20 s', '4 min', '7 h 1 min')
    """
    if ms < 120_000:
        return f"{ms // 1_000} s"
    hours, minutes = divmod(ms // 60_000, 60)
    if hours < 2:
        return f"{ms // 60_000} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def capital(text: str) -> str:
    """With a capital first letter; the rest as it is.

    >>> capital("resp rate"), capital("SpO2")
    ('Resp rate', 'SpO2')
    """
    return text[:1].upper() + text[1:]


def listed(names: Iterable[str]) -> str:
    """Items of the score in a row.

    >>> listed(["temperature", "consciousness"])
    'temperature, consciousness'
    """
    return ", ".join(PART_WORDS[name] for name in names)


def leading(name: str, value: float, usual: float | None) -> str:
    """The vital that matters most, against what is usual.

    >>> leading("resp_rate", 26.0, 16.2), leading("supplemental_oxygen", 1.0, None)
    ('Resp rate 26/min, usual 16', 'On oxygen')
    """
    if name in SAID:
        return capital(value_words(name, value))
    text = f"{capital(vital_words(name))} {value_words(name, value)}"
    return text if usual is None else f"{text}, usual {number(usual, SCALES[Vital(name)].resolution)}"


def score_words(score: News2 | None, previous: int | None, why_not: str | None) -> str:
    """The score in a phrase: "NEWS2 at least 7, was 3 (temperature missing)"."""
    if score is None:
        return f"NEWS2 not valid ({why_not})" if why_not else "NEWS2 not known"
    text = f"NEWS2 {'' if score.complete else 'at least '}{score.score_min}"
    if previous is not None and previous != score.score_min:
        text += f", was {previous}"
    if score.missing:
        text += f" ({listed(part.value for part in score.missing)} missing)"
    return text


def clears_when(priority: int, because: Sequence[str], lost: Sequence[str], *, learned: bool = False) -> str:
    """What would end the episode; `learned`: only learned detectors ask for it.

    >>> clears_when(3, ["resp_rate", "spo2"], [])
    'Ends when NEWS2 below 7 holds with valid values of resp rate, SpO2.'
    """
    if lost:
        return f"Ends only after {vitals_words(lost)} can be measured again and is in range."
    ask = "the patient's risk has come down" if learned and priority > 1 else None
    ask = ask or {3: "NEWS2 below 7 holds", 2: "NEWS2 below 5 without a red score holds"}.get(
        priority, "the patient is back near the usual"
    )
    return f"Ends when {ask} with valid values of {vitals_words(because)}." if because else f"Ends when {ask}."


def limit_words(name: str, low: float | None, high: float | None) -> str:
    """That a vital lies within its personal limit again, with the limit.

    >>> limit_words("spo2", 88.0, None), limit_words("heart_rate", 50.0, 120.0)
    ('SpO2 is 88% or more', 'heart rate is 50/min to 120/min')
    """
    if low is not None and high is not None:
        return f"{vital_words(name)} is {value_words(name, low)} to {value_words(name, high)}"
    if low is not None:
        return f"{vital_words(name)} is {value_words(name, low)} or more"
    return f"{vital_words(name)} is {value_words(name, high or 0.0)} or less"


def vitals_words(names: Iterable[str]) -> str:
    """The vitals' names in a row, as in a sentence.

    >>> vitals_words(["spo2", "pulse_rate"])
    'SpO2, pulse'
    """
    return ", ".join(vital_words(name) for name in names)
