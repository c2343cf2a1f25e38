#!/usr/bin/env bash
# npm @medplum/core 4.5.2, node-hl7-client 3.2.0, hl7-date 1.0.1: one HL7 v2 time with a fraction, three instants.
# HL7 v2 writes up to four digits after the second: 20261122120000.5+0000 is half a second past twelve.
# Seen: hl7-date 12:00:00.500; @medplum/core 12:00:00.005, and .1234 becomes 12:00:01.234, a second too late: the digits are
# taken as a count of milliseconds; node-hl7-client drops the fraction.
# Guess before the run: all three say .500 and .123.
# Why it matters: the time orders a patient's values and tells repeats apart. The same message through two gateways gives two times,
# and a value can land after one that was measured later. A gateway reads the fraction by its position itself.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @medplum/core@4.5.2 node-hl7-client@3.2.0 hl7-date@1.0.1 >/dev/null
cat > run.mjs <<'JS'
import { createRequire } from "node:module";
import { parseHl7DateTime } from "@medplum/core";
import { Message } from "node-hl7-client";
const hl7date = createRequire(import.meta.url)("hl7-date");
const seen = {
  "20261122120000.5+0000": ["12:00:00.005Z", "12:00:00.000Z", "12:00:00.500Z"],
  "20261122120000.1234+0000": ["12:00:01.234Z", "12:00:00.000Z", "12:00:00.123Z"],
};
let same = true;
for (const [text, expected] of Object.entries(seen)) {
  const message = new Message({ text: `MSH|^~\\&|A|B|C|D|${text}||ORU^R01^ORU_R01|1|P|2.6` });
  const now = [parseHl7DateTime(text), message.get("MSH.7").toDate().toISOString(), hl7date.parse(text).toISOString()].map((one) => one.slice(11));
  console.log(text, "medplum", now[0], "node-hl7-client", now[1], "hl7-date", now[2]);
  same &&= JSON.stringify(now) === JSON.stringify(expected);
}
process.exit(same ? 0 : 1);
JS
node run.mjs
