"""The one table of vitals: complete, consistent, and as the sources have it."""

import re

import pytest

from schemas.vitals import LETTERS, SAME, SCALES, Source, Vital

NUMERIC = [scale for scale in SCALES.values() if scale.units]

# clinical.md, section 5: suspect outside, impossible outside; the last six are whole scales or the design's own.
RANGES = {
    Vital.HEART_RATE: ((20, 250), (0, 350)),
    Vital.PULSE_RATE: ((20, 250), (0, 350)),
    Vital.RESP_RATE: ((4, 60), (0, 120)),
    Vital.SPO2: ((50, 100), (0, 100)),
    Vital.SYSTOLIC_BP: ((40, 260), (0, 350)),
    Vital.DIASTOLIC_BP: ((20, 160), (0, 250)),
    Vital.MEAN_BP: ((30, 200), (0, 300)),
    Vital.TEMPERATURE: ((30, 42), (20, 45)),
    Vital.CONSCIOUSNESS: ((0, 4), (0, 4)),
    Vital.GCS: ((3, 15), (3, 15)),
    Vital.SUPPLEMENTAL_OXYGEN: ((0, 1), (0, 1)),
    Vital.INSPIRED_OXYGEN: ((21, 100), (15, 100)),
    Vital.OXYGEN_FLOW: ((0, 60), (0, 100)),
}
LOINC = {
    Vital.HEART_RATE: {"8867-4"},
    Vital.PULSE_RATE: {"8889-8"},
    Vital.RESP_RATE: {"9279-1"},
    Vital.SPO2: {"59408-5", "2708-6"},
    Vital.SYSTOLIC_BP: {"8480-6"},
    Vital.DIASTOLIC_BP: {"8462-4"},
    Vital.MEAN_BP: {"8478-0"},
    Vital.TEMPERATURE: {"8310-5", "8329-5", "8328-7"},
    Vital.CONSCIOUSNESS: {"67775-7", "80288-4"},
    Vital.GCS: {"9269-2"},
    Vital.SUPPLEMENTAL_OXYGEN: set(),
    Vital.INSPIRED_OXYGEN: {"3150-0"},
    Vital.OXYGEN_FLOW: {"3151-8"},
}
MDC = {
    Vital.HEART_RATE: {147842},
    Vital.PULSE_RATE: {149530},
    Vital.RESP_RATE: {151562, 151578, 151570, 151594, 151650, 151658},
    Vital.SPO2: {150456, 150324},
    Vital.SYSTOLIC_BP: {150017},
    Vital.DIASTOLIC_BP: {150018},
    Vital.MEAN_BP: {150019},
    Vital.TEMPERATURE: {150364, 150368, 188452, 188436},
    Vital.GCS: {153728},
}
MINUTES = 60_000


def test_every_vital_has_its_scale_in_the_same_order():
    assert list(SCALES) == list(Vital)
    assert all(vital is scale.vital for vital, scale in SCALES.items())


def test_the_ranges_are_those_of_the_clinical_facts():
    assert {vital: (scale.suspect, scale.impossible) for vital, scale in SCALES.items()} == RANGES


@pytest.mark.parametrize("scale", SCALES.values(), ids=str)
def test_what_is_impossible_lies_outside_what_is_suspect(scale):
    assert scale.impossible[0] <= scale.suspect[0] < scale.suspect[1] <= scale.impossible[1]


def test_the_dying_patient_is_suspect_and_never_impossible():
    dying = {Vital.RESP_RATE: 3, Vital.HEART_RATE: 15, Vital.SPO2: 40, Vital.SYSTOLIC_BP: 35, Vital.TEMPERATURE: 27}

    for vital, value in dying.items():
        assert SCALES[vital].holds(value)
        assert not SCALES[vital].suspect[0] <= value <= SCALES[vital].suspect[1]


def luhn(digits: str) -> int:
    """The check digit of a LOINC code (LOINC Users' Guide, appendix on the mod 10 check digit)."""
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))]
    return -sum(number // 10 + number % 10 for number in doubled) % 10


def test_the_check_digit_knows_a_wrong_code():
    assert luhn("2708") == 6
    assert luhn("19891") != 4  # seen in public code for end-tidal CO2


@pytest.mark.parametrize("code", [code for scale in SCALES.values() for code in scale.loinc])
def test_every_loinc_code_has_its_check_digit(code):
    digits, check = re.fullmatch(r"(\d+)-(\d)", code).groups()

    assert luhn(digits) == int(check)


def test_the_codes_of_the_sources_are_there_and_no_code_means_two_vitals():
    for vital, codes in LOINC.items():
        assert codes <= set(SCALES[vital].loinc)
    for vital, codes in MDC.items():
        assert codes <= set(SCALES[vital].mdc)
    for codes in ([c for s in SCALES.values() for c in s.loinc], [c for s in SCALES.values() for c in s.mdc]):
        assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    ("vital", "unit", "sent", "ours"),
    [
        (Vital.TEMPERATURE, "[degF]", 98.6, 37.0),
        (Vital.TEMPERATURE, "degF", 32.0, 0.0),
        (Vital.TEMPERATURE, "°F", 104.0, 40.0),
        (Vital.TEMPERATURE, "[degF]", -40.0, -40.0),
        (Vital.TEMPERATURE, "K", 310.15, 37.0),
        (Vital.TEMPERATURE, "K", 308.2, 35.05),  # a tie of NEWS2 stays a tie
        (Vital.TEMPERATURE, "[degF]", 95.0, 35.0),
        (Vital.SYSTOLIC_BP, "kPa", 13.3322, 100.0),  # UCUM: 1 m[Hg] = 133.3220 kPa
        (Vital.SYSTOLIC_BP, "kPa", 12.0, 90.008),
        (Vital.MEAN_BP, "Pa", 13332.2, 100.0),
        (Vital.SPO2, "1", 0.97, 97.0),
        (Vital.SPO2, "1", 0.915, 91.5),
        (Vital.INSPIRED_OXYGEN, "1", 0.21, 21.0),
        (Vital.OXYGEN_FLOW, "mL/min", 500.0, 0.5),
        (Vital.OXYGEN_FLOW, "mL/min", 25.0, 0.025),
    ],
)
def test_a_conversion_is_exact_to_the_digit_that_anyone_could_mean(vital, unit, sent, ours):
    assert SCALES[vital].units[unit](sent) == ours


@pytest.mark.parametrize("scale", NUMERIC, ids=lambda scale: scale.vital)
def test_our_own_unit_comes_first_and_is_never_converted(scale):
    first, conversion = next(iter(scale.units.items()))

    assert first == scale.unit
    assert conversion is SAME
    assert conversion(36.55) == 36.55


@pytest.mark.parametrize("scale", NUMERIC, ids=lambda scale: scale.vital)
def test_a_conversion_keeps_more_digits_than_the_vital_has(scale):
    """What is rounded away must never decide a score."""
    for conversion in scale.units.values():
        assert conversion.digits is None or 10.0**-conversion.digits <= scale.resolution / 100


def test_aliases_that_were_seen_in_the_wild_are_taken():
    """UK Core sends {Breaths}/min and {beats}/min, the PHD guide {beat}/min, another source count/min."""
    for unit in ("/min", "{beats}/min", "{beat}/min", "count/min"):
        assert unit in SCALES[Vital.HEART_RATE].units
    for unit in ("/min", "{Breaths}/min", "{breaths}/min", "count/min"):
        assert unit in SCALES[Vital.RESP_RATE].units


@pytest.mark.parametrize("scale", SCALES.values(), ids=lambda scale: scale.vital)
def test_every_source_has_a_validity_and_a_lateness_below_it(scale):
    assert set(scale.validity) == set(scale.lateness) == set(Source)
    for source in Source:
        assert scale.lateness[source] > 0 and (source is Source.SPOT or scale.lateness[source] < scale.validity[source])


def test_validity_is_minutes_for_a_stream_and_a_round_for_a_person():
    stream = SCALES[Vital.SPO2].validity

    assert stream[Source.MONITOR] == 2 * MINUTES
    assert stream[Source.WEARABLE] == 5 * MINUTES
    assert SCALES[Vital.SYSTOLIC_BP].validity[Source.MONITOR] == 60 * MINUTES
    assert SCALES[Vital.TEMPERATURE].validity[Source.MONITOR] == 60 * MINUTES
    assert stream[Source.SPOT] == 6 * 60 * MINUTES * 5 / 4  # six hours and a quarter more
    assert len({scale.validity[Source.SPOT] for scale in SCALES.values()}) == 1


def test_nothing_in_the_table_can_be_changed():
    with pytest.raises(TypeError):
        SCALES[Vital.SPO2] = None
    with pytest.raises(TypeError):
        SCALES[Vital.SPO2].units["%"] = SAME
    with pytest.raises(AttributeError):
        SCALES[Vital.SPO2].suspect = (0, 1)


def test_consciousness_runs_from_alert_to_unresponsive():
    assert LETTERS == ("A", "C", "V", "P", "U")
