// Calls to this browser while no page is open: on and off, by whoever is signed in.

import { api, beforeSignOut } from "./api.js";
import { changed, state } from "./store.js";

export const device = { on: false, busy: false, failed: "" };
export const possible = () => Boolean(state.me?.push_key) && "serviceWorker" in navigator && "PushManager" in window;

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
const put = (one) => api.post("/api/push/devices", one.toJSON());

async function now() {
  const worker = await navigator.serviceWorker.getRegistration("/");
  return worker ? worker.pushManager.getSubscription() : null;
}

// On is what the board knows: until it does, the switch waits.
function begun() {
  device.busy = true;
  device.failed = "";
  changed();
}

function ended() {
  device.busy = false;
  changed();
}

export async function turnOn() {
  begun();
  try {
    if ((await Notification.requestPermission()) !== "granted") throw new Error("refused");
    await navigator.serviceWorker.register("/sw.js", { scope: "/" });
    const worker = await navigator.serviceWorker.ready;
    await put(await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(state.me.push_key) }));
    device.on = true;
  } catch (fault) {
    device.failed = fault.message || String(fault);
  }
  ended();
}

export async function turnOff() {
  begun();
  try {
    const one = await now();
    // Either is enough: the board forgets a device whose push service says that it is gone.
    const ways = one ? [one.unsubscribe(), api.post("/api/push/devices/remove", { endpoint: one.endpoint })] : [];
    const said = await Promise.allSettled(ways);
    if (said.length && said.every(({ status }) => status === "rejected")) throw said[0].reason;
    device.on = false;
  } catch (fault) {
    device.failed = fault.message || String(fault);
  }
  ended();
}

// Whoever signs in on a browser that is called is called from now on, until her session's end.
export async function renew() {
  if (!possible()) return;
  const one = await now().catch(() => null);
  if (!one) return;
  await put(one).then(() => (device.on = true), (fault) => (device.failed = fault.message));
  changed();
}

beforeSignOut.push(turnOff);
