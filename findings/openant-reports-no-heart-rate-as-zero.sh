#!/usr/bin/env bash
# openant 1.3.4 (Python, ANT+ heart-rate straps): "no heart rate" is the number 0.
# Seen: a data page whose computed heart rate is 0x00, which the profile calls invalid, is given out as heart_rate 0, and so is the
# time before the first page (the field's default is 0).
# Guess before the run: None, or no callback.
# Why it matters: a strap that is taken off looks like an asystole, the gravest extreme that there is. Treat 0 from this source as
# not measured, and tell the loss of the sensor instead.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env; env/bin/pip install --quiet --disable-pip-version-check openant==1.3.4
cat > run.py <<'PY'
from openant.devices.heart_rate import HeartRate, HeartRateData


class Strap(HeartRate):
    def __init__(self):  # the profile's decoder without a radio
        self.name, self.device_id = "strap", 1
        self._event_count, self.data, self.told = [0, 0], {"heart_rate": HeartRateData()}, []

    def on_device_data(self, page, name, data):
        self.told.append(data.heart_rate)


strap = Strap()
before = strap.data["heart_rate"].heart_rate
for computed in (72, 0x00):
    strap.on_data(bytes([0x00, 0xFF, 0xFF, 0xFF, 0x10, 0x20, 0x05, computed]))
print("before any page:", before, "told:", strap.told)
raise SystemExit(0 if before == 0 and strap.told == [72, 0] else 1)
PY
env/bin/python run.py
