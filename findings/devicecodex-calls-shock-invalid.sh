#!/usr/bin/env bash
# devicecodex 0.0.2 (Python, codes and "valid physiological ranges" of device observations): the dying patient is invalid.
# Seen: systolic 69 mmHg, SpO2 69 % and respiration 3 /min are not valid; a code that is not in its table is valid whatever the value
# (heart rate 0 under the pulse-rate code 8889-8).
# Guess before the run: the ranges hold what a living patient can have, and an unknown code is an error.
# Why it matters: a pipeline that drops what is not valid is deaf to shock, to deep hypoxaemia and to an opioid overdose. Flag such values
# and score them; drop only what no body can have.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env; env/bin/pip install --quiet --disable-pip-version-check devicecodex==0.0.2
cat > run.py <<'PY'
from devicecodex.validation import is_valid_value

asked = {("8480-6", 69): "systolic", ("59408-5", 69): "SpO2", ("9279-1", 3): "respiration", ("8889-8", 0): "pulse rate, not in the table"}
seen = {}
for (code, value), name in asked.items():
    seen[name] = is_valid_value(code, value)
    print(code, name, value, "valid" if seen[name] else "not valid")
raise SystemExit(0 if list(seen.values()) == [False, False, False, True] else 1)
PY
env/bin/python run.py
