#!/usr/bin/env bash
# fit-tool 0.9.16 (Python, FIT files): the format's "invalid" numbers are given out as measurements.
# Seen: a record whose heart rate is 0xFF, whose temperature is 0x7F and whose respiration rate is 0xFF reads as 255 /min, 127 degC and
# 255 /min; a field that is absent reads as None. A temperature of 36.8 is written as 36 without an error (the field holds whole degrees).
# Guess before the run: the profile's invalid value reads as None, and 36.8 is refused.
# Why it matters: a watch that is not worn becomes a heart rate of 255. Compare each field with the invalid value of its base type
# before it becomes a reading.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env; env/bin/pip install --quiet --disable-pip-version-check fit-tool==0.9.16
cat > run.py <<'PY'
from fit_tool.fit_file import FitFile
from fit_tool.fit_file_builder import FitFileBuilder
from fit_tool.profile.messages.file_id_message import FileIdMessage
from fit_tool.profile.messages.record_message import RecordMessage
from fit_tool.profile.profile_type import FileType, Manufacturer


def through_a_file(**fields):
    builder = FitFileBuilder(auto_define=True)
    head = FileIdMessage()
    head.type, head.manufacturer = FileType.ACTIVITY, Manufacturer.DEVELOPMENT.value
    builder.add(head)
    record = RecordMessage()
    record.timestamp = 1_700_000_000_000
    for name, value in fields.items():
        setattr(record, name, value)
    builder.add(record)
    read = FitFile.from_bytes(builder.build().to_bytes())
    return next(one.message for one in read.records if isinstance(one.message, RecordMessage))


worn_off = through_a_file(heart_rate=0xFF, temperature=0x7F, respiration_rate=0xFF)
seen = [worn_off.heart_rate, worn_off.temperature, worn_off.respiration_rate, through_a_file(heart_rate=60).temperature,
        through_a_file(temperature=36.8).temperature]
print("heart rate, temperature, respiration, absent temperature, 36.8 degC:", seen)
raise SystemExit(0 if seen == [255, 127, 255, None, 36] else 1)
PY
env/bin/python run.py
