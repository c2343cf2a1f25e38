"""What the codes of LOINC, IEEE 11073-10101 (MDC) and SNOMED CT mean to us: a vital, something else, or nothing.

LOINC and MDC come from `schemas.vitals`, the one table; here stand the names that belong to the MDC numbers, what is
never to be mapped although it looks alike, and SNOMED CT's findings. Sources: IEEE 11073-10101:2019 and its Rosetta
terminology; the FHIR R4 vital-signs profiles; UK Core and ISiK examples for SNOMED CT.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from schemas.vitals import SCALES, Vital

# The same vital by a named method, place or posture: LOINC 2.78, as HL7's validator takes them for the FHIR R4
# vital-signs profiles. Not those of the fetus, of exercise, of a time, or of which the method is not one of a bedside.
_LOINC_ALSO: Final[Mapping[Vital, tuple[str, ...]]] = MappingProxyType(
    {
        Vital.HEART_RATE: ("76282-3", "76477-9", "8890-6", "8891-4", "68999-2", "69000-8", "69001-6"),
        Vital.PULSE_RATE: ("8893-0", "8892-2"),
        Vital.RESP_RATE: ("76270-8", "76170-0", "76171-8", "76172-6"),
        Vital.SPO2: ("59407-7",),
        Vital.SYSTOLIC_BP: ("8459-0", "8460-8", "8461-6", "76215-3", "76534-7"),
        Vital.DIASTOLIC_BP: ("8453-3", "8454-1", "8455-8", "76213-8", "76535-4"),
        Vital.MEAN_BP: ("76214-6", "76536-2"),
        Vital.TEMPERATURE: (
            "60834-9", "60836-4", "60838-0", "75539-7", "75987-8", "76010-8", "76011-6", "76278-1", "8330-3",
        ),
    }
)  # fmt: skip
LOINC: Final[Mapping[str, Vital]] = MappingProxyType(
    {
        **{code: vital for vital, listed in _LOINC_ALSO.items() for code in listed},
        **{code: vital for vital, scale in SCALES.items() for code in scale.loinc},
    }
)
# A Glasgow coma score is another scale than ACVPU: a site maps it on purpose.
LOINC_OTHER_SCALE: Final = frozenset({"9269-2", "9267-6", "9268-4", "9270-0", "35088-4", "48720-7"})
# Look like vitals and are none: means over a time, 24-hour pressures, panels, pressures elsewhere.
LOINC_AGGREGATES: Final = frozenset(
    {"96607-7", "96608-5", "96609-3", "8490-5", "8472-3", "8491-3", "8473-1", "8492-1", "8474-9", "41924-2", "41925-9"}
)
LOINC_PANELS: Final = frozenset({"85354-9", "85353-1", "55284-4", "35094-2", "8716-3", "34565-2", "55417-0", "18684-1"})

_MDC_NAMES: Final[Mapping[str, tuple[Vital, int]]] = MappingProxyType(
    {
        "ECG_HEART_RATE": (Vital.HEART_RATE, 147842),
        "PULS_RATE": (Vital.PULSE_RATE, 149514),
        "BLD_PULS_RATE_INV": (Vital.PULSE_RATE, 149522),
        "PULS_OXIM_PULS_RATE": (Vital.PULSE_RATE, 149530),
        "PULS_RATE_NON_INV": (Vital.PULSE_RATE, 149546),
        "RESP_RATE": (Vital.RESP_RATE, 151562),
        "AWAY_RESP_RATE": (Vital.RESP_RATE, 151570),
        "TTHOR_RESP_RATE": (Vital.RESP_RATE, 151578),
        "CO2_RESP_RATE": (Vital.RESP_RATE, 151594),
        "ACOUSTIC_RESP_RATE": (Vital.RESP_RATE, 151650),
        "PULS_OXIM_PLETH_RESP_RATE": (Vital.RESP_RATE, 151658),
        "PULS_OXIM_SAT_O2": (Vital.SPO2, 150456),
        "SAT_O2_ART": (Vital.SPO2, 150324),
        "PRESS_BLD_SYS": (Vital.SYSTOLIC_BP, 150017),
        "PRESS_BLD_DIA": (Vital.DIASTOLIC_BP, 150018),
        "PRESS_BLD_MEAN": (Vital.MEAN_BP, 150019),
        "PRESS_BLD_NONINV_SYS": (Vital.SYSTOLIC_BP, 150021),
        "PRESS_BLD_NONINV_DIA": (Vital.DIASTOLIC_BP, 150022),
        "PRESS_BLD_NONINV_MEAN": (Vital.MEAN_BP, 150023),
        "PRESS_BLD_ART_SYS": (Vital.SYSTOLIC_BP, 150033),
        "PRESS_BLD_ART_DIA": (Vital.DIASTOLIC_BP, 150034),
        "PRESS_BLD_ART_MEAN": (Vital.MEAN_BP, 150035),
        "PRESS_BLD_ART_ABP_SYS": (Vital.SYSTOLIC_BP, 150037),
        "PRESS_BLD_ART_ABP_DIA": (Vital.DIASTOLIC_BP, 150038),
        "PRESS_BLD_ART_ABP_MEAN": (Vital.MEAN_BP, 150039),
        "PRESS_CUFF_SYS": (Vital.SYSTOLIC_BP, 150301),
        "PRESS_CUFF_DIA": (Vital.DIASTOLIC_BP, 150302),
        "PRESS_CUFF_MEAN": (Vital.MEAN_BP, 150303),
        "TEMP": (Vital.TEMPERATURE, 150344),
        "TEMP_BODY": (Vital.TEMPERATURE, 150364),
        "TEMP_CORE": (Vital.TEMPERATURE, 150368),
        "TEMP_ESOPH": (Vital.TEMPERATURE, 150372),
        "TEMP_NASOPH": (Vital.TEMPERATURE, 150380),
        "TEMP_TYMP": (Vital.TEMPERATURE, 150392),
        "TEMP_RECT": (Vital.TEMPERATURE, 188420),
        "TEMP_ORAL": (Vital.TEMPERATURE, 188424),
        "TEMP_EAR": (Vital.TEMPERATURE, 188428),
        "TEMP_AXILLA": (Vital.TEMPERATURE, 188452),
        "TEMP_GIT": (Vital.TEMPERATURE, 188456),
    }
)
# The same term under another spelling, seen from real senders.
_MDC_ALSO: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ECG_CARD_BEAT_RATE": "ECG_HEART_RATE",
        "TEMP_AXIL": "TEMP_AXILLA",
        "TEMP_RECTAL": "TEMP_RECT",
        "PULS_OXIM_PLETH_RR": "PULS_OXIM_PLETH_RESP_RATE",
    }
)
_MDC_OTHER: Final[Mapping[int, Vital]] = MappingProxyType(
    {
        code: vital
        for vital, scale in SCALES.items()
        for code in scale.mdc
        if vital is not Vital.GCS and code not in {number for _, number in _MDC_NAMES.values()}
    }
)
_MDC_NUMBERS: Final[Mapping[int, tuple[Vital, str | None]]] = MappingProxyType(
    {
        **{code: (vital, None) for code, vital in _MDC_OTHER.items()},
        **{number: (vital, name) for name, (vital, number) in _MDC_NAMES.items()},
        188496: (Vital.TEMPERATURE, "TEMP_AXILLA"),  # as TEMP_AXIL, so from Mindray's spot monitors
    }
)
MDC_OTHER_SCALE: Final = frozenset({"153728", "153729", "153730", "153731", "153732"})

SNOMED: Final[Mapping[str, Vital]] = MappingProxyType(
    {
        "364075005": Vital.HEART_RATE,
        "78564009": Vital.PULSE_RATE,
        "86290005": Vital.RESP_RATE,
        "431314004": Vital.SPO2,
        "442476006": Vital.SPO2,
        "103228002": Vital.SPO2,
        "386725007": Vital.TEMPERATURE,
        "276885007": Vital.TEMPERATURE,
        "415882003": Vital.TEMPERATURE,
        "415945006": Vital.TEMPERATURE,
        "307047009": Vital.TEMPERATURE,
        "415974002": Vital.TEMPERATURE,
        "698832009": Vital.TEMPERATURE,
        "415922000": Vital.TEMPERATURE,
        "8499008": Vital.PULSE_RATE,
        "72313002": Vital.SYSTOLIC_BP,
        "1091811000000102": Vital.DIASTOLIC_BP,
        "271649006": Vital.SYSTOLIC_BP,
        "271650006": Vital.DIASTOLIC_BP,
        "6797001": Vital.MEAN_BP,
        "427081008": Vital.OXYGEN_FLOW,
        "250774007": Vital.INSPIRED_OXYGEN,
        "1104441000000107": Vital.CONSCIOUSNESS,
    }
)
# A finding that is code and value in one.
SNOMED_OXYGEN: Final[Mapping[str, bool]] = MappingProxyType({"371825009": True, "722742002": False})
SNOMED_OTHER_SCALE: Final = frozenset({"248241002"})
SNOMED_LETTERS: Final[Mapping[str, str]] = MappingProxyType(
    # the value set UKCore-ACVPU, version 2.1.0
    {"248234008": "A", "130987000": "C", "300202002": "V", "450847001": "P", "422768004": "U"}
)
LOINC_LETTERS: Final[Mapping[str, str]] = MappingProxyType(
    # the answers of 67775-7 (NEMSIS), and confused
    {"LA9340-6": "A", "LA6560-2": "C", "LA17108-4": "V", "LA17107-6": "P", "LA9343-0": "U"}
)
WORDS_OF_LETTERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "a": "A", "alert": "A", "c": "C", "confusion": "C", "new confusion": "C", "confused": "C", "v": "V",
        "voice": "V", "responds to voice": "V", "verbal": "V", "p": "P", "pain": "P", "responds to pain": "P",
        "u": "U", "unresponsive": "U",
    }
)  # fmt: skip


_LETTER_WORDS: Final = (
    ("A", re.compile(r"\balert", re.IGNORECASE)),
    ("C", re.compile(r"confus", re.IGNORECASE)),
    ("V", re.compile(r"\bvoice|\bverbal|\bspeech", re.IGNORECASE)),
    ("P", re.compile(r"\bpain", re.IGNORECASE)),
    ("U", re.compile(r"unrespons", re.IGNORECASE)),
)


def letter_said(letter: str, name: str) -> bool:
    """Whether a name beside the code of a letter of ACVPU does not stand for other letters alone.

    >>> letter_said("P", "Responds to pain"), letter_said("P", "Voice responsive"), letter_said("A", "Wach")
    (True, False, True)
    """
    found = {one for one, words in _LETTER_WORDS if words.search(name)}
    return not found or letter in found


class Mismatch(ValueError):
    """Codes, or a code and its name, that say different things."""


def mdc_of(code: str, name: str) -> Vital | None:
    """The vital of an MDC number and its reference id; either may be empty. None if it is none of ours.

    Raises Mismatch where number and name disagree. A local code in place of the number leaves the name to decide.

    >>> mdc_of("150456", "MDC_PULS_OXIM_SAT_O2")
    <Vital.SPO2: 'spo2'>
    >>> mdc_of("tt-0005-06", "MDC_PULS_OXIM_SAT_O2")
    <Vital.SPO2: 'spo2'>
    >>> mdc_of("150017", "MDC_PRESS_BLD_NONINV_SYS")
    Traceback (most recent call last):
    ...
    streams.formats.codes.Mismatch: 150017 is not PRESS_BLD_NONINV_SYS
    """
    refid = _refid(name)
    by_name = _MDC_NAMES.get(refid) if refid else None
    if not code.isascii() or not code.isdigit() or len(code) > 9:
        return by_name[0] if by_name else None
    by_number = _MDC_NUMBERS.get(int(code))
    if by_name is None and by_number is None:
        return None
    if by_number is not None and (refid is None or by_number[1] == refid):
        return by_number[0]
    if by_name is not None and by_name[1] == int(code):
        return by_name[0]
    raise Mismatch(f"{code} is not {refid}")


def of_mdil(code: str) -> str:
    """The MDC number in a code of Philips' interface language, partition and term in hexadecimal; empty if it is none.

    >>> of_mdil("0002-4182"), of_mdil("0004-0f20"), of_mdil("HR")
    ('147842', '266016', '')
    """
    found = _MDIL.fullmatch(code)
    return str((int(found[1], 16) << 16) + int(found[2], 16)) if found else ""


_MDIL: Final = re.compile(r"([0-9a-f]{4})-([0-9a-f]{4})", re.IGNORECASE | re.ASCII)
_WORDS: Final = (
    (frozenset({Vital.SYSTOLIC_BP}), re.compile(r"systol", re.IGNORECASE)),
    (frozenset({Vital.DIASTOLIC_BP}), re.compile(r"diastol", re.IGNORECASE)),
    (frozenset({Vital.HEART_RATE, Vital.PULSE_RATE}), re.compile(r"heart|pulse|cardiac|beat", re.IGNORECASE)),
    (frozenset({Vital.RESP_RATE}), re.compile(r"respir|breath", re.IGNORECASE)),
    (frozenset({Vital.SPO2}), re.compile(r"satur|spo2|sao2|oximet|o2.?sat", re.IGNORECASE)),
    (frozenset({Vital.TEMPERATURE}), re.compile(r"temperat", re.IGNORECASE)),
    (frozenset({Vital.CONSCIOUSNESS}), re.compile(r"\bac?vpu\b|conscious", re.IGNORECASE)),
)


# What is measured elsewhere or of another, whatever the general code beside it says: a pulmonary artery's systolic
# pressure is coded 8480-6 with the place behind it (MII ICU profiles, IHE PCD).
_ELSEWHERE: Final = (
    (
        frozenset({Vital.SYSTOLIC_BP, Vital.DIASTOLIC_BP, Vital.MEAN_BP}),
        re.compile(
            r"pulmon|atrial|atrium|vorhof|venous|venös|venoes|ventric|ventrik|wedge|intra-?[ck]ran|cerebr|zerebr|"
            r"perfusion|umbilic|compartment|abdom|_PULM|_VEN_|_ATR_|_WEDGE|\bCVP\b|\bICP\b|\bPAP\b|\bCPP\b",
            re.IGNORECASE,
        ),
    ),
    (frozenset({Vital.HEART_RATE, Vital.PULSE_RATE}), re.compile(r"fo?etal|fo?etus|target", re.IGNORECASE)),
    (frozenset({Vital.SPO2}), re.compile(r"venous|venös|venoes|cerebr|zerebr|tissue|regional|fo?etal", re.IGNORECASE)),
    (
        frozenset({Vital.TEMPERATURE}),
        re.compile(
            r"\bskin\b(?!.*(forehead|stirn))|\bhaut|ambient|\broom\b|\bwater\b|weather|humidif|incubator|"
            r"_SKIN|_AMBIENT",
            re.IGNORECASE,
        ),
    ),
)


# A mean pressure is one measurement; the mean of systolic pressures, or whatever is over a day, is not.
_OF_A_TIME: Final = re.compile(
    r"\b24.?h(ou)?r?\b|\baverage|\bavg\b|\b(maximum|minimum)\b|\bmean (of|systolic|diastolic|heart|pulse|resp|oxygen)",
    re.IGNORECASE,
)
# LOINC and SNOMED CT for pressures that are not the arterial one; 8478-0 and its like may stand beside them.
_OTHER_PRESSURES: Final = frozenset({
    "8440-0", "8385-7", "8414-5", "60956-0", "60985-9", "60996-6", "60997-4", "60998-2", "8400-4",
    "250767002", "276755008", "71420008", "250844005", "118433006",
})  # fmt: skip
_PRESSURES: Final = frozenset({Vital.SYSTOLIC_BP, Vital.DIASTOLIC_BP, Vital.MEAN_BP})
_MDC_ARTERIAL: Final = frozenset({150016, 150020, 150032, 150036, 150300})  # the compounds of arterial pressures


def elsewhere(vital: Vital, code: str, *, mdc: bool) -> bool:
    """Whether a further code of an observation makes a pressure or a temperature another than the watched one.

    >>> elsewhere(Vital.SYSTOLIC_BP, "150069", mdc=True), elsewhere(Vital.SYSTOLIC_BP, "150032", mdc=True)
    (True, False)
    """
    if not mdc:
        return vital in _PRESSURES and code in _OTHER_PRESSURES
    number = int(code) if code.isascii() and code.isdigit() and len(code) < 10 else 0
    if vital in _PRESSURES:
        return 150016 <= number < 150112 and number not in _MDC_ARTERIAL and number not in _MDC_NUMBERS
    return vital is Vital.TEMPERATURE and number in (150388, 188440)  # of the skin, and a difference


def of_another_panel(vital: Vital, whole: list[str]) -> bool:
    """Whether a pressure stands below LOINC codes of which none is a panel of vitals or of pressures.

    >>> of_another_panel(Vital.SYSTOLIC_BP, ["97844-3"]), of_another_panel(Vital.SYSTOLIC_BP, ["97844-3", "85354-9"])
    (True, False)
    """
    return vital in _PRESSURES and bool(whole) and not any(one in LOINC_PANELS or one in LOINC for one in whole)


def in_place(vital: Vital | None, code: str, *names: str) -> None:
    """Raises Mismatch where a name says that it is measured elsewhere, of another, or is a mean over a time.

    >>> in_place(Vital.SYSTOLIC_BP, "8480-6", "Right atrial pressure")
    Traceback (most recent call last):
    ...
    streams.formats.codes.Mismatch: 8480-6 is not 'Right atrial pressure'
    """
    if vital is not None and (name := next((one for one in names if _OF_A_TIME.search(one)), None)):
        raise Mismatch(f"{code[:24]} is not {name[:40]!a}")
    for vitals, words in _ELSEWHERE if vital is not None else ():
        if vital in vitals and (name := next((one for one in names if words.search(one)), None)):
            raise Mismatch(f"{code[:24]} is not {name[:40]!a}")


def agreed(vital: Vital | None, code: str, *names: str) -> Vital | None:
    """The vital of a code, unless the words beside it are those of another vital and none of its own, or elsewhere.

    Raises Mismatch. A name in another language, or of other words, says nothing against a code.

    >>> agreed(Vital.SPO2, "59408-5", "Oxygen saturation by Pulse oximetry")
    <Vital.SPO2: 'spo2'>
    >>> agreed(Vital.DIASTOLIC_BP, "8462-4", "Systolic blood pressure")
    Traceback (most recent call last):
    ...
    streams.formats.codes.Mismatch: 8462-4 is not 'Systolic blood pressure'
    """
    in_place(vital, code, *names)
    own = next((words for vitals, words in _WORDS if vital in vitals), None)
    said = " ".join(names)
    if own is None or own.search(said) or not any(words.search(said) for _, words in _WORDS):
        return vital
    raise Mismatch(f"{code[:24]} is not {said[:40]!a}")


def says(vital: Vital, name: str) -> bool:
    """Whether a name has words of this vital and of no other.

    >>> says(Vital.HEART_RATE, "Heart rate"), says(Vital.HEART_RATE, "HR"), says(Vital.SPO2, "Heart rate")
    (True, False, False)
    """
    found = [vitals for vitals, words in _WORDS if words.search(name)]
    return bool(found) and all(vital in vitals for vitals in found)


def _refid(name: str) -> str | None:
    """The reference id in a name, without its prefix; None if the name is words for people."""
    plain = name.strip().removeprefix("MDC_")
    if not plain or not all(letter.isupper() or letter.isdigit() or letter == "_" for letter in plain):
        return None
    return _MDC_ALSO.get(plain, plain)


LOOKS_LIKE_VITAL: Final = frozenset({
    "hr", "heart", "pulse", "puls", "rr", "resp", "respiration", "respiratory", "spo2", "sao2", "sat", "saturation",
    "temp", "temperature", "nbp", "nibp", "abp", "bp", "abps", "abpd", "abpm", "nbps", "nbpd", "nbpm", "systolic",
    "diastolic", "avpu", "acvpu", "consciousness", "oxygen", "fio2", "btemp", "tcore",
})  # fmt: skip


def looks_like_vital(*names: str) -> bool:
    """Whether words in a code's name are those of a vital: it decides how loudly an unmapped code is told, no more.

    >>> looks_like_vital("0002-4182", "HR"), looks_like_vital("1554-5", "GLUCOSE")
    (True, False)
    """
    words = {"".join(c for c in word if c.isalnum()).lower() for name in names for word in _split(name)}
    return not LOOKS_LIKE_VITAL.isdisjoint(words)


def _split(name: str) -> list[str]:
    return name.replace("_", " ").replace("-", " ").replace("/", " ").replace("(", " ").replace(".", " ").split()
