"""Learning from recorded patients: the same bytes each time, nothing of those kept apart, nothing of the answers."""

import json
from random import Random

import numpy as np
import pytest

from detectors.risk import Head
from detectors.risk_memory import FEATURES
from detectors.risk_words import MIDDLE
from detectors.rules import read_rules
from streams.commands import CannotRun
from streams.commands.learn import learn as command
from streams.config.packaged_rules import packaged_rules, packaged_rules_bytes
from streams.lab.evaluation.folder import CannotEvaluate
from streams.lab.learning.examples import answers, held_out, watch, watch_folder
from streams.lab.learning.learn import TooFew, learn, measured, rows_of, train
from streams.lab.learning.promotion import NotPromoted, duel, promoted
from streams.lab.learning.recipes import HEADS
from streams.lab.learning.weights import digest, read_weights, write_weights
from streams.recordings.recordings import Recording
from tests.making import from_json
from tests.streams.lab.made import HOURS, folder

SEPSIS = HEADS["sepsis"]


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """A folder, what was seen of it, and the weights learned."""
    at = folder(tmp_path_factory.mktemp("recorded") / "a")
    seen = watch_folder(at, workers=1)
    return at, seen, learn(SEPSIS, [(at, seen)])


def test_a_row_an_hour_is_seen_of_a_chart(sets):
    _, seen, _ = sets

    assert len(seen) == 60 and all(one.hours.tolist() == list(range(HOURS)) for one in seen)
    assert all(one.rows.shape == (HOURS, len(FEATURES)) for one in seen)


def test_cutting_the_future_off_changes_nothing_before_the_cut(sets):
    at, seen, _ = sets
    for (patient, readings), whole in zip(Recording(at).per_patient(), seen, strict=True):
        cut = watch(patient, readings[:6], packaged_rules())
        assert np.array_equal(cut.rows, whole.rows[:6], equal_nan=True)
        if patient >= "p20":
            break


def test_neither_the_id_nor_the_answer_reaches_a_row(sets, tmp_path):
    """The same measurements under other names, with the opposite answers, give the same rows."""
    _, seen, _ = sets
    others = watch_folder(folder(tmp_path / "b", prefix="q", upside_down=True), workers=1)
    by_number = {one.patient[1:]: one for one in others}

    assert all(np.array_equal(one.rows, by_number[one.patient[1:]].rows, equal_nan=True) for one in seen)


def test_the_same_folder_gives_the_same_bytes(sets):
    at, seen, weights = sets
    again = learn(SEPSIS, [(at, list(seen))])

    assert write_weights(again) == write_weights(weights)
    assert write_weights(learn(SEPSIS, [(at, seen)], seed=1)) != write_weights(weights)


def test_it_finds_who_turns_for_the_worse_among_patients_it_never_saw(sets):
    _, _, weights = sets

    assert weights.figures["auroc"] > 0.9 and weights.figures["auroc_before_learning"] > 0.9
    loud = {one.feature.partition(".")[0] for one in weights.model.tables if max(one.weights) - min(one.weights) > 0.3}
    assert loud & set(MIDDLE)


def test_those_kept_apart_are_not_learned_from(sets):
    _, seen, weights = sets
    apart = {one.patient for one in seen if held_out(one.patient)}

    assert 5 < len(apart) < 30
    assert not [patient for patient in apart if weights.learned_from(patient)]
    assert len(weights.patients) == len(seen) - len(apart)
    assert weights.figures["patients"] == len(apart)


def test_what_those_kept_apart_came_to_changes_no_weight(sets):
    at, seen, weights = sets
    alone = learn(SEPSIS, [(at, [one for one in seen if not held_out(one.patient)])])

    assert alone.model == weights.model


def test_answers_at_random_teach_nothing(sets):
    _, seen, _ = sets
    chance = Random(3)
    told = [np.array([float(chance.random() < 0.3) for _ in one.hours]) for one in seen]
    taught, apart = ([n for n, one in enumerate(seen) if held_out(one.patient) is kept] for kept in (False, True))
    head, _ = train(SEPSIS, [seen[n] for n in taught], [told[n] for n in taught], 1, "made up")

    assert measured(head, [seen[n] for n in apart], [told[n] for n in apart])["auroc"] == pytest.approx(0.5, abs=0.1)


def test_hypotension_is_answered_by_the_readings_of_the_next_hour(sets):
    at, seen, _ = sets
    recipe = HEADS["hypotension"]
    for one, told in zip(seen, answers(seen, recipe, at), strict=True):
        now = one.rows[:, FEATURES.index("mean_bp.now")]
        for row in range(HOURS):
            if row == HOURS - 1 or now[row] <= 60:
                assert np.isnan(told[row])
            else:
                assert told[row] == float(now[row + 1] <= 60)


def test_from_too_few_nothing_is_learned(tmp_path):
    at = folder(tmp_path / "few", patients=2)

    with pytest.raises(TooFew, match="from so few nothing is learned"):
        learn(SEPSIS, [(at, watch_folder(at, workers=1))])


def test_from_so_few_hours_that_no_mean_of_the_weights_is_taken_nothing_is_learned(sets):
    """Four patients and 56 hours, enough of both kinds."""
    at, seen, _ = sets
    four = [one for one in seen if one.patient in ("p0", "p1", "p10", "p12")]

    with pytest.raises(TooFew, match="56 hours with 16 before the event"):
        train(SEPSIS, four, answers(four, SEPSIS, at), 1, "made up")


def test_a_figure_that_cannot_be_told_is_left_out_and_the_file_can_be_read(sets):
    """All who are kept apart stayed well: no AUROC, and never a number that is none."""
    at, seen, _ = sets
    ill = {one.patient for one, told in zip(seen, answers(seen, SEPSIS, at), strict=True) if told.any()}
    weights = learn(SEPSIS, [(at, [one for one in seen if not held_out(one.patient) or one.patient not in ill])])

    assert not {"auroc", "auroc_news2"} & set(weights.figures) and weights.figures["hours_before_the_event"] == 0
    assert read_weights(write_weights(weights)) == weights


# ---- a challenger


@pytest.fixture(scope="module")
def challenge(sets, tmp_path_factory):
    """Other patients who decide, and their answers."""
    at = folder(tmp_path_factory.mktemp("later") / "c", patients=75, prefix="z", seed=9)
    seen = watch_folder(at, workers=1)
    return seen, answers(seen, SEPSIS, at)


PEOPLE = {"author": "Data office", "approver": "Safety officer", "version": "next"}


def test_a_better_challenger_is_put_into_the_rules(sets, challenge):
    _, _, weights = sets
    written, found = promoted(packaged_rules_bytes(), weights, *challenge, margin=0.0, **PEOPLE)
    before, after = json.loads(packaged_rules_bytes()), json.loads(written)

    assert found.low > 0 and found.challenger > found.champion
    assert (after["version"], after["author"], after["approver"]) == ("next", "Data office", "Safety officer")
    assert {k for k in after if after[k] != before[k]} == {"version", "author", "approver", "risk"}
    assert after["risk"]["heads"][1:] == before["risk"]["heads"][1:]
    assert from_json(written)["risk"]["heads"][0]["patients"] == weights.model.patients


@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_rules_by_someone_with_an_umlaut_can_be_challenged(sets, challenge, ensure_ascii):
    told = {**json.loads(packaged_rules_bytes()), "author": "Jörg Müller"}
    rules = json.dumps(told, indent=2, ensure_ascii=ensure_ascii).encode()
    written, _ = promoted(rules, sets[2], *challenge, margin=0.0, **{**PEOPLE, "approver": "Zoë"})

    assert (json.loads(written)["author"], json.loads(written)["approver"]) == ("Data office", "Zoë")


def test_the_thresholds_move_so_that_it_asks_as_often_as_before(sets, challenge):
    _, _, weights = sets
    written, _ = promoted(packaged_rules_bytes(), weights, *challenge, margin=0.0, **PEOPLE)
    shares = []
    for rules in (packaged_rules_bytes(), written):
        risk = json.loads(rules)["risk"]
        head = Head(next(one for one in read_rules(rules).risk.heads if one.head == "sepsis"))
        odds = [head.log_odds(row) for one in challenge[0] for row in rows_of(one)]
        shares.append(np.mean(np.array(odds) >= risk["crossings"][0]["enter"]))

    assert shares[1] == pytest.approx(shares[0], abs=0.02)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"margin": 0.9}, "asked for is more than"),
        ({"approver": " data OFFICE"}, "cannot be the one who approves"),
        ({"version": packaged_rules().version}, "need another version"),
    ],
)
def test_a_challenger_that_may_not_take_over_is_told_why(sets, challenge, changes, says):
    with pytest.raises(NotPromoted, match=says):
        promoted(packaged_rules_bytes(), sets[2], *challenge, **{"margin": 0.0, **PEOPLE, **changes})


def test_patients_it_was_learned_from_decide_nothing(sets):
    at, seen, weights = sets
    with pytest.raises(NotPromoted, match="among those it was learned from"):
        promoted(packaged_rules_bytes(), weights, seen, answers(seen, SEPSIS, at), margin=0.0, **PEOPLE)


def test_a_head_does_not_beat_itself(sets, challenge):
    model = sets[2].model
    found = duel(model, model, *challenge)

    assert (found.gain, found.low) == (0.0, 0.0)


# ---- the command


def test_the_command_writes_weights_that_name_their_patients(tmp_path, capsys):
    at = folder(tmp_path / "a")
    out = tmp_path / "sepsis.json"
    command([at], head="sepsis", out=out, workers=1, seed=None, into=None)

    weights = read_weights(out.read_bytes())
    assert (weights.source == "a" and digest("p1") in weights.patients) or held_out("p1")
    assert "sepsis from" in capsys.readouterr().out


def test_the_command_refuses_before_it_learns_what_it_could_not_write_or_use_after(tmp_path):
    at, lost = folder(tmp_path / "a", patients=2), tmp_path / "nowhere" / "x.json"
    challenge = {"into": "no rules", "on": at, "rules_out": tmp_path / "r", **PEOPLE}
    with pytest.raises(CannotRun, match=r"to write x\.json into"):
        command([at], head="sepsis", out=lost)
    with pytest.raises(CannotRun, match="there is no rules file 'no rules'"):
        command([at], head="sepsis", out=tmp_path / "x", **challenge)
    (at / "labels.parquet").unlink()
    with pytest.raises(CannotEvaluate, match="no_labels"):
        command([at], head="sepsis", out=tmp_path / "x")


def test_the_command_says_what_it_lacks(tmp_path):
    with pytest.raises(CannotRun, match="known: sepsis, death, hypotension"):
        command([tmp_path], head="luck", out=tmp_path / "x", workers=1, seed=None, into=None)
    with pytest.raises(CannotRun, match="--into needs --on"):
        command(
            [tmp_path], head="sepsis", out=tmp_path / "x", workers=1, seed=None, into="packaged", on=None,
            rules_out=None, version=None, author=None, approver=None,
        )  # fmt: skip
