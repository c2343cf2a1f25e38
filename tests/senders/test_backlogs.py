"""What comes late is judged by its age: scored and said to be delayed, or too old and only told of."""

import re

import pytest

from schemas.times import to_text
from tests.making import SECOND, T0, reading
from tests.senders.stories import ILL, WELL, admitted, calls, heard, listen, stream, subjects, ticks

HOUR_S = 3_600


def batches(every, spacing, end, ill_from, device="patch", source="wearable", takes_ms=None):
    log, n = [], 0
    for up in range(every, end + 1, every):
        for second in range(up - every + spacing, up + 1, spacing):
            n += 1
            values = ILL if second >= ill_from else WELL
            count = every // spacing
            at = T0 + up * SECOND + 2_000 + (n - 1) % count * (20 if takes_ms is None else takes_ms // count)
            told = {name: values[name] for name in ("heart_rate", "resp_rate", "spo2")} | {
                "heart_rate": values["heart_rate"] + n * 7 % 5 - 2
            }
            log.append(reading(at, "p", device, taken=T0 + second * SECOND, source=source, sequence=n, **told))
    return log


@pytest.mark.parametrize(("every", "spacing"), [(120, 5), (300, 10), (600, 60), (900, 30)])
def test_a_wearable_that_sends_in_batches_is_used_and_said_to_be_delayed(every, spacing):
    end = 12 * every
    said, became = listen(admitted(), batches(every, spacing, end, 8 * every), ticks(0, end))
    silent = [a for a in said if "no longer being received" in a["headline"] and a["state"] == "raised"]

    assert became["late"] == became["rejected"] == 0
    assert calls(said) and len(silent) < 3 and not any(alert["interrupts"] for alert in silent)
    assert "device delayed" in subjects(said)


@pytest.mark.parametrize("source", ["wearable", "monitor"])
@pytest.mark.parametrize(("every", "takes_s"), [(60, 2), (120, 4), (180, 2), (180, 20), (300, 40)])
def test_a_batch_that_takes_a_while_to_come_is_no_shorter_gap(every, takes_s, source):
    """Of a patient at NEWS2 11 the next batch was called lost, each time anew."""
    end = 14 * every
    log = batches(every, 10, end, 5 * every, source=source, takes_ms=takes_s * SECOND)
    said = heard(admitted(), log, ticks(0, end + 4 * every))

    assert calls(said)
    lost = {alert["alert_id"]: alert["at"] for alert in reversed(calls(said, "technical"))}
    assert len(lost) == 1 and min(lost.values()) > to_text(T0 + end * SECOND), "only when none came any more"


def test_a_wearable_that_fell_silent_is_told_in_spite_of_its_batches():
    said = heard(admitted(), batches(300, 10, 3_600, 99_999), ticks(0, 3 * HOUR_S))

    assert any("no longer being received" in a["headline"] and a["at"] > "2026-11-22T13:05" for a in said)


def test_a_backlog_of_hours_calls_nobody_for_what_is_over_and_tells_what_was_unseen():
    late = [
        reading(T0 + 6 * HOUR_S * SECOND + n * 40, "p", "mon-9", taken=T0 + s * SECOND, sequence=n,
                **(ILL if s < 4 * HOUR_S else WELL))
        for n, s in enumerate(range(2, 6 * HOUR_S, 5))
    ]  # fmt: skip
    now = stream(6 * HOUR_S + 180, 7 * HOUR_S, 5, device="mon-9")
    numbered = [entry._replace(body=entry.body | {"sequence": 10_000 + n}) for n, entry in enumerate(now)]
    said = heard(admitted(T0 + 6 * HOUR_S * SECOND), late, numbered)

    assert calls(said) == []
    told = [alert for alert in said if alert["subject"] == "while unseen"]
    assert "SpO2 86% at" in told[0]["headline"]


def test_a_backlog_of_minutes_calls_and_says_how_old_it_is():
    late = [
        reading(T0 + 600 * SECOND + n * 40, "p", "m", taken=T0 + s * SECOND, sequence=n, **ILL)
        for n, s in enumerate(range(2, 420, 5))
    ]
    said = heard(admitted(), late, ticks(601, 700, 5))

    assert calls(said) and all(re.search(r"measured \d+ min ago", alert["headline"]) for alert in calls(said))


def test_a_cuff_with_its_own_time_is_no_late_value():
    beats = stream(5, 2 * HOUR_S, 5, vitals=("heart_rate", "resp_rate", "spo2"))
    cuff = [
        reading(T0 + (s + 25) * SECOND, "p", "mon-3", taken=T0 + s * SECOND, systolic_bp=84 if s > HOUR_S else 122)
        for s in range(600, 2 * HOUR_S - 60, 900)
    ]
    said, became = listen(admitted(), beats, cuff)

    assert became["late"] == 0 and calls(said)


def test_what_was_decided_of_a_vital_is_not_decided_again():
    """A repeat of a minute ago is late, whether or not it counts its readings."""
    log = stream(2, 300, 5)
    repeats = [entry._replace(at=entry.at + 60 * SECOND) for entry in log[:20]]
    said, became = listen(admitted(), log, repeats)

    assert said == [] and became["late"] == 20 * len(WELL)
