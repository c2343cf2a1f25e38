#!/usr/bin/env bash
# npm @medplum/core 4.5.2, evalFhirPath: quantities are compared by their numbers, whatever their units.
# Seen: a temperature of 98.6 [degF] is > 38 'Cel' (a fever), a systolic pressure of 16 kPa (120 mmHg) is < 90 'mm[Hg]' (shock), an SpO2
# of 0.97 in unit 1 is not > 92 '%'. `=` looks at the unit: 98.6 [degF] = 98.6 'Cel' is false.
# Guess before the run: FHIRPath converts UCUM units before comparing, or answers empty.
# Why it matters: the same expression gives the right answer in npm fhirpath 5.2.2 and the opposite here. Check system and code first, and
# compare numbers only in the unit that you asked for.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y >/dev/null; npm install --silent --no-audit --no-fund @medplum/core@4.5.2 >/dev/null
cat > run.mjs <<'JS'
import { evalFhirPath } from "@medplum/core";
const cases = [
  [98.6, "[degF]", "Observation.value > 38 'Cel'", "[true]"], [16, "kPa", "Observation.value < 90 'mm[Hg]'", "[true]"],
  [0.97, "1", "Observation.value > 92 '%'", "[false]"], [98.6, "[degF]", "Observation.value = 98.6 'Cel'", "[false]"],
];
let same = true;
for (const [value, code, path, seen] of cases) {
  const now = JSON.stringify(evalFhirPath(path, { resourceType: "Observation",
    valueQuantity: { value, code, unit: code, system: "http://unitsofmeasure.org" } }));
  console.log(value, code, path, "->", now);
  same &&= now === seen;
}
process.exit(same ? 0 : 1);
JS
node run.mjs
