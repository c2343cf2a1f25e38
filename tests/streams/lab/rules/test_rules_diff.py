"""What another rules file would change, as a safety officer reads it."""

from streams.config.packaged_rules import packaged_rules
from streams.lab.rules.rules_diff import _flat, changes
from streams.lab.rules.rules_words import WORDS
from tests.making import rules_with

ARMED = packaged_rules().armed


def said(*entries):
    return [change.says for change in changes(packaged_rules(), rules_with(*entries))]


def test_a_number_is_told_as_it_was_and_as_it_would_be_in_its_unit():
    assert said(("stream.red", 8), ("cuff_red_minutes", 7.5)) == [
        "streamed: how long a red score lasts before it calls: 4 windows of 15 s -> 8 windows of 15 s",
        "how long a red cuff value that is not repeated lasts before it calls: 5 min -> 7.5 min",
    ]


def test_a_detector_that_is_disarmed_is_told_in_a_line_of_its_own():
    (change,) = changes(packaged_rules(), rules_with(("armed", tuple(ARMED - {"trend"}))))

    assert (change.what, change.old, change.says) == ("disarmed", "trend", "trend: is no longer armed")


def test_a_step_that_comes_later_is_told_with_its_whole_ladder():
    (line,) = said(("calling.ladders.comfort.high.1.after_minutes", 20))

    assert line == (
        "who is called at high priority under the plan `comfort`: nurse after 0 min, then shift lead after 15 min -> "
        "nurse after 0 min, then shift lead after 20 min"
    )


def test_who_answers_for_the_rules_comes_first():
    assert said(("stream.red", 8), ("approver", "Dr. X"))[0] == "approver: none -> Dr. X"


def test_a_limit_that_was_not_there_is_told():
    assert said(("extreme.systolic_bp.high", 230)) == [
        "systolic BP at or above which it calls at once: none -> 230 mmHg"
    ]


def test_no_difference_is_left_untold():
    """Whatever number is changed, the change is told: each entry of the rules is walked."""
    for field, value in _flat(packaged_rules()):
        if isinstance(value, int | float) and not isinstance(value, bool):
            if field.startswith("risk.crossings."):
                continue
            other = value - 1 if field in ("calling.holds.reviewing.high",) else value + 1
            try:
                told = changes(packaged_rules(), rules_with((field, other)))
            except ValueError:  # such rules could not be armed
                continue
            assert [(change.field, change.old, change.new) for change in told] == [(field, value, other)]


def test_a_learned_threshold_is_told_by_its_head_and_weights_by_one_name_for_all_of_them():
    assert said(("risk.crossings.0.enter", -3.0), ("risk.heads.0.bias", -4.0)) == [
        "risk of sepsis: log-odds from which it asks for someone: -3.69 -> -3",
        said(("risk.heads.0.bias", -4.0))[0],
    ]
    assert said(("risk.heads.0.bias", -4.0))[0].startswith("weights of the risk of sepsis: version 2 (")


def test_the_table_of_words_names_nothing_that_is_not_in_the_rules():
    assert set(WORDS) <= {field for field, _ in _flat(packaged_rules())}
