#!/usr/bin/env bash
# fhirclient 4.4.0 (SMART, Python): a month becomes an instant, and an exact decimal is refused.
# Seen: effectiveDateTime "2024-03" gives .date = 2024-03-01 00:00:00 without a zone, while as_json() still says "2024-03"; a value of
# Decimal("36.80") raises FHIRValidationError (only float and int are taken).
# Guess before the run: a partial date stays partial (or None), and Decimal is the type for FHIR's decimal.
# Why it matters: code that reads .date files a value of "some time in March" at a minute nobody wrote. Read the text, not .date.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env; env/bin/pip install --quiet --disable-pip-version-check fhirclient==4.4.0
cat > run.py <<'PY'
from datetime import datetime
from decimal import Decimal

from fhirclient.models.fhirabstractbase import FHIRValidationError
from fhirclient.models.observation import Observation


def observation(value, at):
    return Observation({
        "resourceType": "Observation", "status": "final", "code": {"coding": [{"system": "http://loinc.org", "code": "8310-5"}]},
        "effectiveDateTime": at, "valueQuantity": {"value": value, "unit": "Cel"},
    })


month = observation(36.8, "2024-03")
print(repr(month.effectiveDateTime.date), month.as_json()["effectiveDateTime"])
try:
    observation(Decimal("36.80"), "2024-03-01T10:00:00Z")
    exact = "taken"
except FHIRValidationError:
    exact = "FHIRValidationError"
print("Decimal:", exact)
raise SystemExit(0 if month.effectiveDateTime.date == datetime(2024, 3, 1) and exact == "FHIRValidationError" else 1)
PY
env/bin/python run.py
