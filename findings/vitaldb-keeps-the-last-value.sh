#!/usr/bin/env bash
# vitaldb 1.7.2 (Python, .vital files of operating rooms): a number track asked for at a slower interval.
# Seen: SpO2 97, 91 and 70 within ten seconds give 70 for the interval of 10 s: the last value counts, the others are gone; between
# values there is NaN, not the value still in force.
# Guess before the run: the mean or median of the interval, or the value held on.
# Why it matters: an artefact just before the border of an interval is the whole interval, and a true fall that ends before the border
# is nothing. Take the samples one by one (the track keeps them) and reduce them yourself.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env; env/bin/pip install --quiet --disable-pip-version-check vitaldb==1.7.2
cat > run.py <<'PY'
import vitaldb

start = 1_700_000_000.0
samples = [(0.0, 97.0), (5.0, 91.0), (5.9, 70.0), (12.0, 98.0)]
recording = vitaldb.VitalFile()
recording.dtstart, recording.dtend = start, start + 20
recording.add_track("Monitor/SPO2", [{"dt": start + at, "val": value} for at, value in samples])
ten = recording.to_numpy(["Monitor/SPO2"], 10).ravel().tolist()
one = recording.to_numpy(["Monitor/SPO2"], 1).ravel().tolist()
print("10 s:", ten, "1 s:", one)
raise SystemExit(0 if ten == [70.0, 98.0] and one[5] == 70.0 and one[4] != one[4] else 1)
PY
env/bin/python run.py
