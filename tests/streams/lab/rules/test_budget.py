"""A budget of alerts that is kept, or learned rules that are not armed."""

import json

import numpy as np
import pytest

from detectors.rules import read_rules
from streams.config.packaged_rules import packaged_rules, packaged_rules_bytes
from streams.lab.evaluation.definitions import HOUR_S
from streams.lab.evaluation.score_row import COLUMNS
from streams.lab.evaluation.trace import Course, Trace
from streams.lab.learning.weights import packaged_weights
from streams.lab.rules.budget import (
    SILENT,
    Refused,
    calibrate,
    disarmed,
    holding,
    in_words,
    unseen,
    with_thresholds,
)
from streams.lab.rules.rules_diff import changes
from streams.recordings.samples import folder
from streams.recordings.tables import NotARecording, tables_of
from tests.making import rules_bytes

HEAD = packaged_rules().risk.crossings[0].head
HOURS = 48


class Ward:
    """Made-up patients whose hourly scores are given: streams them as Vigils would, under whatever rules it gets."""

    def __init__(self, patients=80, *, seed=1, others=0, louder=1.0):
        random = np.random.default_rng(seed)
        self.scores = random.normal(-4, 1, (patients, HOURS)) + random.normal(0, 0.7, (patients, 1))
        self.others, self.louder = others, louder
        self.names = [f"p{number}" for number in range(patients)]
        self.asked = []

    def __call__(self, folder, *, rules, patients, workers, progress):
        crossings = {one.head: one for one in read_rules(rules).risk.crossings}
        enter, leave = crossings[HEAD].enter, crossings[HEAD].leave
        self.asked.append(enter)
        courses = [self._course(number, enter, leave) for number in range(len(self.scores))]
        return Trace.of([one for one in courses if patients is None or one.patient in patients], "spot", HOUR_S)

    def _course(self, number, enter, leave):
        score = self.scores[number]
        rows = np.full((HOURS, len(COLUMNS)), np.nan, dtype=np.float32)
        rows[:, COLUMNS.index(f"risk_{HEAD}")] = score
        on = holding(score * self.louder, np.zeros(HOURS, dtype=int), enter, leave)
        levels = [(hour * HOUR_S, 2 * bool(on[hour] or (number < self.others))) for hour in range(HOURS)]
        at = np.arange(HOURS) * float(HOUR_S)
        return Course(self.names[number], 0.0, at[-1], at, rows, [], levels, [])


RULES = packaged_rules_bytes()


def tried(budget, ward, data=RULES):
    return calibrate(None, data, budget, replicates=200, stream=ward)


@pytest.mark.parametrize("budget", [0.2, 0.45, 0.8])
def test_the_upper_bound_keeps_the_budget_and_uses_most_of_it(budget):
    found = tried(budget, Ward())

    assert found.refused is None
    assert found.measured.rate < found.measured.high <= budget
    assert found.measured.high > 0.8 * budget
    assert found.measured.calls > 0


def test_a_smaller_budget_asks_for_a_higher_threshold():
    small, large = tried(0.2, Ward()), tried(0.8, Ward())

    assert small.thresholds[HEAD] > large.thresholds[HEAD]
    assert small.measured.calls < large.measured.calls


def test_the_threshold_is_tried_by_the_vigils_and_moved_where_they_call_more_than_the_scores_told():
    """Louder by a tenth than their scores say: what was worked out exceeds the budget, what is kept does not."""
    ward = Ward(louder=0.9)  # scores are negative: nearer to nothing is higher

    found = tried(0.45, ward)

    assert found.passes > 1
    assert found.refused is None and found.measured.high <= 0.45


def test_the_new_file_can_be_armed_and_differs_in_the_threshold_alone():
    found = tried(0.45, Ward())
    new = read_rules(found.rules)

    assert {change.field for change in changes(packaged_rules(), new)} <= {
        "version",
        f"risk.crossings.{HEAD}.enter",
        f"risk.crossings.{HEAD}.leave",
    }
    assert new.approver is None and new.armed == packaged_rules().armed
    crossing, before = new.risk.crossings[0], packaged_rules().risk.crossings[0]
    assert crossing.enter - crossing.leave == pytest.approx(before.enter - before.leave)
    assert new.version.endswith("+budget-0.45")


def refusals():
    yield "too few days to prove anything", Ward(patients=3), 0.2, RULES, Refused.TOO_FEW_DAYS
    yield "other learned rules call already", Ward(others=40), 0.45, RULES, Refused.OTHERS_EXCEED
    never = Ward()
    never.scores[:] = np.nan
    yield "no opinion at all", never, 0.45, RULES, Refused.NO_OPINION
    yield "shown only", Ward(), 0.45, rules_bytes(("risk.priority", "low")), Refused.DOES_NOT_INTERRUPT
    yield "not armed", Ward(), 0.45, disarmed(RULES), Refused.NOTHING_LEARNED
    yield "no threshold helps", Ward(louder=-100.0), 0.45, RULES, Refused.NOT_KEPT


@pytest.mark.parametrize(("ward", "budget", "data", "why"), [pytest.param(*r, id=name) for name, *r in refusals()])
def test_where_the_budget_cannot_be_kept_nothing_is_armed(ward, budget, data, why):
    found = tried(budget, ward, data)

    assert (found.rules, found.refused) == (None, why)
    assert found.as_dict()["armed"] is False and found.as_dict()["remedy"]
    assert in_words(found)[-1].startswith(f"not armed: {why}")


def test_first_the_heads_are_silent_so_that_the_others_are_measured_alone():
    ward = Ward()
    tried(0.45, ward)

    assert ward.asked[0] == SILENT


def test_disarmed_rules_keep_everything_by_the_book():
    old, new = packaged_rules(), read_rules(disarmed(RULES))

    assert old.armed - new.armed == {"risk"}
    assert {change.field for change in changes(old, new)} == {"version", "armed"}


def test_a_version_does_not_grow_with_each_calibration():
    once = with_thresholds(RULES, {HEAD: -2.0}, 0.45)

    assert json.loads(with_thresholds(once, {HEAD: -1.0}, 0.3))["version"] == f"{packaged_rules().version}+budget-0.3"


def test_patients_from_whom_the_weights_were_learned_do_not_count_beside_others():
    """Their scores are better than those of any patient to come."""
    weights = packaged_weights()[HEAD]
    ids = [f"s19_{100_000 + number}" for number in range(2_000)]
    learned = [name for name in ids if weights.learned_from(name)]

    assert 0 < len(learned) < len(ids)
    assert not set(unseen(ids, RULES)) & set(learned)
    assert unseen(learned, RULES) == learned, "better than nobody"


def test_only_the_patients_asked_for_are_calibrated_on():
    ward = Ward()

    found = calibrate(None, RULES, 0.8, replicates=200, patients=ward.names[:50], stream=ward)

    assert found.measured.patients == 50


def test_a_folder_tells_whom_it_holds():
    assert len(tables_of(folder("sepsis2019")).patients) == 6
    with pytest.raises(NotARecording):
        tables_of(folder("sepsis2019").parent)
