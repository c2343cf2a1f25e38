#!/usr/bin/env bash
# brightohir 2.1.2 (Python): HL7 v2 results to FHIR, and the time of measuring.
# Seen: a row whose OBX-14 is empty gets no effective[x] at all, though OBR-7 says when it was measured; only the report beside it has
# that time. Where OBX-14 stands, `20261122115000+0100` keeps its local time and loses its offset: `2026-11-22T11:50:00`, which is no FHIR
# dateTime. A value sent twice, `120~122`, is a final 120.
# Guess before the run: OBX-14 overrides OBR-7 and OBR-7 is the time of all others, as HL7's mapping of v2 to FHIR has it; the offset
# stays; a repeated value is refused or both are kept.
# Why it matters: monitors mostly send the time once, in OBR-7. Behind such a bridge every value is timeless, and a receiver that fills
# the gap with "now" makes a backlog of hours look fresh. Look at converted times, not only at converted values, before go-live.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env; env/bin/pip install --quiet --disable-pip-version-check brightohir==2.1.2
cat > run.py <<'PY'
import sys

from brightohir import v2_to_r5

ROWS = (
    "OBX|1|NM|8867-4^Heart rate^LN||82|/min^^UCUM|||||F",
    "OBX|2|NM|8462-4^Diastolic^LN||80|mm[Hg]^^UCUM|||||F|||20261122115000+0100",
    "OBX|3|NM|8480-6^Systolic^LN||120~122|mm[Hg]^^UCUM|||||F",
)
MESSAGE = "\r".join((
    r"MSH|^~\&|GW|W|||20261122120000+0100||ORU^R01^ORU_R01|1|P|2.6", "PID|1||4711^^^H^MR||Doe^Jane",
    "OBR|1|||VS^Vitals^L|||20261122115900+0100", *ROWS, "",
))
bundle = v2_to_r5(MESSAGE)
found = [one.get("resource", one) for one in bundle["entry"]]
rows = [one for one in found if "valueQuantity" in one]
report = next(one for one in found if one.get("resourceType") == "DiagnosticReport")
for row in rows:
    print(row["code"]["coding"][0]["code"], row["valueQuantity"]["value"], row.get("effectiveDateTime"))
print("report", report.get("effectiveDateTime"))
times = [row.get("effectiveDateTime") for row in rows]
seen = times == [None, "2026-11-22T11:50:00", None] and rows[2]["valueQuantity"]["value"] == 120.0
sys.exit(0 if seen else 1)
PY
env/bin/python run.py
