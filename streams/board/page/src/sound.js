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

export async function turnOn() {
  context ??= new (window.AudioContext || window.webkitAudioContext)();
  await context.resume();
  audio.on = context.state === "running";
  changed();
}

export function turnOff() {
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
