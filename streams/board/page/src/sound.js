// Sounds that nobody takes for a bedside alarm: soft falling and rising intervals like a marimba's, not the pulse bursts
// of IEC 60601-1-8 (ten, three or one to two pulses of one pitch). High: a fifth up, twice. Medium: a third down.
// Low: one tone.

import { calling } from "./activeAlerts.js";
import { settings } from "./settings.js";
import { changed, state } from "./store.js";

const PAUSE_MAX_MS = 120_000;
const PATTERNS = {
  high: [[0, 392], [0.16, 587], [0.55, 392], [0.71, 587]],
  medium: [[0, 523], [0.22, 415]],
  low: [[0, 330]],
};
let context = null;
let lastSounded = 0;
export const audio = { on: false, pausedUntil: 0, played: [] };

const KEY = "vigilward.sound"; // until when this screen sounds: one gesture a shift is enough
const SHIFT_MS = 13 * 3_600_000;

function keep(until) {
  try {
    if (until) localStorage.setItem(KEY, String(until));
    else localStorage.removeItem(KEY);
  } catch {
    // private windows refuse; the sound is turned on anew after a reload
  }
}

const kept = () => {
  try {
    return Number(localStorage.getItem(KEY) ?? 0) > Date.now();
  } catch {
    return false;
  }
};

export async function turnOn() {
  context ??= new (window.AudioContext || window.webkitAudioContext)();
  await context.resume();
  audio.on = context.state === "running";
  if (audio.on) keep(Date.now() + SHIFT_MS);
  stayAwake();
  changed();
}

// After a reload the sound goes on where the browser lets it, else with the first touch; until then the page says SOUND OFF.
export function resume() {
  stayAwake();
  if (!kept()) return;
  const again = async () => {
    if (audio.on || !kept()) return;
    context ??= new (window.AudioContext || window.webkitAudioContext)();
    context.resume().catch(() => null);
    await new Promise((go) => setTimeout(go, 50));
    if (context.state !== "running") return;
    audio.on = true;
    for (const kind of ["pointerdown", "keydown"]) removeEventListener(kind, again, { capture: true });
    changed();
  };
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, again, { capture: true });
  again();
}

// The screen stays lit while it sounds, or hangs on the wall; the browser gives the lock up when the page is hidden.
let lock = null;
async function stayAwake() {
  if (!navigator.wakeLock || document.hidden || (lock && !lock.released) || !(audio.on || kept() || location.hash === "#wall")) return;
  try {
    lock = await navigator.wakeLock.request("screen");
    audio.awake = true;
    lock.addEventListener("release", () => { audio.awake = false; });
  } catch {
    // a battery that is low refuses it: the page goes on
  }
}
document.addEventListener("visibilitychange", stayAwake);
addEventListener("hashchange", stayAwake);

export function turnOff() {
  keep(0);
  audio.on = false;
  audio.pausedUntil = 0;
  changed();
}

export function pause() {
  audio.pausedUntil = performance.now() + PAUSE_MAX_MS;
  setTimeout(changed, PAUSE_MAX_MS + 50);
  changed();
}

export function unpause() {
  audio.pausedUntil = 0;
  changed();
}

export const pausedFor = () => Math.max(0, Math.round((audio.pausedUntil - performance.now()) / 1000));

export function play(priority) {
  if (!context) return;
  const start = context.currentTime + 0.02;
  for (const [at, hertz] of PATTERNS[priority]) tone(start + at, hertz, priority === "high" ? 0.32 : 0.22);
  audio.played.push(priority);
  if (audio.played.length > 50) audio.played.shift();
  lastSounded = performance.now();
}

function tone(at, hertz, loudness) {
  const gain = context.createGain();
  gain.connect(context.destination);
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(loudness, at + 0.008);
  gain.gain.exponentialRampToValueAtTime(0.0008, at + 0.5);
  for (const [times, share] of [[1, 1], [3.93, 0.18]]) {
    const wave = context.createOscillator();
    const level = context.createGain();
    wave.type = "sine";
    wave.frequency.value = hertz * times;
    level.gain.value = share;
    wave.connect(level).connect(gain);
    wave.start(at);
    wave.stop(at + 0.6);
  }
}

const audible = () => audio.on && context?.state === "running" && !pausedFor();
let queued = null;

// Several at once sound once, as the highest of them.
export function chime(priority) {
  const rank = ["low", "medium", "high"];
  if (!audible()) return;
  if (queued) {
    if (rank.indexOf(priority) > rank.indexOf(queued)) queued = priority;
    return;
  }
  queued = priority;
  setTimeout(() => {
    const one = queued;
    queued = null;
    if (audible()) play(one);
  }, 60);
}

setInterval(() => {
  if (context && audio.on && context.state !== "running") {
    audio.on = false; // the browser or the machine has taken it away: the page must say so
    changed();
  }
  if (!audible() || !state.ready) return;
  const first = calling()[0];
  const every = first?.alert.priority === "high" ? settings.resound : settings.resound * 5;
  if (first && performance.now() - lastSounded > every * 1000) play(first.alert.priority);
}, 1000);
