#!/usr/bin/env bash
# o2ring-analyzer 1.0.3 (Python, exports of Wellue O2Ring oximeters): a night of a file with the day before the month.
# Seen: 12 May 23:00 to 13 May 06:00, written 12/05/2026 and 13/05/2026, is read row by row: the hour before midnight becomes
# 5 December, the six hours after it stay 13 May, stand first, and the recording lasts 4,968 hours with a gap of 206 days.
# Guess before the run: one order of day and month holds for a whole file, or a file in which both occur is refused.
# Why it matters: the night's first hour is at another date and after its last; rates per hour of recording come out near nought. The
# setting dayfirst heals it; nothing asks for it. Give the order of dates by hand, and refuse a night longer than a day.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env; env/bin/pip install --quiet --disable-pip-version-check o2ring-analyzer==1.0.3
cat > run.py <<'PY'
from datetime import datetime, timedelta
from pathlib import Path

from o2ring_analyzer.cleaning import clean
from o2ring_analyzer.parser import parse_file

at = [datetime(2026, 5, 12, 23) + timedelta(seconds=4 * number) for number in range(7 * 900)]
rows = [f"{one:%H:%M:%S %d/%m/%Y},95,60,0" for one in at]
Path("night.csv").write_text("\n".join(["Time,Oxygen Level,Pulse Rate,Motion", *rows, ""]))


def read(**order):
    times = parse_file("night.csv", **order).data
    quality = clean(times).quality
    return str(times["time"].iloc[0]), str(times["time"].iloc[-1]), round(quality.duration_s / 3600, 1), len(quality.gaps)


print("as it comes", read())
print("dayfirst   ", read(dayfirst=True))
same = read() == ("2026-05-13 00:00:00", "2026-12-05 23:59:56", 4968.0, 1)
raise SystemExit(0 if same and read(dayfirst=True) == ("2026-05-12 23:00:00", "2026-05-13 05:59:56", 7.0, 0) else 1)
PY
env/bin/python run.py
