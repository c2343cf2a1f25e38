#!/usr/bin/env bash
# ecgdatakit 2.0.3 (Python, reads ECG files), WFDB record written by wfdb 4.3.1: a sampling rate that is no whole number.
# Seen: a record at 62.4725 Hz gives leads of 62 Hz without a warning, though its duration is worked out with the true rate; an event
# after 24 h stands 11 minutes late when it is placed by the lead's rate, and a pulse of 130/min is 129.0. The same package's reader of
# HL7 aECG warns before it rounds.
# Guess before the run: the rate stays 62.4725, or the reader warns.
# Why it matters: recorders with one clock for several signals have such rates. The drift grows with the recording, so that a short test
# shows nothing. Take the rate from the header, and compare samples divided by rate with the duration.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env; env/bin/pip install --quiet --disable-pip-version-check ecgdatakit==2.0.3 wfdb==4.3.1
cat > run.py <<'PY'
import warnings

import numpy as np
import wfdb
from ecgdatakit.parsing import FileParser

HZ = 62.4725
at = np.arange(int(HZ * 600)) / HZ
wfdb.wrsamp("bed", fs=HZ, units=["mV"], sig_name=["II"], p_signal=np.sin(2 * np.pi * at).reshape(-1, 1), fmt=["16"])
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    record = FileParser().parse("bed.hea")
lead = record.leads[0]
late = 24 * 60 * (HZ / lead.sampling_rate - 1)
print("written", HZ, "read", lead.sampling_rate, "| duration", record.recording.duration, "| samples by rate",
      round(len(lead.samples) / lead.sampling_rate, 1), "s | late after a day", round(late, 1), "min | warnings", [str(one.message) for one in told])
raise SystemExit(0 if lead.sampling_rate == 62 and not told and 599 < record.recording.duration.total_seconds() < 601 else 1)
PY
env/bin/python run.py
