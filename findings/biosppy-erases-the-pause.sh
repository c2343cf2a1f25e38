#!/usr/bin/env bash
# biosppy 2.2.4 (Python, physiological signals): the beat-to-beat heart rate of pauses, bradycardia and tachycardia.
# Seen: with beats a second apart and one pause of 4 s (15/min) every rate that comes out is 60; the pause leaves no value and no gap that
# is marked. A heart at a steady 35/min, and one at 210/min, has no rate at all: two empty arrays, no error. (One line of the
# function's notes says that 40 to 200/min is assumed.)
# Guess before the run: 15 appears between the 60s, 35 and 210 are given, or what is out of range is NaN in its place.
# Why it matters: what a watch is for is what is left out; the lowest rate of a night with a block is 60. Take beats from such a
# library and work out the intervals yourself; judge an empty answer as "not measured", never as "nothing found".
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env; env/bin/pip install --quiet --disable-pip-version-check biosppy==2.2.4 peakutils==1.3.5
cat > run.py <<'PY'
import numpy as np
from biosppy.signals.tools import get_heart_rate


def rates(intervals):
    beats = np.cumsum(intervals) * 1000
    return [round(float(rate), 1) for rate in get_heart_rate(beats, sampling_rate=1000.0)["heart_rate"]]


pause, slow, fast = rates([1.0] * 10 + [4.0] + [1.0] * 10), rates([60 / 35] * 20), rates([60 / 210] * 20)
print("a pause of 4 s:", len(pause), "rates,", min(pause), "to", max(pause), "| 35/min:", slow, "| 210/min:", fast)
raise SystemExit(0 if len(pause) == 19 and set(pause) == {60.0} and slow == [] and fast == [] else 1)
PY
env/bin/python run.py
