import msgspec
import pytest

from detectors.vigil.assessment import Assessment, expires, learns
from detectors.vigil.stay import Limit, Stay
from detectors.vigil.track import Opinion, Track
from detectors.vigil.window import Decided
from schemas.vitals import SCALES, STREAM_LATENESS, Source, Vital
from tests.making import HOUR, MINUTE, T0, rules_with

MONITOR, WEARABLE, SPOT = 0, 1, 2
WELL = {
    "heart_rate": 75,
    "resp_rate": 16,
    "spo2": 97,
    "systolic_bp": 120,
    "temperature": 37,
    "consciousness": 0,
    "supplemental_oxygen": 0,
}


def track(name: str, value: float, at: int = T0, source: int = MONITOR) -> Track:
    one = Track(name, rules_with())
    one.see(name, Decided(float(value), at, source, False, 15, False, 0, 0))
    return one


def tracks_of(values: dict[str, float]) -> dict[str, Track]:
    return {vital.value: track(vital.value, values[vital.value]) for vital in Vital if vital.value in values}


def pictured(stay: Stay | None = None, **values: float) -> Assessment:
    """A well patient but for `values`."""
    return Assessment(tracks_of(WELL | values), stay or Stay(), T0)


def changed(**facts: object) -> Stay:
    return msgspec.structs.replace(Stay(), **facts)


def test_a_well_patient_scores_nothing_and_the_score_is_complete():
    assessment = pictured()

    assert (assessment.score.score_min, assessment.score.complete, assessment.points()) == (0, True, [])
    assert assessment.headline(None) == "NEWS2 0"


def test_a_stale_value_is_missing_and_not_well():
    tracks = tracks_of(WELL)
    tracks["spo2"].stale = True
    assessment = Assessment(tracks, Stay(), T0)

    assert assessment.value("spo2") is None
    assert (assessment.score.complete, assessment.score.score_min, assessment.score.score_max) == (False, 0, 3)


def oxygen(**told: tuple[float, int]) -> Assessment:
    """A well patient of whom nothing but `told` was said of oxygen: value and minutes after the start."""
    tracks = tracks_of({name: value for name, value in WELL.items() if name != "supplemental_oxygen"})
    tracks |= {name: track(name, value, T0 + minutes * MINUTE, SPOT) for name, (value, minutes) in told.items()}
    return Assessment(tracks, Stay(), T0 + HOUR)


@pytest.mark.parametrize(
    ("told", "points"),
    [
        ({"supplemental_oxygen": (0, 30), "oxygen_flow": (4, 0)}, 0),  # taken off since
        ({"supplemental_oxygen": (0, 30), "inspired_oxygen": (40, 29)}, 2),  # at about the same time: a contradiction
        ({"supplemental_oxygen": (0, 30), "inspired_oxygen": (40, 28)}, 0),
        ({"supplemental_oxygen": (0, 0), "oxygen_flow": (4, 30)}, 2),  # put on since
        ({"supplemental_oxygen": (1, 0), "oxygen_flow": (0, 30)}, 2),  # a flow of nothing may be another outlet
        ({"oxygen_flow": (0, 0)}, 0),
    ],
)
def test_air_that_was_charted_later_replaces_oxygen_that_was_told_before(told, points):
    assert oxygen(**told).score.score_min == points


def test_what_says_oxygen_stands_behind_the_points_for_it():
    assessment = oxygen(supplemental_oxygen=(0, 0), inspired_oxygen=(21, 0), oxygen_flow=(4, 0))

    assert assessment.points() == [("oxygen_flow", 2)]


@pytest.mark.parametrize("source", list(Source))
def test_a_value_goes_stale_by_its_vital_and_by_who_measured_it(source):
    for name in ("spo2", "systolic_bp"):
        one = track(name, 97, source=list(Source).index(source))

        assert expires(name, one) == T0 + SCALES[Vital(name)].validity[source] + STREAM_LATENESS


def test_the_newer_of_letter_and_coma_scale_counts_and_at_one_moment_the_letter():
    older, newer = T0 - MINUTE, T0
    for letter_at, gcs_at, alert in ((newer, older, True), (older, newer, False), (newer, newer, True)):
        tracks = tracks_of(WELL) | {
            "consciousness": track("consciousness", 0, letter_at),
            "gcs": track("gcs", 9, gcs_at),
        }
        assert (Assessment(tracks, Stay(), T0).score.score_min == 0) is alert


def test_scale_2_judges_the_same_oxygen_otherwise():
    assert pictured(spo2=89).score.score_min == 3
    assert pictured(changed(scale=2), spo2=89).score.score_min == 0


def test_confusion_that_was_there_before_does_not_score():
    assert pictured(consciousness=1).score.score_min == 3
    assert pictured(changed(confusion=True), consciousness=1).score.score_min == 0


def test_any_sign_of_oxygen_counts_as_oxygen():
    assert pictured(inspired_oxygen=40).score.score_min == 2
    assert pictured(oxygen_flow=2).score.score_min == 2


def test_where_the_score_is_not_valid_there_is_none_at_all():
    assessment = pictured(changed(maternity="pregnant"), resp_rate=30)

    assert (assessment.score, assessment.why_not, assessment.points()) == (None, "pregnant", [])
    assert assessment.headline(None) == "NEWS2 not valid (pregnant)"


def test_personal_limits_are_told_and_never_change_the_score():
    limit = Limit("heart_rate", None, 70.0, "Dr A", "after surgery")
    assessment = pictured(changed(limits=(limit,)))

    assert assessment.broken() == ["heart_rate"] and assessment.score.score_min == 0
    assert [finding["detector"] for finding in assessment.findings()] == ["personal_limit"]


def test_what_scores_most_comes_first():
    assessment = pictured(resp_rate=26, heart_rate=112, spo2=94)

    assert assessment.points() == [("resp_rate", 3), ("heart_rate", 2), ("spo2", 1)]
    assert assessment.headline(3) == "Resp rate 26/min; NEWS2 6, was 3"
    assert [finding["reason"] for finding in assessment.findings()] == ["scores_3", "scores_2", "scores_1"]


def test_oxygen_never_leads_where_a_measured_value_scores():
    assert pictured(supplemental_oxygen=1, spo2=94).headline(None).startswith("SpO2 94")


def test_a_vital_is_not_lost_while_another_of_its_item_is_measured():
    """The pulse oximeter is off and the ECG goes on: the pulse item can still be told."""
    tracks = tracks_of(WELL | {"pulse_rate": 75})
    tracks["pulse_rate"].stale = tracks["spo2"].stale = True
    assessment = Assessment(tracks, Stay(), T0)

    assert assessment.lost(["pulse_rate", "spo2"]) == ["spo2"]


def test_opinions_of_a_stale_vital_are_not_told():
    tracks = tracks_of(WELL)
    tracks["spo2"].opinions = (Opinion("baseline", "below_usual", 5.0),)
    assert Assessment(tracks, Stay(), T0).noticed() == ["spo2"]
    tracks["spo2"].stale = True

    assert Assessment(tracks, Stay(), T0).noticed() == []


def test_nothing_is_learnt_of_a_paused_or_discharged_patient():
    assert learns(Stay(), T0)
    assert not learns(changed(paused_until=T0 + HOUR), T0)
    assert not learns(changed(discharged_at=T0), T0)
