// Whom to see first. Pure: statuses in, order out.

import { ms } from "./time.js";
import { isLive } from "./vitals.js";

export const RANK = { high: 3, medium: 2, low: 1 };
const WATCHED = ["resp_rate", "spo2"];
const RATES = ["pulse_rate", "heart_rate"];

export const alertStatus = (alert) => alert.lifecycle?.status ?? (alert.state === "acknowledged" ? "acknowledged" : alert.interrupts ? "calling" : "shown");
export const calls = (alert) => alert.interrupts && alertStatus(alert) === "calling";

// What was made of a thing is kept as long as the thing: a new status is a new thing.
function kept(make) {
  const known = new WeakMap();
  return (thing) => {
    if (!known.has(thing)) known.set(thing, make(thing));
    return known.get(thing);
  };
}

// The alert that stands first: by priority, what calls before what is owned, the patient before the measuring.
export const worst = kept((status) => {
  let best = null;
  for (const alert of status.alerts) if (best === null || firstOf(alert, best) < 0) best = alert;
  return best;
});

function firstOf(a, b) {
  return (
    (RANK[b.priority] ?? 0) - (RANK[a.priority] ?? 0) ||
    Number(calls(b)) - Number(calls(a)) ||
    Number(a.kind === "technical") - Number(b.kind === "technical") ||
    (ms(a.started_at) ?? 0) - (ms(b.started_at) ?? 0)
  );
}

// How well the patient is watched: all, part, none, paused, discharged; awaited: no worker has told of the patient yet.
export const watched = kept((status) => {
  if (status.awaited) return "awaited";
  if (status.paused_until) return "paused";
  const vitals = status.vitals;
  const all = Object.values(vitals);
  if (all.length && all.every((v) => v.state === "discharged")) return "discharged";
  const groups = [...WATCHED.map((name) => [vitals[name]]), RATES.map((name) => vitals[name])];
  const seen = groups.map((group) => group.some(isLive));
  if (seen.every(Boolean)) return "all";
  return seen.some(Boolean) ? "part" : "none";
});
export const HIDDEN = new Set(["none", "part", "awaited"]);

// Where the score is going: the last five minutes against the quarter of an hour before them.
export const trendOf = (spark) => (spark?.least ? risen(spark) : 0);
const risen = kept((spark) => {
  const row = spark.least;
  const last = spark.minutes[spark.minutes.length - 1];
  let [sum, count, before, earlier] = [0, 0, 0, 0];
  for (let i = row.length - 1; i >= 0 && spark.minutes[i] > last - 20; i--) {
    if (row[i] == null) continue;
    if (spark.minutes[i] > last - 5) { sum += row[i]; count++; }
    else { before += row[i]; earlier++; }
  }
  if (count < 2 || earlier < 5) return 0;
  const change = sum / count - before / earlier;
  return change >= 1 ? 1 : change <= -1 ? -1 : 0;
});

// Rows compare from left to right: priority, calling, NEWS2, trend, not monitored above quiet, bed.
export function key(status, spark, unwatched) {
  const alert = worst(status);
  const level = alert ? RANK[alert.priority] : 0;
  const how = watched(status);
  const hidden = unwatched || HIDDEN.has(how) || status.coverage === "not covered";
  return [
    level ? -level : hidden && how !== "discharged" ? 0 : 1,
    alert && !calls(alert) ? 1 : 0,
    -(status.news2?.score_min ?? -1),
    -trendOf(spark),
    how === "none" || how === "awaited" ? 0 : how === "part" ? 1 : 2,
    status.bed ?? "~",
    status.patient_id,
  ];
}

function byKey(a, b) {
  for (let i = 0; i < a.length; i++) {
    if (a[i] < b[i]) return -1;
    if (a[i] > b[i]) return 1;
  }
  return 0;
}

export function ordered(statuses, sparks, unwatched) {
  return statuses
    .map((status) => [key(status, sparks.get(status.patient_id), unwatched.has(status.patient_id)), status.patient_id])
    .sort((a, b) => byKey(a[0], b[0]))
    .map(([, patient]) => patient);
}

// How many beds stand elsewhere than they should: what the chip offers.
export function waiting(shown, wanted) {
  const place = new Map(wanted.map((patient, index) => [patient, index]));
  let moved = wanted.length - shown.filter((patient) => place.has(patient)).length;
  const rest = shown.filter((patient) => place.has(patient)).map((patient) => place.get(patient));
  // Beds outside the longest run that is already in order are those that would move.
  const tails = [];
  for (const value of rest) {
    let at = tails.findIndex((tail) => tail > value);
    if (at < 0) at = tails.length;
    tails[at] = value;
  }
  return moved + rest.length - tails.length;
}
