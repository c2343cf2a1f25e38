"""Cross-fitting: nobody is judged by weights that know them, and everybody is judged once."""

from random import Random

import numpy as np
import pyarrow.parquet as pq
import pytest

from streams.lab.evaluation import crossed
from streams.lab.evaluation.crossed import cross_fitted, part_of
from streams.lab.evaluation.evaluate import evaluate
from streams.lab.evaluation.figures_table import lines
from streams.lab.evaluation.folder import CannotEvaluate
from streams.lab.learning.weights import into_rules
from tests.streams.lab.made import folder

EVERYBODY = [f"p{number}" for number in range(60)]


def crossed_of(at):
    return cross_fitted(at, workers=1, replicates=20)


@pytest.fixture(scope="module")
def ward(tmp_path_factory):
    return folder(tmp_path_factory.mktemp("ward") / "a")


@pytest.fixture(scope="module")
def run(ward):
    """What was found, from whom each head was learned, and the rules of each part."""
    taught, written, learn = [], [], crossed._learn

    def noted(rules, models):
        written.append(into_rules(rules, models))
        return written[-1]

    def learned(lesson):
        taught.append({one.patient for one in lesson.seen})
        return learn(lesson)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crossed, "into_rules", noted)
        patch.setattr(crossed, "_learn", learned)
        return crossed_of(ward), taught, written


def test_each_part_is_learned_from_all_the_others_and_from_none_of_its_own(run):
    _, taught, _ = run

    assert taught == [{one for one in EVERYBODY if part_of(one) != part} for part in range(4)]


def test_the_scores_of_a_part_are_those_of_its_own_weights(ward, run):
    found, _, written = run
    first = evaluate(ward, rules=written[0], replicates=20, workers=1).compared.trace
    pairs = zip(found.compared.trace.courses, first.courses, strict=True)
    alike = {one.patient for one, other in pairs if np.array_equal(one.rows, other.rows, equal_nan=True)}

    assert alike == {one for one in EVERYBODY if part_of(one) == 0}


def test_everybody_is_there_once_and_nobody_is_in_sample(run):
    told = run[0].told

    assert told["patients"] == 60 and told["cross_fitted"] == 4
    assert told["in_sample"] == {"patients": 0, "share": 0.0} and told["unseen"] is None
    assert "learned from the other parts" in "\n".join(lines(told))


def test_it_finds_who_turns_for_the_worse_and_nothing_where_the_outcomes_are_drawn_by_lot(run, ward, tmp_path):
    assert run[0].told["risk"]["auroc_row"] > 0.85

    by_lot = tmp_path / "by-lot"
    by_lot.mkdir()
    (by_lot / "vitals.parquet").write_bytes((ward / "vitals.parquet").read_bytes())
    labels = pq.read_table(ward / "labels.parquet")
    other = dict(zip(EVERYBODY, Random(3).sample(EVERYBODY, 60), strict=True))
    ids = labels["patient_id"].to_pylist()
    pq.write_table(labels.set_column(0, "patient_id", [[other[one] for one in ids]]), by_lot / "labels.parquet")
    assert 0.3 < crossed_of(by_lot).told["risk"]["auroc_row"] < 0.7


def test_where_nothing_is_known_of_an_event_nothing_is_learned(ward, tmp_path):
    (tmp_path / "vitals.parquet").write_bytes((ward / "vitals.parquet").read_bytes())

    with pytest.raises(CannotEvaluate, match="no_event"):
        crossed_of(tmp_path)
