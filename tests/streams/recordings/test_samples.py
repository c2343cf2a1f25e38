from pathlib import Path

import pyarrow.parquet as pq
import pytest

from schemas.vitals import Source
from streams.recordings.labels import labels
from streams.recordings.recordings import Recording
from streams.recordings.samples import NAMES, folder
from streams.recordings.samples.make_samples import CUTS, make

HOME = folder("bidmc").parent
SMALL = 1_000_000


def test_the_samples_are_small():
    assert sum(file.stat().st_size for file in HOME.rglob("*") if file.is_file()) < SMALL


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.name)
def test_a_sample_holds_the_patients_that_were_chosen_and_only_what_is_watched(cut):
    survey = Recording(folder(cut.name)).survey

    assert survey.patients == len(cut.patients)
    assert survey.unwatched == {}
    assert set(labels(folder(cut.name))) <= set(cut.patients)


def test_streams_are_told_from_rounds():
    assert {name: Recording(folder(name)).survey.source for name in NAMES} == {
        "bidmc": Source.MONITOR,
        "sepsis2019": Source.SPOT,
        "challenge2012": Source.SPOT,
    }


def test_cutting_the_samples_out_of_the_samples_changes_nothing(tmp_path):
    make(HOME, tmp_path)

    for cut in CUTS:
        for file in ("vitals.parquet", "labels.parquet"):
            assert pq.read_table(tmp_path / cut.name / file).equals(pq.read_table(folder(cut.name) / file))


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.name)
def test_every_sample_is_attributed(cut):
    attribution = Path(HOME / "ATTRIBUTION.md").read_text()

    row = next(line for line in attribution.splitlines() if line.startswith(f"| `{cut.name}/`"))
    assert "opendatacommons.org/licenses/by/1-0" in row or "creativecommons.org/licenses/by/4.0" in row
    assert f"(`{cut.name}`)" in attribution


def test_a_sample_that_is_not_there_is_refused_by_name():
    with pytest.raises(ValueError, match="'mimic' is not a bundled recording"):
        folder("mimic")
