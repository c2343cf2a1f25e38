#!/usr/bin/env bash
# emay-sleepo2 1.0.6 (Python, night recordings of the EMAY SleepO2 oximeter): the hour that the clocks repeat in autumn.
# Seen: with correct_dst_fold=True (its default) and the zone given, the second 01:00 to 01:59 of the night keeps the times of the first:
# 3,600 readings, one a second, are an hour early, and 3,600 instants carry two SpO2 values each. There is no warning.
# Guess before the run: the correction that is there for this night makes the second hour an hour later, one reading an instant.
# Why it matters: a fall of SpO2 in the second hour stands beside normal values of the first at the same second; who keeps one reading an
# instant loses one of the two at random. Look for repeated instants after a clock change, and let no file pass that has them.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env; env/bin/pip install --quiet --disable-pip-version-check emay-sleepo2==1.0.6 tzdata==2025.2
cat > run.py <<'PY'
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from emay_sleepo2.csv_parser import parse_csv

zone = ZoneInfo("America/New_York")
start = datetime(2026, 11, 1, 4, 30, tzinfo=UTC)  # 00:30 in New York; at 06:00 UTC the clocks go from 02:00 to 01:00
true = [start + timedelta(seconds=second) for second in range(4 * 3600)]
rows = [f"{at.astimezone(zone):%m/%d/%Y,%I:%M:%S %p},{97 if at.hour < 6 else 82},60" for at in true]
readings, warnings = parse_csv("\n".join(["Date,Time,SpO2(%),PR(bpm)", *rows]), timezone=zone, correct_dst_fold=True)
read = [one.timestamp.astimezone(UTC) for one in readings]
off = [at for at, given in zip(true, read, strict=True) if at != given]
print(len(read), "readings,", len(set(read)), "instants,", len(off), "of them wrong, warnings:", warnings)
print("wrong from", off[0].time() if off else None, "to", off[-1].time() if off else None, "UTC")
raise SystemExit(0 if len(off) == 3600 and len(set(read)) == 3 * 3600 and not warnings else 1)
PY
env/bin/python run.py
