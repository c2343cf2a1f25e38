#!/usr/bin/env bash
# sdc11073 3.0.0 (Python, IEEE 11073 SDC): a small Decimal is sent as 0, and a duration with days is refused.
# Seen: DecimalConverter writes Decimal("0.0000001") and Decimal("5E-7") as "0" without a word; 36.80 becomes 36.8.
# DurationConverter refuses P1D and P0Y0M0DT0H0M1S, both valid xsd:duration, with ValueError.
# Guess before the run: Decimal keeps its value on the wire (that is why the library uses it), and xsd:duration is read whole.
# Why it matters: a measured value turns into a zero that looks measured; a metric whose unit makes its numbers small (mol/L, gain of
# a waveform) is affected. Choose units so that values have at most six places, and check what was written.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env; env/bin/pip install --quiet --disable-pip-version-check sdc11073==3.0.0
cat > run.py <<'PY'
from decimal import Decimal

from sdc11073.xml_types.dataconverters import DecimalConverter, DurationConverter

written = {text: DecimalConverter.to_xml(Decimal(text)) for text in ("0.0000001", "5E-7", "0.000001", "36.80", "97")}
print(written)


def duration(text):
    try:
        return DurationConverter.to_py(text)
    except ValueError:
        return "ValueError"


durations = {text: duration(text) for text in ("PT90S", "P1D", "P0Y0M0DT0H0M1S")}
print(durations)
same = written == {"0.0000001": "0", "5E-7": "0", "0.000001": "0.000001", "36.80": "36.8", "97": "97"}
raise SystemExit(0 if same and durations == {"PT90S": 90.0, "P1D": "ValueError", "P0Y0M0DT0H0M1S": "ValueError"} else 1)
PY
env/bin/python run.py
