from detectors.level_shift import CLIP, LevelShift
from tests.making import MINUTE, rules_with

RULES = rules_with().level_shift


def taught(residuals, shift: LevelShift | None = None, begin: int = 0, calm: bool = True) -> tuple[LevelShift, int]:
    """One residual a minute; the shift, and the moment after the last."""
    shift = shift or LevelShift(RULES)
    for place, residual in enumerate(residuals):
        shift.learn_one(residual, begin + place * MINUTE, calm=calm)
    return shift, begin + len(residuals) * MINUTE


def test_there_is_no_opinion_before_the_test_has_seen_enough_blocks():
    shift, _ = taught([0.0] * int(RULES.block_minutes * RULES.min_blocks - 1))

    assert shift.score_one() is None


def test_a_steady_patient_shows_no_shift():
    shift, _ = taught([(place * 7 % 11 - 5) / 5 for place in range(1000)])

    assert shift.score_one() == 0


def test_a_lasting_rise_is_found_and_measured():
    shift, _ = taught([0.0] * 120 + [3.0] * 90)

    assert 2.5 < shift.score_one() <= 3.0
    assert shift.level > 0


def test_a_lasting_fall_is_found_too():
    shift, _ = taught([0.0] * 120 + [-3.0] * 90)

    assert shift.score_one() > 2.5 and shift.level < 0


def test_one_wild_block_is_no_lasting_change():
    """Five minutes of movement, however wild, count no more than a clipped block."""
    shift, _ = taught([0.0] * 120 + [60.0] * 5 + [0.0] * 60)

    assert shift.score_one() == 0
    assert CLIP < 60


def test_while_an_alert_stands_open_the_level_is_followed_home():
    """Nothing is learnt then; but an alert that rests on a shift ends when the patient is back."""
    shift, at = taught([0.0] * 120 + [3.0] * 90)
    learnt = shift.state()[-1]
    shift, _ = taught([0.0] * 40, shift, at, calm=False)

    assert shift.score_one() in (0, None)
    assert shift.state()[-1] == learnt


def test_while_an_alert_stands_open_no_new_shift_is_found():
    shift, at = taught([0.0] * 120)
    shift, _ = taught([3.0] * 120, shift, at, calm=False)

    assert shift.score_one() == 0


def test_the_time_of_day_plays_no_part():
    """Blocks begin with their first value: moved by a window, the same residuals give the same scores."""
    residuals = [(place * 7 % 11 - 5) / 4 + (place > 90) * 2 for place in range(200)]
    scores = []
    for begin in (0, 15_000, 123 * 15_000):
        shift, _ = taught(residuals, begin=begin)
        scores.append((shift.score_one(), shift.level))

    assert scores[0] == scores[1] == scores[2]


def test_a_restored_copy_goes_on_identically():
    one, at = taught([0.0] * 120 + [3.0] * 33)
    other = LevelShift.restore(one.state(), RULES)
    taught([3.0] * 60, one, at)
    taught([3.0] * 60, other, at)

    assert other.state() == one.state()
    assert other.score_one() == one.score_one() > 0
