"""Made-up traces whose figures are known beforehand."""

import numpy as np
import pytest

from streams.config.packaged_rules import packaged_rules
from streams.lab.evaluation.baselines import clock, last_values
from streams.lab.evaluation.definitions import Event
from streams.lab.evaluation.figures import at_landmark, figures_of
from streams.lab.evaluation.measures import Bootstrap, auroc
from streams.lab.evaluation.outcomes import Outcomes
from streams.lab.evaluation.score_row import COLUMNS
from streams.lab.evaluation.scores import Compared
from streams.lab.evaluation.trace import Course, Trace, Turn

RULES = packaged_rules()
HOURS = 30


def course(place, rng, **columns):
    rows = np.full((HOURS, len(COLUMNS)), np.nan, dtype=np.float32)
    drawn = {"news2": rng.integers(0, 9, HOURS), "heart_rate": rng.normal(85, 12, HOURS), "measured": 6}
    for name, values in {**drawn, "red": 0, "qsofa": 0, "sirs": 0, "baseline_on": 0, **columns}.items():
        rows[:, COLUMNS.index(name)] = values
    at = np.arange(HOURS) * 3_600.0
    return Course(f"p{place:04}", 0.0, float(at[-1]), at, rows)


def outcomes(happened, onset_h=20.0):
    happened = np.asarray(happened, dtype=float)
    onset = np.where(happened == 1, onset_h, np.nan)
    nobody = np.zeros(len(happened), dtype=bool)
    none = np.full(len(happened), np.nan)
    return Outcomes(Event.SEPSIS, happened, onset, onset - 6, nobody, none, none, 24.0, None, None)


def traced(courses):
    return Trace.of(courses, "spot", 3_600)


def test_shuffled_outcomes_leave_no_score_anything_to_tell():
    """Labels drawn by lot: whatever knows them in spite of that would lie off a half."""
    rng = np.random.default_rng(3)
    trace = traced([course(place, rng) for place in range(500)])
    found = outcomes(rng.random(500) < 0.3)
    positive = np.repeat(found.happened == 1, HOURS)
    said = {"last": last_values(trace, positive, found.happened, 1), "clock": clock(trace, positive, found.happened, 1)}

    for score in (trace.column("news2"), *said.values()):
        assert auroc(score, positive) == pytest.approx(0.5, abs=0.03)


def test_a_model_of_last_values_finds_what_is_there_on_patients_it_was_not_fitted_to():
    rng = np.random.default_rng(4)
    happened = rng.random(300) < 0.3
    trace = traced(
        [course(place, rng, heart_rate=rng.normal(85 + 15 * ill, 8, HOURS)) for place, ill in enumerate(happened)]
    )
    positive = np.repeat(happened, HOURS)

    assert auroc(last_values(trace, positive, happened.astype(float), 1), positive) > 0.85


def test_with_few_patients_no_model_is_fitted():
    trace = traced([course(place, np.random.default_rng(place)) for place in range(10)])

    assert last_values(trace, np.repeat(np.arange(10) < 5, HOURS), (np.arange(10) < 5).astype(float), 1) is None


def made(onset=20.0):
    """Four patients: two with the event, one of them called for five hours before it; one called for in vain."""
    rng = np.random.default_rng(0)
    news2 = np.zeros((4, HOURS))
    news2[0, 15:17] = 6
    news2[2, 3:5] = 8
    trace = traced([course(place, rng, news2=news2[place]) for place in range(4)])
    return Compared(trace, outcomes([1, 1, 0, 0], onset), RULES)


def test_the_figures_of_a_threshold_are_those_counted_by_hand():
    told = figures_of(made().all["news2_ge5"], made(), Bootstrap(4, 50))

    assert told["sensitivity"] == 0.5
    assert told["interruptive_per_patient_day"] == pytest.approx(2 / (4 * HOURS / 24))
    assert told["ppv"] == 0.5
    assert told["lead_time_h_median"] == 5.0
    assert told["time_in_alert"] == pytest.approx(4 / (4 * HOURS), abs=1e-5)
    assert told["false_alerts_per_patient_day"] == pytest.approx(1 / (2 * HOURS / 24))


def test_a_landmark_sees_only_what_came_before_it():
    compared = made(onset=29.0)
    score = compared.trace.hours.astype(float)
    mean, eligible = at_landmark(compared.trace, compared.outcomes, score, 24.0)

    assert mean.tolist() == [21.5] * 4  # the hours 19 to 24
    assert eligible.all()


def test_whoever_had_the_event_before_the_landmark_is_not_asked_there():
    _, eligible = at_landmark(made().trace, made().outcomes, made().trace.hours, 24.0)

    assert eligible.tolist() == [False, False, True, True]


def test_what_a_vigil_held_open_counts_by_the_same_rule_as_a_score():
    compared = made()
    compared.trace.courses[0].turns.append(Turn(15 * 3_600.0, 2, True, False))
    compared.trace.courses[0].turns.append(Turn(17 * 3_600.0, 0, False, False))
    again = Compared(compared.trace, compared.outcomes, RULES)

    armed = again.all["armed"].alerting
    assert armed.calls.tolist() == [1, 0, 0, 0]
    assert armed.detected.tolist() == [True, False, False, False]
    assert armed.lead_h[0] == 5.0


def test_a_score_made_to_alert_as_often_as_another_never_alerts_more_often():
    rng = np.random.default_rng(8)
    compared = Compared(traced([course(place, rng) for place in range(60)]), outcomes(rng.random(60) < 0.3), RULES)

    for rate in (0.2, 0.5, 1.0):
        alerting, _ = compared.at_rate(rng.random(len(compared.trace.who)), rate)
        assert 0.9 * rate <= compared.calls_per_day(alerting) <= rate
