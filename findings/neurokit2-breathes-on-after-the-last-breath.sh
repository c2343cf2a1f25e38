#!/usr/bin/env bash
# neurokit2 0.3.0 (Python, physiological signals): the rate after the last breath and after the last pulse.
# Seen: a breathing signal of 15/min that stops after 30 s and stays flat for another 60 s has RSP_Rate 15.0 to its last sample; a
# photoplethysmogram that goes flat keeps PPG_Rate at its last value likewise. No value is missing and there is no warning.
# Guess before the run: the rate is missing, or falls, once the time since the last breath is longer than any breath before it.
# Why it matters: an apnoea of a minute has a normal respiration rate, and a probe that fell off has a normal pulse. Before a rate of this
# kind is used, ask when the last peak was, and have no rate after that plus one cycle.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env; env/bin/pip install --quiet --disable-pip-version-check neurokit2==0.3.0
cat > run.py <<'PY'
import neurokit2 as nk
import numpy as np

HZ, STOPS, ENDS = 50, 30, 90
at = np.arange(ENDS * HZ) / HZ


def rates(signal, process, name):
    flat = np.where(at < STOPS, signal, signal[STOPS * HZ])
    columns, peaks = process(flat, sampling_rate=HZ)
    rate = columns[f"{name}_Rate"].to_numpy()
    print(name, "last peak", round(peaks[f"{name}_Peaks"][-1] / HZ, 1), "s; rate at 20, 40, 60, 89 s:",
          [round(float(rate[second * HZ]), 1) for second in (20, 40, 60, 89)], "missing:", int(np.isnan(rate).sum()))
    return rate


breath = rates(np.sin(2 * np.pi * at / 4), nk.rsp_process, "RSP")
pulse = rates(nk.ppg_simulate(duration=ENDS, sampling_rate=HZ, heart_rate=75, random_state=1), nk.ppg_process, "PPG")
held = all(abs(rate[second * HZ] - normal) < 6 for rate, normal in ((breath, 15), (pulse, 75)) for second in (40, 60, 89))
raise SystemExit(0 if held and not np.isnan(breath).any() and not np.isnan(pulse).any() else 1)
PY
env/bin/python run.py
