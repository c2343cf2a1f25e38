import pytest

from streams.recordings.labels import Label, labels
from streams.recordings.recordings import START_MS
from streams.recordings.tables import NotARecording

ROWS = [("p", 0.0, "HR", 80.0, "bpm")]


def test_labels_are_on_the_clock_of_the_readings(recording):
    path = recording(ROWS, [("p", "sepsis_onset", 1.0, 3600.5), ("p", "age", 64.0, None), ("q", "age", None, None)])

    assert labels(path) == {
        "p": (Label("sepsis_onset", 1.0, START_MS + 3_600_500), Label("age", 64.0, None)),
        "q": (Label("age", None, None),),
    }
    assert labels(path, patients={"p"}, start_ms=0)["p"][0].at_ms == 3_600_500


def test_a_folder_without_labels_says_so(recording):
    with pytest.raises(NotARecording, match=r"labels\.parquet"):
        labels(recording(ROWS))
