"""How the watch behaves: each made-up patient is called for in time, and was not under the rules of before.

The kinds, and within what time somebody has to come, stand in `streams/lab/scoreboard`.
"""

from functools import cache

import pytest

from detectors.rules import Rules
from streams.config.packaged_rules import packaged_rules
from streams.lab.scoreboard.judge import Burden, Moment, burden_of, judged
from streams.lab.scoreboard.kinds import KINDS
from streams.lab.scoreboard.made import START_MS, MadeUp
from streams.lab.scoreboard.patient import Cadence
from streams.lab.scoreboard.ward import Call, calls_of
from tests.making import old_rules

FIVE, MINUTE, SPOT, SECOND, CUFF = Cadence.FIVE, Cadence.MINUTE, Cadence.SPOT, Cadence.SECOND, Cadence.CUFF
OURS, BEFORE = packaged_rules(), old_rules()


def streamed(kind: str, cadence: Cadence, rules: Rules, *, answered: bool) -> tuple[list[Call], list[Moment], Burden]:
    made = MadeUp(KINDS[kind], cadence, 1)
    calls, taken = calls_of(made, rules, answered=answered)
    return calls, judged(made, calls, taken), burden_of(calls)


@cache
def now(kind: str, cadence: Cadence, answered: bool = True) -> tuple[list[Call], list[Moment], Burden]:
    return streamed(kind, cadence, OURS, answered=answered)


@cache
def before(kind: str, cadence: Cadence, answered: bool = True) -> tuple[list[Call], list[Moment], Burden]:
    return streamed(kind, cadence, BEFORE, answered=answered)


@pytest.mark.parametrize(
    ("kind", "cadence"),
    [
        ("spo2_85", FIVE), ("rr_29", FIVE), ("rate_36", FIVE), ("news2_5", FIVE), ("news2_7", FIVE),  # slow streams
        ("news2_7", MINUTE), ("news2_5", MINUTE),
        ("spo2_74", FIVE), ("spo2_74", MINUTE), ("rate_186", SPOT), ("systolic_60", FIVE),  # an extreme is high
        ("unresponsive", MINUTE), ("gcs_7", MINUTE),
        ("flicker_spo2", SECOND), ("flicker_score", SECOND),
        ("ecg_60_pulse_26", SECOND), ("ecg_152_pulse_104", MINUTE), ("ecg_26_pulse_74", SECOND),
        ("pregnant_spo2_74", MINUTE), ("pregnant_rate_128", FIVE), ("pregnant_systolic_166", MINUTE),
        ("postnatal_rate_126", MINUTE), ("child_spo2_74", MINUTE), ("child_unresponsive", MINUTE),
        ("pause_arrest", SECOND),
        ("spo2_90_then_70", MINUTE), ("spo2_90_then_84", MINUTE), ("systolic_88_then_52", MINUTE),  # answers break
        ("rr_27_then_36", SPOT), ("rate_138_then_165", FIVE),
        ("silent_well", SECOND), ("silent_wearable", MINUTE), ("pulse_lost_off", SECOND), ("overdue", SPOT),
        ("wearable_4", MINUTE),
    ],
)  # fmt: skip
def test_somebody_is_called_in_time_who_was_not(kind, cadence):
    moments = now(kind, cadence)[1]

    assert moments and not [moment for moment in moments if moment.missed or moment.late]
    assert [moment for moment in before(kind, cadence)[1] if moment.missed or moment.late]


@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.parametrize(("kind", "cadence"), [("spo2_90_then_58", MINUTE), ("five_then_seven", FIVE)])
def test_who_gets_worse_is_called_for_again_whether_anybody_came_or_not(kind, cadence, answered):
    assert [moment.missed or moment.late for moment in now(kind, cadence, answered)[1]] == [False, False]


@pytest.mark.parametrize(
    ("kind", "cadence"),
    [
        ("stable_5", MINUTE), ("stable_4_5", MINUTE), ("charted_5", SPOT), ("red_known", MINUTE),
        ("athlete", MINUTE), ("copd", MINUTE), ("epidural", FIVE),
    ],
)  # fmt: skip
def test_who_is_known_and_no_worse_is_called_for_once(kind, cadence):
    assert now(kind, cadence)[2].calls + now(kind, cadence)[2].reminders <= 1
    assert before(kind, cadence)[2].calls > 4


@pytest.mark.parametrize(
    ("kind", "cadence"),
    [("well", MINUTE), ("well", FIVE), ("well_pregnant", MINUTE), ("well_child", MINUTE), ("hourly_cuff", CUFF)],
)
def test_the_well_call_nobody(kind, cadence):
    assert now(kind, cadence)[0] == []


def test_wild_values_of_a_slow_stream_call_nobody():
    assert now("storm_minute", MINUTE)[2].calls == 0
    assert before("storm_minute", MINUTE)[2].calls > 2


def test_a_cuff_on_the_same_arm_calls_until_it_is_known_for_that():
    assert now("cuff_masks_spo2", SECOND)[2].calls <= 3
    assert before("cuff_masks_spo2", SECOND)[2].calls > 20


def test_under_a_comfort_plan_nobody_is_called_by_values():
    assert now("comfort", MINUTE)[0] == []
    assert before("comfort", MINUTE)[0]


def test_a_call_that_nobody_answers_goes_up_and_is_repeated_without_end():
    calls = now("rate_26", MINUTE, answered=False)[0]
    first = calls[0].at
    told = [(round((call.at - first) / 60_000), call.reason) for call in calls]

    assert told[1:5] == [(2, "not_answered"), (5, "not_answered"), (10, "repeated"), (15, "repeated")]
    assert "nobody_answered" in {reason for _, reason in told}
    assert [minute for minute, _ in told][-1] >= 100
    assert any(call.headline.startswith("NOBODY HAS ANSWERED") for call in calls)


def test_every_red_vital_is_named_and_a_call_never_calms():
    calls = now("red_then_other_red", MINUTE, answered=False)[0]
    assert "SpO2 89" in calls[-1].headline and "resp rate" in calls[-1].headline


@pytest.mark.parametrize("answered", [True, False])
def test_a_cuff_on_the_arm_of_the_finger_probe_calls_twice_and_is_known_then(answered):
    calls = [call.at - START_MS for call in now("cuff_masks_spo2", SECOND, answered)[0] if call.new]

    assert len(calls) == 2 and max(calls) < 17 * 60_000


def test_an_epidural_that_was_answered_calls_anew_when_the_memory_of_the_answer_ends():
    calls = [call.at for call in now("epidural", SECOND)[0] if call.new]

    assert len(calls) == 2 and calls[1] - calls[0] > 12 * 3_600_000
