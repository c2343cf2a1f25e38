"""Remarks: a closed list, each with its way out, none confused with a refusal."""

from schemas.reasons import Refusal
from streams.inspection.remarks import SIGNS, Level, Remark, Sign


def test_every_sign_has_a_level_and_a_remedy_in_a_whole_sentence():
    assert set(SIGNS) == set(Sign)
    assert all(level in Level and remedy.endswith(".") and 20 < len(remedy) < 200 for level, remedy in SIGNS.values())


def test_no_sign_is_called_like_a_refusal():
    assert not set(Sign) & set(Refusal)


def test_a_refusal_is_always_a_finding():
    assert all(Remark(1, code, None, "").level is Level.FINDING for code in Refusal)


def test_a_remark_is_written_out_whole():
    assert Remark(3, Sign.SEQUENCE_GAP, "sequence", "5 after 1").as_dict() == {
        "line": 3,
        "level": "note",
        "code": "sequence_gap",
        "field": "sequence",
        "what": "5 after 1",
        "remedy": SIGNS[Sign.SEQUENCE_GAP][1],
    }
