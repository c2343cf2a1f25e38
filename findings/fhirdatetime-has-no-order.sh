#!/usr/bin/env bash
# fhirdatetime 1.1.0 (Python): partial FHIR dates compare equal to everything inside them, so sorting has no one answer.
# Seen: 2024-03 equals 2024-03-15 and equals 2024-03-16, which differ; the six orders of these three sort into four results.
# 2024-03-01 equals 2024-03-01T00:00:00Z.
# Guess before the run: comparing different precisions raises or answers None (as FHIRPath does), or the earliest instant counts.
# Why it matters: "the newest observation" depends on the order in which the server sent its entries. Refuse an imprecise time before
# any sorting.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env; env/bin/pip install --quiet --disable-pip-version-check fhirdatetime==1.1.0
cat > run.py <<'PY'
import itertools

from fhirdatetime import FhirDateTime

month, first, second = FhirDateTime("2024-03"), FhirDateTime("2024-03-15"), FhirDateTime("2024-03-16")
results = {tuple(str(one) for one in sorted(order)) for order in itertools.permutations([month, first, second])}
print(month == first, month == second, first == second, FhirDateTime("2024-03-01") == FhirDateTime("2024-03-01T00:00:00Z"))
print(len(results), "results of sorting", sorted(results))
raise SystemExit(0 if month == first and month == second and first != second and len(results) == 4 else 1)
PY
env/bin/python run.py
