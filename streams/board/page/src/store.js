// All that this screen knows, and who wants to hear of changes. Renders are gathered into one a frame.

export const state = {
  me: null, // /api/me
  beds: new Map(), // patient -> status
  alerts: new Map(), // alert_id -> newest revision
  sparks: new Map(), // patient -> {minutes, vitals, least, most, priority}
  namesFail: false, // the directory does not answer
  names: {}, // patient -> {name, born, number}
  assigned: new Map(), // patient -> {login, name, until, by}
  rules: {}, // sha256 -> {holds, undo_seconds}
  pulse: null,
  ready: false, // the first whole picture has come
  heardAt: 0, // performance.now() of the last event
  linkLost: false,
  nowAt: { ward: Date.now(), at: performance.now() },
  skew: 0, // this screen's clock against the server's, ms
  pending: new Map(), // action_id -> word on its way
  offline: null, // {at}: nothing answers, and this is what was known then
  asksWho: false, // somebody wants to act where nobody is signed in
  notices: new Map(), // what -> {words, timer}: told in a corner
  newHigh: new Map(), // alert_id -> when it came up while the order was frozen
};

const listeners = new Set();
const QUIET_MS = 250; // figures that only drift are painted together
const SCROLLING_MS = 1000; // and while somebody scrolls, later still
let due = Infinity; // when the next painting is to begin
let timer = null;
let took = 0; // the last painting's time, and when it ended
let ended = 0;
let scrolled = -Infinity;

addEventListener("scroll", () => (scrolled = performance.now()), { capture: true, passive: true });

export function subscribe(fn) {
  listeners.add(fn);
  return () => listeners.delete(fn);
}

function paint() {
  due = Infinity;
  timer = null;
  const began = performance.now();
  for (const fn of listeners) fn();
  ended = performance.now();
  took = ended - began;
}

// A hidden tab has no frames; what matters (title, sound) must go on all the same.
const inFrame = () => (document.hidden ? setTimeout(paint, 100) : requestAnimationFrame(paint));

document.addEventListener("visibilitychange", () => { if (document.hidden && due < Infinity) setTimeout(paint, 100); });

// Something is to be painted: with the next frame, or (`drifting`: no alert, nobody's hand) soon, several together.
export function changed(drifting = false) {
  const now = performance.now();
  // Where painting is work (five hundred beds, an old machine) at least as long again is left to scrolling and keys.
  const rest = took > 8 ? Math.min(250, 3 * took) - (now - ended) : 0;
  const wait = Math.max(0, rest, drifting ? (now - scrolled < 200 ? SCROLLING_MS : QUIET_MS) : 0);
  if (now + wait >= due) return;
  clearTimeout(timer);
  due = now + wait;
  if (wait) timer = setTimeout(inFrame, wait);
  else inFrame();
}

// The ward's time in milliseconds: it goes on between two pulses, except where the data themselves are the clock.
export function wardNow() {
  const { ward, at } = state.nowAt;
  return state.pulse?.clock === "event" ? ward : ward + (performance.now() - at);
}

// At a station without anybody signed in everything is offered: who acts is asked then, and may do what the role may.
export const may = (what) => Boolean(!state.offline && (state.me?.may?.includes(what) || (state.me?.station && !state.me.person)));
