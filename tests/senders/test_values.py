"""Values that mean something else than they say: fractions, bytes for nothing, crossed pressures, flat lines."""

import pytest
from msgspec.structs import replace

from detectors.intake_rules import Sentinel
from schemas.vitals import Vital
from tests.making import SECOND, T0, alerts, new_partition, reading, rules_with, run
from tests.senders.stories import ROUND, admitted, calls, heard, listen, stream, subjects, ticks


def every(seconds, end, device="band", source="wearable", begin=2, **told):
    return [
        reading(T0 + s * SECOND + 150, "p", device, taken=T0 + s * SECOND, source=source, sequence=s,
                **{name: value(s) if callable(value) else value for name, value in told.items()})
        for s in range(begin, end, seconds)
    ]  # fmt: skip


def wobble(around):
    return lambda second: around + second * 7_919 // 31 % 5 - 2


@pytest.mark.parametrize("source", ["wearable", "spot", "monitor"])
def test_a_saturation_as_a_fraction_is_refused_and_told_and_calls_nobody(source):
    said, became = listen(admitted(), every(30, 900, source=source, heart_rate=wobble(76), spo2=0.97))

    assert calls(said) == [] and became["fraction"] > 20
    assert any("SpO2" in alert["headline"] for alert in said)


def test_a_fraction_under_its_own_unit_is_taken():
    said, became = listen(admitted(), every(30, 900, heart_rate=wobble(76), spo2={"value": 0.97, "unit": "1"}))

    assert became["rejected"] == 0 and said == []


@pytest.mark.parametrize("vital", ["heart_rate", "pulse_rate"])
def test_the_byte_for_nothing_is_no_rate(vital):
    worn, off = every(5, 900, **{vital: wobble(76)}), every(5, 1_800, begin=900, **{vital: 255})
    said, became = listen(admitted(), worn, off)

    assert calls(said) == [] and f"{vital} sensor off" in subjects(said) and became["not_measured"] == 180


def test_a_pressure_of_255_is_a_pressure():
    _, became = listen(admitted(), every(60, 1_200, source="monitor", systolic_bp=255, heart_rate=wobble(80)))

    assert became["rejected"] == 0


def test_a_sentinel_is_declared_by_device_and_vital():
    sign, rules = Sentinel(("band-",), (Vital.RESP_RATE,), 63.0), rules_with()
    knowing = replace(rules, intake=replace(rules.intake, sentinels=(sign,)))
    log = [admitted(), *every(5, 600, device="band-7", resp_rate=63), *every(5, 600, device="m", heart_rate=wobble(76))]
    log.sort(key=lambda entry: entry.at)
    declared, undeclared = new_partition(rules=knowing), new_partition()

    assert calls(alerts(run(declared, log))) == [] and declared.tally.refusals["not_usable"] == 120
    assert calls(alerts(run(undeclared, log)))


def test_a_diastolic_above_its_systolic_is_not_scored_and_a_repeat_is_asked_for():
    crossed = [
        reading(T0 + n * 900 * SECOND + 5_000, "p", "cuff", taken=T0 + n * 900 * SECOND, source="spot", sequence=n,
                **{**ROUND, "systolic_bp": 74 + n, "diastolic_bp": 122})
        for n in range(4)
    ]  # fmt: skip
    right = reading(T0 + 3_600 * SECOND, "p", "cuff", source="spot", sequence=9, **ROUND, diastolic_bp=70)
    said = heard(admitted(), crossed, right, ticks(3_600, 3_700))

    assert calls(said) == [] and "pressures crossed" in subjects(calls(said, "technical"))
    assert [alert["state"] for alert in said if alert["subject"] == "pressures crossed"][-1] in ("resolved", "cleared")


@pytest.mark.parametrize("seconds", [1, 5, 60, 300])
def test_a_flat_line_is_told_by_time_whatever_the_rate(seconds):
    moving, flat = every(seconds, 1_200, heart_rate=wobble(76)), every(seconds, 12_000, begin=1_200, heart_rate=63)

    assert "heart_rate flat" in subjects(heard(admitted(), moving, flat))


def test_a_heart_that_moves_is_not_flat():
    said = heard(admitted(), every(60, 7_200, heart_rate=lambda s: 60 + s // 60 % 2))

    assert "heart_rate flat" not in subjects(said)


def test_a_rate_that_nobody_saw_for_a_while_is_not_flat_for_being_the_same_after_it():
    before, after = every(5, 120, heart_rate=63), every(5, 1_200, begin=1_020, heart_rate=63)

    assert "heart_rate flat" not in subjects(heard(admitted(), before, after))


def test_a_stream_in_order_says_nothing():
    assert heard(admitted(), stream(2, 1_800, 5)) == []
