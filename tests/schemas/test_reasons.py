"""Refusals: a closed list, each with its way out."""

from schemas.reasons import REMEDIES, Level, Refusal, Unreadable

# Codes that integrators have built on. Adding one here is right, removing or renaming one never is.
PROMISED = """
    empty too_large not_json not_an_object missing_field bad_field bad_time no_vitals unsupported_version bad_signature
    unknown_record bad_record wrong_partition wrong_mode clock_ahead unknown_vital bad_shape missing_unit unknown_unit
    unknown_quality bad_value no_value impossible not_usable nothing_to_correct
    unknown_alert alert_over alert_changed not_allowed over_limit nothing_to_undo no_such_step
    already_owned discharge_confirmed
"""


def test_every_refusal_has_a_remedy_in_a_whole_sentence():
    assert set(REMEDIES) == set(Refusal)
    for level, remedy in REMEDIES.values():
        assert level in Level
        assert remedy[0].isupper() or remedy[0] == "`"
        assert remedy.endswith(".")
        assert 20 < len(remedy) < 200


def test_no_code_is_ever_renamed():
    assert set(PROMISED.split()) <= set(Refusal)


def test_an_unreadable_record_names_the_code_the_place_and_the_way_out():
    assert str(Unreadable(Refusal.MISSING_FIELD, "patient_id")).startswith("missing_field: patient_id: Add the")
    assert str(Unreadable(Refusal.NOT_JSON, None, "trailing characters")) == "not_json: record: trailing characters"
