// The last known state, for a page that is loaded while nothing answers: values and alerts without any name, on this
// screen alone, for one shift, gone with signing out.

import { afterSession, beforeSignOut } from "./api.js";
import { changed, state } from "./store.js";

const STORE = "vigilward-last-state";
const PLACE = "/last-state";
const EVERY_MS = 15_000;
const LONGEST_MS = 12 * 3_600_000;
const possible = () => "caches" in window && "serviceWorker" in navigator;

async function keep() {
  if (!state.ready || state.linkLost || state.offline || !state.me?.signed_in) return;
  const at = state.nowAt.ward + (performance.now() - state.nowAt.at);
  const open = new Set([...state.beds.values()].flatMap((status) => status.alerts.map((one) => one.alert_id)));
  const alerts = [...state.alerts.values()].filter((one) => open.has(one.alert_id));
  const said = { at, wall: Date.now(), mode: state.me.mode, beds: [...state.beds.values()], alerts };
  const store = await caches.open(STORE);
  await store.put(PLACE, new Response(JSON.stringify(said), { headers: { "Content-Type": "application/json" } }));
}

// What was known last, if anything was in this shift: nothing in it may be taken for what is so now.
export async function lastState() {
  if (!possible()) return false;
  const found = await caches.open(STORE).then((store) => store.match(PLACE)).catch(() => null);
  const said = found && (await found.json());
  if (!said || Date.now() - said.wall > LONGEST_MS) return false;
  state.beds = new Map(said.beds.map((status) => [status.patient_id, status]));
  state.alerts = new Map(said.alerts.map((alert) => [alert.alert_id, alert]));
  state.me = { signed_in: true, accounts: false, may: [], csrf: "", mode: said.mode, names: false };
  state.nowAt = { ward: said.at + (Date.now() - said.wall), at: performance.now() };
  state.offline = { at: said.at };
  changed();
  return true;
}

export async function forgetLast() {
  if (possible()) await caches.delete(STORE).catch(() => null);
}

export function install() {
  if (!possible()) return;
  navigator.serviceWorker.register("/sw.js", { scope: "/" }).catch(() => null);
  setInterval(() => keep().catch(() => null), EVERY_MS);
  setTimeout(() => keep().catch(() => null), 3_000);
}

beforeSignOut.push(forgetLast);
afterSession.push(forgetLast);
