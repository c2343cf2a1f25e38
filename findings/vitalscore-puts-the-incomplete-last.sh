#!/usr/bin/env bash
# vitalscore 0.1.1 (Python, NEWS2): batch_triage, "sorted from most to least critical".
# Seen: a patient with 40 breaths a minute, SpO2 70 %, 60 mmHg, 180 beats a minute and unresponsive whose temperature was not taken stands
# last, below a healthy one. Among those of high risk the name decides: NEWS2 7 in bed 2 stands above NEWS2 20 in bed 3.
# Guess before the run: the higher score stands higher, and the incomplete stand apart, or by the least they can have (17 here).
# Why it matters: the sickest are those for whom nobody had the time to measure everything. Score what is there as an interval, and never
# let a missing value lower a place in a list.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env; env/bin/pip install --quiet --disable-pip-version-check vitalscore==0.1.1
cat > run.py <<'PY'
from vitalscore.batch import TriagePatient, batch_triage

WELL = {"respiratory_rate": 16, "spo2": 97, "on_oxygen": False, "systolic_bp": 120, "heart_rate": 70, "consciousness": "A",
        "temperature": 36.8}
DYING = {"respiratory_rate": 40, "spo2": 70, "on_oxygen": True, "systolic_bp": 60, "heart_rate": 180, "consciousness": "U",
         "temperature": 34.0}
patients = [
    TriagePatient("bed-1", **WELL), TriagePatient("bed-2", **{**WELL, "respiratory_rate": 26, "spo2": 91, "heart_rate": 95}),
    TriagePatient("bed-3", **DYING), TriagePatient("bed-4", **{**DYING, "temperature": None}),
]
ranked = batch_triage(patients, method="news2")
order = [(one.patient_id, one.news2_result.total if one.news2_result else None) for one in ranked]
print(order, ranked[-1].errors)
raise SystemExit(0 if order == [("bed-2", 7), ("bed-3", 20), ("bed-1", 0), ("bed-4", None)] else 1)
PY
env/bin/python run.py
