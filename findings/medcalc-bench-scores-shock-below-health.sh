#!/usr/bin/env bash
# medcalc-bench 1.7.0 (Python, clinical scores): SIRS and SOFA of the healthy, and of the patient in shock.
# Seen: 37.0 degC, 70/min, 14/min and 8,000 white cells per mm^3 meet two criteria of SIRS (a heart rate counts whether it is fast or
# not, and the count is turned to one per m^3 and then compared with 12,000). SOFA of a healthy patient is 2; at 70/40 mmHg it is 1;
# with norepinephrine at 0.5 ug/kg/min it is 2 (the table gives 4 for the circulation alone).
# Guess before the run: 0 and 0 for the healthy, 1 for low pressure, 4 for the vasopressor.
# Why it matters: whoever is healthy has "SIRS" and a rise of SOFA by 2, which is how sepsis is defined, and a fall of blood pressure
# lowers the score. Check a package of scores against the published table, row by row, before anything rests on it.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env; env/bin/pip install --quiet --disable-pip-version-check medcalc-bench==1.7.0
cat > run.py <<'PY'
from medcalc.sirs_criteria import sirs_criteria_explanation
from medcalc.sofa import compute_sofa_explanation

WELL = {
    "partial_pressure_oxygen": (95, "mm Hg"), "fio2": (0.21, ""), "mechanical_ventilation": False, "cpap": False, "gcs": 15,
    "platelet_count": (250_000, "µL"), "bilirubin": (0.5, "mg/dL"), "creatinine": (0.8, "mg/dL"),
    "sys_bp": (120, "mm Hg"), "dia_bp": (80, "mm Hg"),
}
sirs = sirs_criteria_explanation({
    "temperature": (37.0, "degrees celsius"), "heart_rate": (70, "beats per minute"), "respiratory_rate": (14, "breaths per minute"),
    "wbc": (8000, "mm^3"),
})["Answer"]
healthy, low, pressor = (compute_sofa_explanation({**WELL, **other})["Answer"] for other in (
    {}, {"sys_bp": (70, "mm Hg"), "dia_bp": (40, "mm Hg")}, {"norepinephrine": (0.5, "µg/kg/min")}))
print("SIRS, healthy:", sirs, "| SOFA, healthy:", healthy, "at 70/40 mmHg:", low, "with norepinephrine 0.5:", pressor)
raise SystemExit(0 if [sirs, healthy, low, pressor] == [2, 2, 1, 2] else 1)
PY
env/bin/python run.py
