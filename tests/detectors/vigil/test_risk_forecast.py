"""What a Vigil makes of learned heads: when it looks, when it asks for someone, and what it does not let through."""

from datetime import datetime

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from detectors.rules import PROTOCOL
from detectors.vigil import Vigil
from detectors.vigil.vigil import SNAPSHOT_VERSION, SnapshotError
from schemas.decode import Decoded, decode
from schemas.times import to_ms
from tests.making import (
    HOUR,
    MINUTE,
    SECOND,
    T0,
    action,
    alerts,
    new_partition,
    numbered,
    reading,
    record,
    rules_with,
    run,
)

BEGINS, WORSE_OVER = 24, 10


def values(hour: float) -> dict[str, float]:
    """A steady day, then ten hours in which everything moves a little and NEWS2 never reaches 5."""
    ill = max(0.0, min(1.0, (hour - BEGINS) / WORSE_OVER))
    return {
        "heart_rate": round(78 + 26 * ill),
        "resp_rate": round(15 + 5 * ill),
        "spo2": round(97 - 2 * ill),
        "systolic_bp": round(124 - 18 * ill),
        "diastolic_bp": round(72 - 14 * ill),
        "temperature": round(36.8 + 1.2 * ill, 1),
    }


def chart(hours: int, way=values, **facts) -> list:
    return [reading(T0 + h * HOUR, "p", "chart", source="spot", sequence=h, **way(h), **facts) for h in range(hours)]


def stream(hours: int, way=values) -> list:
    return [reading(T0 + s * SECOND, "p", "m", sequence=s, **way(s / 3600)) for s in range(0, hours * 3600, 60)]


def watched(log: list, **changes: object) -> Vigil:
    part = new_partition(clock="event", rules=rules_with(*changes.items()) if changes else None)
    run(part, log)
    part.advance(part.time + MINUTE, 1 << 62)
    return part.watches["p"].vigil


def learned(outputs: list) -> list[dict]:
    return [alert for alert in alerts(outputs) if any(f["detector"] == "risk" for f in alert["findings"])]


def test_a_slow_turn_for_the_worse_calls_before_the_score_by_the_book_does():
    told = learned(run(new_partition(clock="event"), chart(48)))
    called = next(alert for alert in told if alert["interrupts"])

    assert called["reason"] in ("learned", "priority_up")
    assert (called["priority"], called["news2"]["score_min"] < 5, called["news2"]["red"]) == ("medium", True, [])
    assert called["headline"].startswith("May be worsening: temperature rising over the day")
    assert called["clears_when"].startswith("Ends when the patient's risk has come down")
    found = [finding for finding in called["findings"] if finding["detector"] == "risk"]
    assert {"temperature", "heart_rate"} <= {finding["vital"] for finding in found}


def test_it_names_no_illness():
    for alert in learned(run(new_partition(clock="event"), chart(48))):
        assert not [word for word in ("sepsis", "death", "die", "shock", "infection") if word in str(alert).lower()]


def test_a_steady_patient_is_never_called_for():
    assert learned(run(new_partition(clock="event"), chart(72, lambda hour: values(0)))) == []


def test_disarmed_it_asks_for_nothing_and_still_knows():
    rules = rules_with()
    quiet = rules_with(("armed", tuple(sorted(rules.armed - {"risk"}))))
    part = new_partition(clock="event", rules=quiet)

    assert learned(run(part, chart(48))) == []
    assert set(part.watches["p"].vigil.forecasts) == {"sepsis", "death", "hypotension"}


def test_a_chart_and_a_stream_of_the_same_patient_lead_to_near_forecasts():
    charted, streamed = watched(chart(30)).forecasts, watched(stream(30)).forecasts

    for head in ("sepsis", "death", "hypotension"):
        assert streamed[head].log_odds == pytest.approx(charted[head].log_odds, abs=0.35), head


def test_of_a_stream_one_value_in_ten_minutes_is_looked_at():
    vigil = watched(stream(1, lambda hour: values(0)))
    at, before = vigil.risk_forecast.seen_at, vigil.risk_forecast.memory.state()
    part_two = [reading(at + s * SECOND, "p", "m", sequence=10_000 + s, **values(0)) for s in range(15, 500, 15)]
    for entry in part_two:
        vigil.take(_decoded(entry), entry.at)
        vigil.tick(vigil.due) if vigil.due <= entry.at else None

    assert vigil.risk_forecast.memory.state() == before


def test_a_cuff_value_measured_just_before_a_look_is_seen_by_the_next_one():
    """Its window is decided after that look, and it is measured but once."""
    rates = {"heart_rate": 78, "resp_rate": 15, "spo2": 97}
    log = [reading(T0 + s * SECOND, "p", "m", sequence=s, **rates) for s in range(0, 2400, 15)]
    look = watched([entry for entry in log if entry.at < T0 + 15 * MINUTE]).risk_forecast.next_at
    cuff = reading(look - SECOND, "p", "m", sequence=9_000, systolic_bp=118)
    vigil = watched(sorted([*log, cuff], key=lambda entry: entry.at))

    assert vigil.risk_forecast.seen_at > look and vigil.risk_forecast.features()["systolic_bp.now"] == 118


def _decoded(entry):
    found = decode(entry.bytes())
    return found.reading if isinstance(found, Decoded) else found


def test_the_future_changes_nothing_before_it():
    """The features of an hour are the same whether the record ends there or goes on into a crisis."""
    short = watched(chart(20)).risk_forecast
    long = new_partition(clock="event")
    run(long, chart(20))
    long.advance(long.time + MINUTE, 1 << 62)
    seen = long.watches["p"].vigil.risk_forecast.features()
    run(long, chart(60, lambda hour: {**values(99), "heart_rate": 160})[20:])

    assert short.features() == seen


def test_neither_name_nor_bed_nor_company_reaches_a_feature():
    """Only measured values do: another id, another device, another patient beside change nothing."""
    alone = watched(chart(20)).risk_forecast.features()
    entries = []
    for h in range(20):
        entries.append(reading(T0 + h * HOUR, "zz", "other", source="spot", sequence=h, **values(60)))
        entries.append(reading(T0 + h * HOUR, "q-1", "thing", source="spot", sequence=h + 500, **values(h)))
    part = new_partition(clock="event")
    run(part, entries)
    part.advance(part.time + MINUTE, 1 << 62)

    assert part.watches["q-1"].vigil.risk_forecast.features() == alone


def test_where_the_score_is_not_valid_there_is_no_forecast():
    log = [record(T0, "p", "admit", 1, age_years=12), *chart(40)]

    assert watched(log).forecasts == {}


def test_another_stay_begins_with_an_empty_memory():
    part = new_partition(clock="event")
    run(part, [record(T0, "p", "admit", 1, encounter="e-1"), *chart(30)])
    again = record(T0 + 31 * HOUR, "p", "admit", 2, encounter="e-2")
    part.run([(part.next_offset, *numbered([again])[0][1:])])

    assert part.watches["p"].vigil.risk_forecast.memory is None


@given(st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None, phases=(Phase.generate,))
def test_the_book_calls_at_the_same_moments_whether_or_not_a_learned_risk_called_before(chance):
    """A learned risk that always asks, against none at all: whenever the protocol alone calls, it is heard here too."""
    news2 = tuple(sorted(PROTOCOL))
    alone = rules_with(("armed", news2))
    beside = rules_with(("armed", (*news2, "risk")), ("risk.crossings.0.enter", -99), ("risk.crossings.0.leave", -99))
    rate, log = 16.0, []
    for h in range(60):
        rate = min(24.0, max(10.0, rate + chance.gauss(0, 4)))
        now = {**values(0), "resp_rate": round(rate), "heart_rate": chance.choice((80, 95, 115))}
        log.append(reading(T0 + h * HOUR, "p", "chart", source="spot", sequence=h, **(now | {"temperature": 38.4})))
    told = [alerts(run(new_partition(clock="event", rules=rules), log)) for rules in (alone, beside)]
    calls = [
        {alert["at"] for alert in one if alert["interrupts"] and alert["state"] in ("raised", "worsened")}
        for one in told
    ]

    assert calls[0] <= calls[1]


def test_after_a_call_the_next_one_waits():
    """Worse, better, worse again within hours: called for once, shown the second time."""

    def way(hour: float) -> dict[str, float]:
        return values(99) if hour >= 24 and not 33 <= hour < 37 else values(0)

    def calls(**changes: object) -> list[bool]:
        part = new_partition(clock="event", rules=rules_with(*changes.items()))
        told = run(part, chart(56, way))
        return [
            alert["interrupts"]
            for alert in learned(told)
            if alert["priority"] == "medium" and alert["state"] in ("raised", "worsened")
        ]

    often = {"calling.patient_limit.calls": 9}
    assert calls(**often, **{"risk.rearm_hours": 0.1}).count(True) == 2
    assert calls(**often).count(True) == 1


def test_a_value_taken_back_is_forgotten_as_the_newest():
    log = chart(20)
    wrong = {**values(0), "heart_rate": 170}
    log.append(reading(T0 + 20 * HOUR, "p", "chart", source="spot", sequence=100, **wrong))
    vigil = watched(log)
    assert vigil.risk_forecast.features()["heart_rate.now"] == 170
    right = reading(T0 + 20 * HOUR + MINUTE, "p", "chart", source="spot", sequence=101, corrects=100, **values(0))
    vigil.take(_decoded(right), right.at)
    vigil.tick(vigil.due)

    assert vigil.risk_forecast.features()["heart_rate.now"] == 78


def test_a_restored_vigil_holds_the_same_forecasts():
    vigil = watched(chart(40))
    other = Vigil.restore(vigil.snapshot(), vigil.rules)

    assert other.forecasts == vigil.forecasts
    assert other.risk_forecast.asks == vigil.risk_forecast.asks == {"sepsis"}
    assert other.snapshot() == vigil.snapshot()


def test_a_snapshot_from_before_there_was_risk_forecast_is_read():
    vigil = watched(chart(10))
    state = msgspec.msgpack.decode(vigil.snapshot())
    old = Vigil.restore(msgspec.msgpack.encode([1, *state[1:19]]), vigil.rules)

    assert old.forecasts == {} and old.assessment(old.now).values == vigil.assessment(vigil.now).values
    with pytest.raises(SnapshotError, match="not known"):
        Vigil.restore(msgspec.msgpack.encode([SNAPSHOT_VERSION + 1, *state[1:]]), vigil.rules)


def test_what_is_disarmed_asks_no_longer():
    vigil = watched(chart(48))
    assert vigil.risk_forecast.asking(vigil.now) == 2
    vigil.adopt(rules_with(("armed", tuple(sorted(rules_with().armed - {"risk"})))), vigil.now)

    assert (vigil.risk_forecast.asking(vigil.now), vigil.assessment(vigil.now).contributors) == (0, ())


def test_other_weights_take_over_the_memory_as_it_is():
    vigil = watched(chart(40))
    before = vigil.forecasts["sepsis"].log_odds
    changed = rules_with(("risk.heads.0.bias", -9.0))
    vigil.adopt(changed, vigil.now)

    assert vigil.forecasts["sepsis"].log_odds == pytest.approx(before - 9.0 - rules_with().risk.heads[0].bias)


def test_once_owned_a_learned_alert_comes_back_to_be_shown_and_not_to_call():
    """By protocol an alert calls again when its acknowledgement ends; a forecast that merely stays high does not."""
    log = chart(48)
    found = next(alert for alert in learned(run(new_partition(), log)) if alert["interrupts"])
    called = to_ms(datetime.fromisoformat(found["at"]))
    seen = action(
        called + MINUTE // 2,
        "p",
        "acknowledge",
        1,
        alert_id=found["alert_id"],
        reason="reviewing",
        who="n-1",
        role="nurse",
    )
    told = learned(run(new_partition(), sorted([*log, seen], key=lambda entry: entry.at)))
    after = [
        (alert["state"], alert["interrupts"], alert["suppressed_by"]) for alert in told if alert["at"] > found["at"]
    ]

    assert ("returned", False, "learned") in after
    assert not [state for state, interrupts, _ in after if interrupts]
