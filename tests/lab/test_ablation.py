"""A detector that is taken out is silent, and what it adds is told from the same injections with it and without it."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from detectors.rules import OF_ONE_VITAL, PROTOCOL
from streams.config.packaged_rules import packaged_rules_bytes
from streams.lab.ablation.ablation import ALL_OUT, ARMED, OUT, Playing, ablate, ablate_injected, arms, pair
from streams.lab.ablation.ablation_words import lines
from streams.lab.ablation.injections import Change, Injection, Shape
from tests.streams.lab.made import folder

FAR = Injection("heart rate up by 30 at once", True, (Change(("HR",), Shape.STEP, 30, 0),))
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
        assert armed[name].armed >= PROTOCOL
    assert armed[ALL_OUT].armed.isdisjoint(OF_ONE_VITAL)


def test_what_only_one_detector_sees_is_owed_to_it_and_to_no_other(tmp_path):
    """From 60 to 90 at once no point of NEWS2 is scored: only a rule that knows what is usual can tell it so soon."""
    told = ablate_injected(recording(tmp_path), SHORT, workers=1)
    injection = told["injections"][0]

    assert injection[ARMED]["shown"] == 1.0 and injection[ARMED]["called"] == 0.0
    assert injection["baseline"]["shown_added"] == injection[ALL_OUT]["shown_added"] == 1.0
    assert injection["level_shift"]["shown_added"] == injection["trend"]["shown_added"] == 0.0
    assert injection["trend"]["shown_delay_s"] == injection[ARMED]["shown_delay_s"]
    assert injection["baseline alone"]["shown_added"] == 1.0
    assert injection["level_shift alone"]["shown_added"] == injection["trend alone"]["shown_added"] == 0.0


def test_a_detector_taken_out_is_silent(tmp_path):
    from streams.lab.ablation.ablation import stream_arms
    from streams.lab.ablation.injected import begins, read_series, write
    from streams.recordings.recordings import Recording

    (tmp_path / "injected").mkdir()
    write(read_series(recording(tmp_path / "plain")), tmp_path / "injected", FAR, begins(["p"], 1, 900), 30 * 60)
    arms_of_p = stream_arms(packaged_rules_bytes(), "monitor", list(Recording(tmp_path / "injected").per_patient()))[0]
    named = {arm: {name for one in course.revisions for name in one.detectors} for arm, course in arms_of_p.items()}

    assert "baseline" in named[ARMED]
    assert all(named[arm].isdisjoint(out) for arm, out in OUT.items())
    assert all(len(course.at_s) == len(arms_of_p[ARMED].at_s) for course in arms_of_p.values())


def test_recordings_as_they_are_are_counted_in_each_arm_and_told_in_a_table(tmp_path):
    told = ablate(recording(tmp_path), workers=1)

    assert told["unplanted"][ARMED]["alerts"] == 0 and told["detected"] is None
    table = "\n".join(lines(told))
    assert "alerts raised about patients" in table and "detected" not in table


def test_where_the_onset_is_known_it_is_told_who_was_detected_with_and_without(tmp_path):
    told = ablate(folder(tmp_path / "ill", patients=9), workers=1)
    detected = told["detected"]

    assert told["patients_with_known_onset"] == 3 and detected[ARMED]["detected_shown"] == 1.0
    for arm in set(OUT) - {ARMED}:
        having, lacking = pair(arm)
        owed = detected[having]["detected_shown"] - detected[lacking]["detected_shown"]
        assert detected[arm]["detected_shown_added"] == pytest.approx(owed)
    assert "detected within 24 h" in "\n".join(lines(told))
