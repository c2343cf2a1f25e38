#!/usr/bin/env bash
# mne 1.13.2 (Python), EDF written by edfio 0.4.18: a slow vital beside a fast waveform.
# Seen: SpO2 at 1 Hz (30 s of 97, then 30 s of 70) beside ECG at 100 Hz is read as 100 Hz through a Fourier resampling: values of
# 66.2 and 100.8 % appear that nobody measured, and a stretch read alone gives other values (down to 61.0) for the same samples.
# Guess before the run: a slow channel is held or repeated, and a sample does not depend on the stretch that is asked for.
# Why it matters: the ringing crosses bands of early-warning scores on both sides of a true fall, and an audit that reads another
# stretch cannot repeat it. Read vitals from EDF with a reader that keeps each channel's own rate.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env; env/bin/pip install --quiet --disable-pip-version-check mne==1.13.2 edfio==0.4.18
cat > run.py <<'PY'
import edfio
import mne
import numpy as np

mne.set_log_level("ERROR")
spo2 = np.array([97.0] * 30 + [70.0] * 30)
signals = [
    edfio.EdfSignal(spo2, 1, label="SpO2", physical_dimension="%", physical_range=(0, 100)),
    edfio.EdfSignal(np.sin(np.arange(6000) / 10), 100, label="ECG", physical_dimension="mV", physical_range=(-2, 2)),
]
edfio.Edf(signals, data_record_duration=1).write("ward.edf")
whole = mne.io.read_raw_edf("ward.edf", preload=True).get_data()[0]
part = mne.io.read_raw_edf("ward.edf").get_data(picks=[0], start=2900, stop=3200)[0]
print("written 70 and 97; read", whole.min().round(1), "to", whole.max().round(1), "; samples 2900-3200 alone", part.min().round(1))
print("largest difference for the same samples", np.abs(whole[2900:3200] - part).max().round(1))
raise SystemExit(0 if whole.min() < 69 and whole.max() > 100 and np.abs(whole[2900:3200] - part).max() > 1 else 1)
PY
env/bin/python run.py
