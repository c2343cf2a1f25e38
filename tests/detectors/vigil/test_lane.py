"""The short way into a window leaves the same state as the long one, whatever comes."""

import random

import pytest

from detectors.vigil import Vigil
from detectors.vigil.looks import all_conditions_of, nothing_is_wrong
from schemas.decode import Decoded, decode
from schemas.plain_reading import decode_plain
from tests.making import MINUTE, SECOND, T0, new_vigil, reading

VITALS = {"heart_rate": 80, "resp_rate": 16, "spo2": 97, "systolic_bp": 122, "temperature": 36.9, "pulse_rate": 81}


def give(vigil: Vigil, value: bytes, at: int, *, shortly: bool) -> tuple[int, bool]:
    """How many values of a reading were taken, and whether the short way."""
    while vigil.due <= at:
        vigil.tick(vigil.due)
    plain = decode_plain(value) if shortly else None
    if plain is not None and (count := vigil.take_plain(plain, at)):
        return count, True
    found = decode(value)
    return vigil.take(found.reading if isinstance(found, Decoded) else found, at).accepted, False


def stream(chance: random.Random, minutes: int) -> list[tuple[int, bytes]]:
    """Readings of one to three devices with their moments: jitter, gaps, repeats, set clocks, odd values and units."""
    sent = []
    for number in range(chance.randint(1, 3)):
        at, skew, beat = T0, chance.choice((0, 0, 700, -1_500, 90_000, -3_600_000)), 0
        every, source = chance.choice((1, 1, 2, 5, 20)), chance.choice(("monitor", "monitor", "wearable", "spot"))
        names = chance.sample(sorted(VITALS), chance.randint(1, 6))
        while at < T0 + minutes * MINUTE:
            beat, wild = beat + 1, chance.random()
            at += every * SECOND
            if wild < 0.02:
                at += chance.choice((20, 60, 400)) * SECOND
            elif wild < 0.04:
                skew += chance.choice((-600_000, 1_200, -1_200, 30_000))
            elif wild < 0.06:
                names = chance.sample(sorted(VITALS), chance.randint(1, 6))
            vitals: dict[str, object] = {name: VITALS[name] + chance.randint(-2, 2) for name in names}
            if chance.random() < 0.1:
                vitals[names[0]] = chance.choice(
                    (0, 300, {"value": 97, "unit": "?"}, {"value": None, "unit": None, "quality": "invalid"},
                     {"value": 40, "unit": "/min", "quality": "questionable"}, {"value": 90, "unit": "/min"})
                )  # fmt: skip
            sequence = chance.choice((beat, beat, beat, beat - 1, None))
            late = chance.choice((0, 0, chance.randint(0, 300), chance.randint(0, 4_000)))
            one = reading(at, "p", f"m{number}", taken=at + skew, source=source, sequence=sequence, **vitals)
            sent.append((at + late, one.bytes()))
            if chance.random() < 0.02:
                sent.append((at + chance.choice((0, 3_000, 40_000)), one.bytes()))
    return sorted(sent, key=lambda pair: pair[0])


@pytest.mark.parametrize("seed", range(24))
def test_the_short_way_and_the_long_one_leave_the_same_state(seed):
    chance = random.Random(seed)
    one, other, shortly = new_vigil(), new_vigil(), 0
    for at, value in stream(chance, 8):
        if chance.random() < 0.003:
            devices = chance.choice((None, frozenset({"m0"}), frozenset({"m0", "m1", "m2"})))
            for vigil in (one, other):
                vigil.intake.attach(devices)
        if chance.random() < 0.003:
            for vigil in (one, other):
                vigil.step_back(500)
        if chance.random() < 0.003:
            one, other = (Vigil.restore(vigil.snapshot(), vigil.rules) for vigil in (one, other))
        count, short = give(one, value, at, shortly=True)
        shortly += short

        assert count == give(other, value, at, shortly=False)[0]
        assert one.due == other.due
        if chance.random() < 0.2:
            assert one.snapshot() == other.snapshot()
    assert one.snapshot() == other.snapshot()


def test_nearly_all_readings_of_a_monitor_go_the_short_way():
    vigil = new_vigil()
    taken = [
        give(vigil, reading(at, "p", "m", sequence=at // SECOND, **VITALS).bytes(), at, shortly=True)
        for at in range(T0, T0 + 5 * MINUTE, SECOND)
    ]

    assert sum(short for _, short in taken) > 0.8 * len(taken)
    assert all(count == len(VITALS) for count, _ in taken)


def test_a_patient_who_was_merged_takes_nothing():
    vigil = new_vigil()
    for at in (T0, T0 + SECOND):
        give(vigil, reading(at, "p", "m", sequence=at // SECOND, **VITALS).bytes(), at, shortly=True)
    vigil.stay = type(vigil.stay)(merged_into="q")
    at = T0 + 2 * SECOND

    assert give(vigil, reading(at, "p", "m", sequence=at // SECOND, **VITALS).bytes(), at, shortly=True) == (0, False)


@pytest.mark.parametrize("seed", range(100, 112))
def test_where_nothing_is_wrong_at_sight_the_long_look_finds_nothing_either(seed):
    chance, vigil, sights = random.Random(seed), new_vigil(), []
    for at, value in stream(chance, 8):
        give(vigil, value, at, shortly=True)
        if vigil.tracks and chance.random() < 0.3:
            assessment = vigil.assessment(vigil.now)
            sights.append(nothing_is_wrong(vigil, assessment))
            assert not sights[-1] or all_conditions_of(vigil, assessment) == []
    assert sights
