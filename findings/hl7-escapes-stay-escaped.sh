#!/usr/bin/env bash
# npm @medplum/core 4.5.2, simple-hl7 3.3.0, hl7-standard 1.0.4, node-hl7-client 3.2.0: escape sequences of HL7 v2.
# Seen: the component `J\T\K` stays `J\T\K` in the first three and becomes `J&K` in node-hl7-client.
# Guess before the run: a parser that splits at & and ^ also turns the escapes back.
# Why it matters: an identifier with an escaped delimiter gives two patients, one per gateway, and the keyed pseudonym of each
# differs. Decode after the split, once, and test it with an identifier.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @medplum/core@4.5.2 simple-hl7@3.3.0 hl7-standard@1.0.4 node-hl7-client@3.2.0 >/dev/null
cat > run.mjs <<'JS'
import { createRequire } from "node:module";
import { Hl7Message } from "@medplum/core";
import { Message } from "node-hl7-client";
const require = createRequire(import.meta.url);
const simple = require("simple-hl7"), Standard = require("hl7-standard");
const text = ["MSH|^~\\&|A|B|C|D|20261122120000+0000||ORU^R01^ORU_R01|1|P|2.6", "PID|1||7^^^H^MR||Doe^J\\T\\K"].join("\r");
const standard = new Standard(text);
standard.transform(() => {});
const now = {
  medplum: Hl7Message.parse(text).getSegment("PID").getComponent(5, 2),
  "simple-hl7": new simple.Parser().parse(text).getSegment("PID").getComponent(5, 2),
  "hl7-standard": standard.get("PID.5.2"),
  "node-hl7-client": new Message({ text }).get("PID.5.2").toString(),
};
console.log(JSON.stringify(now));
const seen = { medplum: "J\\T\\K", "simple-hl7": "J\\T\\K", "hl7-standard": "J\\T\\K", "node-hl7-client": "J&K" };
process.exit(JSON.stringify(now) === JSON.stringify(seen) ? 0 : 1);
JS
node run.mjs
