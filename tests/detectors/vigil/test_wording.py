import re
from itertools import product

import pytest

from detectors.news2 import news2
from detectors.vigil.technical import Signals, conditions
from detectors.vigil.track import Signs, Track
from detectors.vigil.wording import clears_when, leading, score_words, value_words, vital_words
from schemas.vitals import LETTERS, Vital
from tests.making import T0, rules_with

# What nobody may conclude from a number: a nurse is told what was measured.
DIAGNOSES = re.compile(
    r"sepsis|septic|shock|arrest|failure|stroke|infarct|hypox|tachycard|bradycard|fibrillation|pneumonia|bleed|overdose"
    r"|opioid|dying|dead",
    re.IGNORECASE,
)


def score(**values: object):
    well = {"resp_rate": 16, "spo2": 97, "systolic_bp": 120, "pulse_rate": 75, "temperature": 37, "oxygen": False}
    now = {**well, "consciousness": "A", **values}
    order = ("resp_rate", "spo2", "systolic_bp", "pulse_rate")
    return news2(*(now[name] for name in order), None, now["temperature"], now["consciousness"], now["oxygen"])


def test_a_headline_names_the_vital_what_is_usual_and_the_score():
    found = score(resp_rate=26, spo2=93, pulse_rate=112, temperature=None)
    text = f"{leading('resp_rate', 26, 16.2)}; {score_words(found, 3, None)}"

    assert text == "Resp rate 26/min, usual 16; NEWS2 at least 7, was 3 (temperature missing)"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("spo2", 88.0, "88%"),
        ("temperature", 38.96, "39.0"),
        ("systolic_bp", 85.4, "85"),
        ("consciousness", 4.0, "unresponsive"),
        ("supplemental_oxygen", 0.0, "on air"),
    ],
)
def test_values_are_said_at_the_resolution_at_which_they_are_measured(name, value, words):
    assert value_words(name, value).replace(" ", "").startswith(words.replace(" ", ""))


def test_what_is_said_by_a_word_needs_no_name_before_it():
    assert leading("consciousness", 2.0, None) == "Responds to voice"
    assert leading("spo2", 88.0, None).startswith("SpO2 88")


def test_a_score_that_is_not_valid_says_why_and_is_never_low():
    assert score_words(None, None, "pregnant") == "NEWS2 not valid (pregnant)"
    assert score_words(None, None, None) == "NEWS2 not known"
    assert "0" not in score_words(None, 3, "under 16 years").replace("under 16 years", "")


def test_an_unchanged_score_is_not_said_twice():
    assert score_words(score(resp_rate=22), 2, None) == "NEWS2 2"
    assert score_words(score(resp_rate=22), 0, None) == "NEWS2 2, was 0"


@pytest.mark.parametrize("priority", [1, 2, 3])
def test_how_it_ends_names_the_vitals_that_have_to_be_measured(priority):
    assert clears_when(priority, ["resp_rate", "spo2"], []).endswith(" with valid values of resp rate, SpO2.")
    assert clears_when(priority, ["spo2"], ["spo2"]).startswith("Ends only after SpO2 can be measured again")
    assert clears_when(priority, [], []).endswith(".")


def test_every_vital_has_words():
    assert all(vital_words(vital.value) and "_" not in vital_words(vital.value) for vital in Vital)


def test_nothing_that_is_said_diagnoses():
    said = [leading(vital.value, 1.0, 2.0) for vital in Vital]
    said += [value_words("consciousness", float(place)) for place in range(len(LETTERS))]
    said += [clears_when(p, because, lost) for p, because, lost in product((1, 2, 3), ([], ["spo2"]), ([], ["spo2"]))]
    tracks = {vital.value: Track(vital.value, rules_with()) for vital in Vital}
    for track in tracks.values():
        track.signs = Signs(zero_hold=1000, flat=1000)
    facts = {"discharged": True, "late_devices": True, "never_seen": True, "scale_ends": True, "paused": False}
    signals = Signals(1, 1, True, T0 + 1, T0 + 1)
    for found in conditions(tracks, signals, because=[], priority=1, at=T0, rules=rules_with(), **facts):
        said += [found.headline, found.remedy]

    assert [text for text in said if DIAGNOSES.search(text)] == []
    assert len(said) > 40
