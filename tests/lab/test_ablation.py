"""A detector that is taken out is silent, and what it adds is told from the same plants with it and without it."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from detectors.rules import BY_THE_BOOK, OF_ONE_VITAL
from streams.lab.ablation import ALL_OUT, ARMED, OUT, Playing, ablate, ablate_planted, arms, pair
from streams.lab.ablation_words import lines
from streams.lab.plants import Change, Plant, Shape
from streams.rules import packaged_rules_bytes
from tests.streams.lab.made import folder

FAR = Plant("heart rate up by 30 at once", True, (Change(("HR",), Shape.STEP, 30, 0),))
SHORT = Playing((FAR,), long_s=30 * 60, from_s=15 * 60)


def recording(folder, rate=60.0):
    """One patient: eight minutes of heart rate, breathing and SpO2, a value a second, going up and down by one."""
    seconds = np.arange(480.0)
    columns = {"patient_id": [], "time_s": [], "signal": [], "value": [], "unit": []}
    for signal, value, unit in (("HR", rate, "bpm"), ("RR", 15.0, "1/min"), ("SPO2", 97.0, "%")):
        columns["patient_id"] += ["p"] * 480
        columns["time_s"] += seconds.tolist()
        columns["signal"] += [signal] * 480
        columns["value"] += (value + seconds % 3 - 1).tolist()
        columns["unit"] += [unit] * 480
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.table(columns), folder / "vitals.parquet")
    return folder


def test_each_arm_lacks_its_detectors_and_nothing_else():
    armed = arms(packaged_rules_bytes())

    for name, out in OUT.items():
        assert armed[name].armed == armed[ARMED].armed - set(out)
        assert armed[name].armed >= BY_THE_BOOK
    assert armed[ALL_OUT].armed.isdisjoint(OF_ONE_VITAL)


def test_what_only_one_detector_sees_is_owed_to_it_and_to_no_other(tmp_path):
    """From 60 to 90 at once no point of NEWS2 is scored: only a rule that knows what is usual can tell it so soon."""
    told = ablate_planted(recording(tmp_path), SHORT, workers=1)
    plant = told["plants"][0]

    assert plant[ARMED]["shown"] == 1.0 and plant[ARMED]["called"] == 0.0
    assert plant["baseline"]["shown_added"] == plant[ALL_OUT]["shown_added"] == 1.0
    assert plant["level_shift"]["shown_added"] == plant["trend"]["shown_added"] == 0.0
    assert plant["trend"]["shown_delay_s"] == plant[ARMED]["shown_delay_s"]
    assert plant["baseline alone"]["shown_added"] == 1.0
    assert plant["level_shift alone"]["shown_added"] == plant["trend alone"]["shown_added"] == 0.0


def test_a_detector_taken_out_is_silent(tmp_path):
    from streams.lab.ablation import stream_arms
    from streams.lab.planted import begins, read_series, write
    from streams.ward.recordings import Recording

    (tmp_path / "planted").mkdir()
    write(read_series(recording(tmp_path / "plain")), tmp_path / "planted", FAR, begins(["p"], 1, 900), 30 * 60)
    arms_of_p = stream_arms(packaged_rules_bytes(), "monitor", list(Recording(tmp_path / "planted").per_patient()))[0]
    named = {arm: {name for one in course.revisions for name in one.detectors} for arm, course in arms_of_p.items()}

    assert "baseline" in named[ARMED]
    assert all(named[arm].isdisjoint(out) for arm, out in OUT.items())
    assert all(len(course.at_s) == len(arms_of_p[ARMED].at_s) for course in arms_of_p.values())


def test_recordings_as_they_are_are_counted_in_each_arm_and_told_in_a_table(tmp_path):
    told = ablate(recording(tmp_path), workers=1)

    assert told["unplanted"][ARMED]["alerts"] == 0 and told["caught"] is None
    table = "\n".join(lines(told))
    assert "alerts raised about patients" in table and "caught" not in table


def test_where_the_onset_is_known_it_is_told_who_was_caught_with_and_without(tmp_path):
    told = ablate(folder(tmp_path / "ill", patients=9), workers=1)
    caught = told["caught"]

    assert told["patients_with_known_onset"] == 3 and caught[ARMED]["caught_shown"] == 1.0
    for arm in set(OUT) - {ARMED}:
        having, lacking = pair(arm)
        owed = caught[having]["caught_shown"] - caught[lacking]["caught_shown"]
        assert caught[arm]["caught_shown_added"] == pytest.approx(owed)
    assert "caught within 24 h" in "\n".join(lines(told))
