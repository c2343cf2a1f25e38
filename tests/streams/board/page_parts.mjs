// Parts of the page that need no browser: what is said of one and of many, what an order is called, where a chart is red.
// argv[2]: the bundled modules; standard input: charts as the board lays them out. Prints what they say.

import { readFileSync } from "node:fs";

globalThis.localStorage = globalThis.sessionStorage = { getItem: () => null, setItem: () => {}, removeItem: () => {} };
globalThis.addEventListener = () => {};
globalThis.document = { hidden: false, addEventListener: () => {}, querySelectorAll: () => [], querySelector: () => null, documentElement: {} };
globalThis.location = { hash: "", href: "" };
Object.defineProperty(globalThis, "navigator", { value: { language: "en" }, configurable: true });
globalThis.setInterval = () => 0;

const { t, settings, redOf, orderSaid, flags, state, entered } = await import(process.argv[2]);
const charts = JSON.parse(readFileSync(0, "utf8"));
const many = ["burden", "handover.calls", "cover.nobody", "cover.take.yes"];
const say = () => Object.fromEntries(many.map((key) => [key, [1, 2].map((n) => t(key, { n, budget: 3 }))]));
const found = { en: say(), red: charts.map((chart) => Object.fromEntries(["resp_rate", "spo2", "heart_rate", "systolic_bp", "temperature"].map((name) => [name, redOf(name, chart)]))) };

const limit = { order: "limit", vital: "heart_rate", ended: true, prescriber: "Dr Haas" };
found.orders = [orderSaid(limit), orderSaid({ ...limit, ended: false })];
state.pulse = { unconfirmed: { p: [limit] } };
const standing = { order: "limit", vital: "spo2", low: 88, high: null };
found.flags = flags({ patient_id: "p", orders: [standing] }).map((one) => [one.words, one.waits]);
settings.language = "de";
found.de = say();
found.entered = entered({ spo2: "95", temperature: "", oxygen_flow: "4", supplemental_oxygen: false });

console.log(JSON.stringify(found));
process.exit(0);
