#!/usr/bin/env bash
# npm @medplum/core 4.5.2, simple-hl7 3.3.0, hl7-standard 1.0.4, node-hl7-client 4.0.0: a message with delimiters of its own.
# Seen: simple-hl7 and hl7-standard read OBX-5 of `82` as an empty text and as undefined, without an error; the other two read 82. With
# the usual delimiters all four read 82.
# Guess before the run: MSH-1 and MSH-2 are there to be read, so every parser splits by them or refuses the message.
# Why it matters: chapter 2 of HL7 v2 lets a sender choose its delimiters. A bridge in front of a gateway that reads a heart rate
# as an empty text reports "no value" for a monitor that sends one each second. Forward the bytes as they are.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @medplum/core@4.5.2 simple-hl7@3.3.0 hl7-standard@1.0.4 node-hl7-client@4.0.0 >/dev/null
cat > run.mjs <<'JS'
import { createRequire } from "node:module";
import { Hl7Message } from "@medplum/core";
import { Message } from "node-hl7-client";
const require = createRequire(import.meta.url);
const simple = require("simple-hl7"), Standard = require("hl7-standard");
const own = [
  "MSH$%*!@$MON$W$$$20261129220000+0100$$ORU%R01%ORU_R01$1$P$2.6", "PID$1$$4711%%%H%MR",
  "OBX$1$NM$8867-4%Heart rate%LN$$82$/min$$$$$F",
].join("\r");
const usual = own.replaceAll("$", "|").replaceAll("%", "^").replaceAll("*", "~").replaceAll("!", "\\").replaceAll("@", "&");
const readers = {
  medplum: (text) => Hl7Message.parse(text).getSegment("OBX").getField(5).toString(),
  "simple-hl7": (text) => new simple.Parser().parse(text).segments[1].getField(5),
  "hl7-standard": (text) => { const one = new Standard(text); one.transform(() => {}); return one.get("OBX.5"); },
  "node-hl7-client": (text) => new Message({ text }).get("OBX.5").toString(),
};
const now = Object.fromEntries(Object.entries(readers).map(([name, read]) => [name, [usual, own].map((text) => {
  try { return read(text) ?? null; } catch (error) { return `refused: ${error.message}`.slice(0, 60); }
})]));
console.log(JSON.stringify(now));
const seen = {
  medplum: ["82", "82"], "simple-hl7": ["82", ""], "hl7-standard": ["82", null], "node-hl7-client": ["82", "82"],
};
process.exit(JSON.stringify(now) === JSON.stringify(seen) ? 0 : 1);
JS
node run.mjs
