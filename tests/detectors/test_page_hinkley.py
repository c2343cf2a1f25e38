"""Single files of river are taken without their packages: they must be those files, and bring nothing heavy."""

import inspect
import subprocess
import sys

import pytest

from detectors.page_hinkley import PageHinkley
from detectors.pattern import HalfSpaceTrees
from detectors.river_parts import part_of_river

HEAVY = ("river.drift", "river.anomaly", "river.tree", "sklearn", "scipy.stats", "pandas")


def test_it_is_rivers_own_test():
    from river.drift import PageHinkley as Rivers

    assert inspect.getsource(PageHinkley) == inspect.getsource(Rivers)
    assert PageHinkley.__module__ == Rivers.__module__


def test_they_are_rivers_own_trees():
    from river.anomaly import HalfSpaceTrees as Rivers

    facts = {"n_trees": 5, "height": 4, "window_size": 2, "seed": 20}
    ours, rivers = HalfSpaceTrees(**facts), Rivers(**facts)
    for model in (ours, rivers):
        model.learn_one({"a": 0.5, "b": 0.25})
    assert inspect.getsource(HalfSpaceTrees) == inspect.getsource(Rivers)
    assert [repr(tree) for tree in ours.trees] != []
    assert ours.score_one({"a": 0.1, "b": 0.9}) == rivers.score_one({"a": 0.1, "b": 0.9})


def test_the_whole_package_is_there_afterwards():
    told = (
        "import detectors.pattern, detectors.page_hinkley\n"
        "from river import anomaly, drift, tree\n"
        "print(anomaly.GaussianScorer(), drift.ADWIN(), tree.HoeffdingTreeClassifier())"
    )
    said = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout

    assert "ADWIN" in said
    with pytest.raises(ModuleNotFoundError):
        part_of_river("drift.no_such_file")


@pytest.mark.parametrize("module", ["streams.worker.worker", "streams.lab.evaluation.stream"])
def test_a_process_starts_without_libraries_that_it_does_not_use(module):
    told = f"import sys, {module}; print([name for name in {HEAVY} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout

    assert said.strip() == "[]"
