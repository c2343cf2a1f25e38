// The row of changes from the board, and whether it still comes.

import { changed, state } from "./store.js";
import { api, loadNames } from "./api.js";
import { heard as heardAlert } from "./activeAlerts.js";
import { tellOfBeds } from "./scope.js";

export const QUIET_MS = 3500; // a pulse comes every second
let source = null;
let again = null;
let known = null; // the last whole ward before the picture that this screen has now
let waits = false; // a board that has just started still reads: the last picture stands until it has read all
const NOTHING = { alerts: [] }; // what was known of somebody new

export function connect() {
  close();
  waits = false;
  source = new EventSource("/api/stream");
  source.addEventListener("whole", (event) => whole(JSON.parse(event.data)));
  source.addEventListener("changes", (event) => changes(JSON.parse(event.data)));
  source.addEventListener("assigned", (event) => { assigned(JSON.parse(event.data)); changed(); });
  source.addEventListener("pulse", (event) => pulse(JSON.parse(event.data)));
  let opened = false;
  source.onopen = () => {
    // The row was cut and goes on: whoever was signed in at a station may be so no longer.
    if (opened) api.me().catch(() => null);
    opened = true;
  };
  source.onerror = () => {
    // The browser itself tries again after a cut; after a refusal (signed out, board starting) it does not.
    if (source.readyState !== EventSource.CLOSED) return;
    clearTimeout(again);
    again = setTimeout(async () => {
      await api.me().catch(() => null);
      if (state.me?.signed_in !== false) connect();
    }, 1000);
  };
}

export function close() {
  clearTimeout(again);
  source?.close();
  source = null;
}

function assigned(said) {
  const now = new Map(Object.entries(said));
  tellOfBeds(now);
  state.assigned = now;
}

function alive() {
  state.heardAt = performance.now();
  if (state.linkLost) state.linkLost = false;
}

function whole(said) {
  alive();
  if (state.ready) known = state.beds;
  if (!said.ready && known) {
    // Half a ward would take tiles, and the focus with them, from under somebody's hands.
    waits = true;
    pulse(said.pulse);
    return changed();
  }
  state.beds = new Map(said.beds.map((status) => [status.patient_id, status]));
  state.alerts = new Map(said.alerts.map((alert) => [alert.alert_id, alert]));
  state.sparks = new Map(Object.entries(said.sparks));
  state.ready = said.ready;
  state.rules = said.rules ?? {};
  assigned(said.assigned ?? {});
  pulse(said.pulse);
  loadNames();
  // What began to call while the page was away calls now: it is new to whoever stands here.
  for (const status of state.beds.values()) heardAlert(status, before(status.patient_id, known));
  changed();
}

// What this screen knew of a patient before; null: this is the first picture of all, and nothing in it is news.
const before = (patient, begun) => known?.get(patient) ?? (begun ? NOTHING : null);

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
// Only figures have moved: no alert, no concern, nothing that somebody waits for.
const drifts = (status, before) => before && same(status.alerts, before.alerts) && same(status.resolved, before.resolved) && same(status.concern, before.concern) && same(status.actions, before.actions);

function changes(said) {
  const lost = state.linkLost;
  alive();
  if (waits) return;
  let strange = false;
  let drifting = !lost && !said.gone.length && !said.alerts.length;
  for (const status of said.beds) {
    const earlier = state.beds.get(status.patient_id);
    strange ||= !earlier;
    drifting &&= drifts(status, earlier);
    state.beds.set(status.patient_id, status);
    heardAlert(status, earlier ?? before(status.patient_id, known || state.ready));
  }
  for (const patient of said.gone) forget(patient);
  for (const alert of said.alerts) state.alerts.set(alert.alert_id, alert);
  for (const [patient, more] of Object.entries(said.sparks)) state.sparks.set(patient, joined(state.sparks.get(patient), more));
  if (said.rules) state.rules = said.rules;
  state.nowAt = { ward: said.now, at: performance.now() };
  if (strange) loadNames();
  if (state.alerts.size > 4000) forgetEnded();
  changed(drifting);
}

// A wall screen stands there for months: who has left, leaves nothing behind.
function forget(patient) {
  state.beds.delete(patient);
  state.sparks.delete(patient);
  for (const [id, alert] of state.alerts) if (alert.patient_id === patient) state.alerts.delete(id);
  for (const [id, one] of state.newHigh) if (one.patient === patient) state.newHigh.delete(id);
}

function forgetEnded() {
  for (const [id, alert] of state.alerts) if (alert.state === "cleared") state.alerts.delete(id);
}

// A pulse that says nothing new paints nothing: what ticks, ticks by itself.
function pulse(said) {
  const lost = state.linkLost;
  alive();
  const { now, wall, ...facts } = said;
  const told = JSON.stringify([facts, Math.floor(now / 60_000), Math.round((Date.now() - wall) / 30_000)]);
  state.pulse = said;
  state.ready = said.ready;
  state.nowAt = { ward: said.now, at: performance.now() };
  state.skew = Date.now() - said.wall;
  if (lost || told !== lastPulse) changed();
  lastPulse = told;
  if (waits && said.ready) connect();
}

let lastPulse = "";

const KEEP = 60;

// The last hour of a row, with the new minutes at its end.
function joined(before, more) {
  if (!before) return more;
  const since = more.minutes[0];
  const keep = before.minutes.findIndex((minute) => minute >= since);
  const old = keep < 0 ? before.minutes.length : keep;
  const minutes = [...before.minutes.slice(0, old), ...more.minutes];
  const first = Math.max(0, minutes.findIndex((minute) => minute > minutes[minutes.length - 1] - KEEP));
  const row = (a, b) => [...(a ?? Array(before.minutes.length).fill(null)).slice(0, old), ...(b ?? Array(more.minutes.length).fill(null))].slice(first);
  const vitals = {};
  for (const name of new Set([...Object.keys(before.vitals), ...Object.keys(more.vitals)])) {
    const [a, b] = [before.vitals[name], more.vitals[name]];
    vitals[name] = { value: row(a?.value, b?.value), low: row(a?.low, b?.low), high: row(a?.high, b?.high) };
  }
  return {
    minutes: minutes.slice(first),
    vitals,
    least: row(before.least, more.least),
    most: row(before.most, more.most),
    priority: row(before.priority, more.priority),
  };
}

// Silence is told: no pulse for three and a half seconds, and the banner stands there.
setInterval(() => {
  if (!state.heardAt) return;
  const lost = performance.now() - state.heardAt > QUIET_MS;
  if (lost !== state.linkLost) {
    state.linkLost = lost;
    changed();
  }
  // A stream that is open and silent may be dead without anybody having said so.
  if (lost && performance.now() - state.heardAt > 3 * QUIET_MS && source?.readyState === EventSource.OPEN) connect();
}, 500);

// Somebody is using the page: that keeps the session. A wall screen is in use by being there.
let used = performance.now();
for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => (used = performance.now()), { capture: true, passive: true });
setInterval(() => {
  const inUse = performance.now() - used < 60_000 || location.hash === "#wall";
  if (inUse && state.me?.signed_in && !state.linkLost) api.me().catch(() => null);
}, 60_000);
