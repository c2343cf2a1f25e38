"""Patients over one process or two: the same patients, in the same order, none twice."""

import pytest

from streams.lab.batches import over_patients
from streams.ward.recordings import Recording
from tests.streams.lab.made import folder


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    return Recording(folder(tmp_path_factory.mktemp("recorded") / "a"))


def test_what_comes_out_does_not_depend_on_the_processes(recording):
    alone = over_patients(sorted, recording, 1, None)

    assert alone == list(recording.per_patient())
    assert over_patients(sorted, recording, 2, None) == alone


def test_progress_is_told_after_each_batch_up_to_all_of_them(recording):
    told = []
    over_patients(sorted, recording, 1, lambda done, count: told.append((done, count)))

    assert told == [(40, 60), (60, 60)]
