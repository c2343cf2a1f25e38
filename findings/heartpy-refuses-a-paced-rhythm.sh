#!/usr/bin/env bash
# heartpy 1.2.7 (Python): a perfectly regular rhythm has no heart rate.
# Seen: clean beats exactly 1.0 s apart (60/min) raise BadSignalWarning; the same beats with 10 to 20 ms of jitter give 59.98;
# an irregular rhythm gives its mean. A fit is only taken when its beat-to-beat intervals vary.
# Guess before the run: the regular signal is the easiest of all.
# Why it matters: a paced patient at a fixed rate, or a simulator used to accept an installation, is "not measurable", while the
# irregular one is measured. A heart rate derived this way must not be the only rate of a paced patient.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env; env/bin/pip install --quiet --disable-pip-version-check heartpy==1.2.7 'setuptools<81'
cat > run.py <<'PY'
import contextlib
import io
import itertools

import heartpy
import numpy as np


def rate(intervals):
    at = np.arange(0, 60, 0.01)
    signal, beat = np.zeros_like(at), 0.3
    for interval in itertools.cycle(intervals):
        if beat > 60:
            break
        signal += np.exp(-((at - beat) ** 2) / (2 * 0.03**2))
        beat += interval
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return round(float(heartpy.process(signal, 100.0)[1]["bpm"]), 1)
    except heartpy.exceptions.BadSignalWarning:
        return "BadSignalWarning"


seen = [rate([1.0]), rate([0.5]), rate([1.0, 1.01, 0.99, 1.02, 0.98]), rate([0.5, 0.8, 0.6, 1.0, 0.45, 0.9])]
print("regular 60, regular 120, jittered 60, irregular:", seen)
raise SystemExit(0 if seen[:2] == ["BadSignalWarning"] * 2 and seen[2] == 60.0 and seen[3] == 84.7 else 1)
PY
env/bin/python run.py
