#!/usr/bin/env bash
# npm hl7-date 1.0.1 and @medplum/core 4.5.2: an HL7 v2 time without an offset.
# Seen: hl7-date takes the zone of the machine that runs it, @medplum/core takes UTC; on a machine in Tokyo the same text is nine
# hours apart, and neither says that the message named no zone. A date alone (20261122) becomes midnight in both.
# Guess before the run: both use the machine's zone, as JavaScript's Date does for a local time, or both keep "no zone".
# Why it matters: monitors mostly send no offset. A shift of the zone makes every value late or ahead, and nothing in the parsed value
# shows it. A gateway needs the site's zone as a setting, and refuses a time without one when the setting is missing.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @medplum/core@4.5.2 hl7-date@1.0.1 >/dev/null
cat > run.mjs <<'JS'
import { createRequire } from "node:module";
import { parseHl7DateTime } from "@medplum/core";
const hl7date = createRequire(import.meta.url)("hl7-date");
const now = ["20261122120000", "20261122"].map((text) => [hl7date.parse(text).toISOString(), parseHl7DateTime(text)]);
console.log("zone of the machine: Asia/Tokyo", JSON.stringify(now));
const seen = [["2026-11-22T03:00:00.000Z", "2026-11-22T12:00:00.000Z"], ["2026-11-21T15:00:00.000Z", "2026-11-22T00:00:00.000Z"]];
process.exit(JSON.stringify(now) === JSON.stringify(seen) ? 0 : 1);
JS
TZ=Asia/Tokyo node run.mjs
