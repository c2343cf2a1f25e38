// All that this screen knows, and who wants to hear of changes. Renders are gathered into one a frame.

export const state = {
  me: null, // /api/me
  beds: new Map(), // patient -> status
  alerts: new Map(), // alert_id -> newest revision
  sparks: new Map(), // patient -> {minutes, vitals, least, most, priority}
  names: {}, // patient -> {name, born, number}
  pulse: null,
  ready: false, // the first whole picture has come
  heardAt: 0, // performance.now() of the last event
  linkLost: false,
  nowAt: { ward: Date.now(), at: performance.now() },
  skew: 0, // this screen's clock against the server's, ms
  pending: new Map(), // action_id -> word on its way
  newHigh: new Map(), // alert_id -> when it came up while the order was frozen
  version: 0,
};

const listeners = new Set();
let queued = false;
let took = 0; // the last painting's time, and when it ended
let ended = 0;

export function subscribe(fn) {
  listeners.add(fn);
  return () => listeners.delete(fn);
}

export function changed() {
  state.version++;
  if (queued) return;
  queued = true;
  // A hidden tab has no frames; what matters (title, sound) must go on all the same.
  const next = document.hidden ? (fn) => setTimeout(fn, 100) : requestAnimationFrame;
  const paint = () => {
    queued = false;
    const began = performance.now();
    for (const fn of listeners) fn();
    ended = performance.now();
    took = ended - began;
  };
  // Where painting is work (five hundred beds, an old machine) at least as long again is left to scrolling and keys.
  const rest = took > 8 ? Math.min(250, 3 * took) - (performance.now() - ended) : 0;
  if (rest > 0) setTimeout(() => next(paint), rest);
  else next(paint);
}

// The ward's time in milliseconds: it goes on between two pulses, except where the data themselves are the clock.
export function wardNow() {
  const { ward, at } = state.nowAt;
  return state.pulse?.clock === "event" ? ward : ward + (performance.now() - at);
}

export const may = (what) => Boolean(state.me?.may?.includes(what));
