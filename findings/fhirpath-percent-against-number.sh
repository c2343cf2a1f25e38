#!/usr/bin/env bash
# npm fhirpath 5.2.2 (FHIR R4 model): a Quantity is compared with a plain number after conversion to UCUM's unit 1.
# Seen: with valueQuantity 97 '%', `Observation.value > 90` is false, `Observation.value < 92` is true, `= 97` is false.
# Seen: with valueQuantity 120 '/min', `Observation.value > 110` is empty: the rule neither holds nor fails.
# Guess before the run: the number is compared with the number (97 > 90), or an error says that the units differ.
# Why it matters: a rule "SpO2 below 92" written this way calls for every healthy patient, and "heart rate above 110" never calls.
# Write `Observation.value.value` after a check of system and code, or a quantity literal with its unit: 92 '%'.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y >/dev/null; npm install --silent --no-audit --no-fund fhirpath@5.2.2 >/dev/null
cat > run.cjs <<'JS'
const fhirpath = require("fhirpath"), r4 = require("fhirpath/fhir-context/r4");
const ask = (value, code, path) => JSON.stringify(fhirpath.evaluate({ resourceType: "Observation",
  valueQuantity: { value, code, system: "http://unitsofmeasure.org" } }, path, null, r4));
const cases = [
  [97, "%", "Observation.value > 90", "[false]"], [97, "%", "Observation.value < 92", "[true]"], [97, "%", "Observation.value = 97", "[false]"],
  [97, "%", "Observation.value > 90 '%'", "[true]"], [120, "/min", "Observation.value > 110", "[]"], [120, "/min", "Observation.value > 110 '/min'", "[true]"],
];
let same = true;
for (const [value, code, path, seen] of cases) {
  const now = ask(value, code, path);
  console.log(value, code, path, "->", now);
  same &&= now === seen;
}
process.exit(same ? 0 : 1);
JS
node run.cjs
