"""What may end an alert, and what may not: only valid values in range, and a correction of what raised it."""

from detectors.vigil.episode import Episode, step
from detectors.vigil.persistence import MEDIUM, NOTHING, AlertRequest, Persistence
from schemas.alert import State
from schemas.alert_reason import Reason
from tests.making import MINUTE, SECOND, T0, Entry, alerts, new_partition, reading, record, rules_with, run

RULES = rules_with()
WELL = {"heart_rate": 78, "resp_rate": 16, "spo2": 97}


def opened() -> Episode:
    return Episode(
        "id", "physiological", "deterioration", T0, MEDIUM, True, None, "red_score", because=["resp_rate"], score=5
    )


def moved(
    asked: AlertRequest, persistence: Persistence, *, fresh: bool = True, doubtful: bool = False
) -> tuple[State | None, Reason]:
    return step(
        opened(), asked, persistence, [],
        fresh=fresh, entered=False, dense=True, voiced=False, doubtful=doubtful, rules=RULES,
    )  # fmt: skip


def stream(begin_s: int, end_s: int, device: str = "m", **values: object) -> list[Entry]:
    return [reading(T0 + s * SECOND, "p", device, sequence=s, **values) for s in range(begin_s, end_s, 5)]


def told(log: list[Entry]) -> list[tuple[str, str]]:
    """States and reasons of the deterioration, but for whom it called meanwhile."""
    said = alerts(run(new_partition(), sorted(log, key=lambda entry: entry.at)))
    moves = [(alert["state"], alert["reason"]) for alert in said if alert["subject"] == "deterioration"]
    return [move for move in moves if move[1] not in ("not_answered", "not_delivered")]


def test_a_suspect_value_ends_nothing():
    persistence = Persistence()

    for _ in range(5 * RULES.stream.clear):
        assert moved(NOTHING, persistence, doubtful=True) == (None, Reason.SUSPECT_VALUE_HOLDS)


def test_what_a_corrected_value_had_asked_for_is_over_at_once():
    for fresh in (True, False):
        assert moved(NOTHING, Persistence(corrected=True), fresh=fresh) == (State.CLEARED, Reason.CORRECTED)


def test_a_correction_ends_nothing_that_others_ask_for():
    asked = AlertRequest(MEDIUM, MEDIUM, True, None, Reason.RED_SCORE, (), ())

    assert moved(asked, Persistence(corrected=True)) == (None, Reason.UNCHANGED)


def test_another_patients_good_values_do_not_end_this_patients_alert():
    """The wearable was moved to a neighbour and still sends under the old name; the record names what is attached."""
    ill = stream(0, 120, resp_rate=27, spo2=95)
    moved_away = [record(T0 + 2 * MINUTE, "p", "update", 0, devices=["another"])]
    neighbour = stream(120, 1200, resp_rate=16, spo2=98)

    assert told(ill + moved_away + neighbour) == [("raised", "red_score"), ("updated", "persisted")]


def test_what_came_to_stand_behind_an_alert_counts_when_it_is_lost():
    """Raised for resp rate; SpO2 falls while that recovers; then the probe comes off. Nothing says that it is well."""
    log = stream(0, 120, resp_rate=27, spo2=97) + stream(120, 300, resp_rate=23, spo2=90)
    log += stream(300, 1800, resp_rate=16, spo2={"value": None, "quality": "invalid"})

    assert told(log)[-1] == ("updated", "monitoring_lost")


def test_what_has_returned_to_range_may_be_taken_off():
    """The probe of a patient whose SpO2 was well again is no loss."""
    log = stream(0, 120, resp_rate=27, spo2=94) + stream(120, 300, resp_rate=27, spo2=97)
    log += stream(300, 900, resp_rate=27) + stream(900, 1500, resp_rate=16)

    assert told(log) == [("raised", "red_score"), ("updated", "persisted"), ("resolved", "condition_over")]
