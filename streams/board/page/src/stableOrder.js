// The order of the tiles stands still while somebody is at them: nobody may act on the wrong bed because it moved.

const IDLE_MS = 30_000;
const REST_MS = 1_000; // a pointer that has not moved for so long is at rest
const MOVING_MS = 10_000; // so long at most a moving pointer alone holds the order
export const TOO_SOON_MS = 500; // a click so soon after the tile has moved was meant for another
let pointerDown = false;
let touched = -Infinity;
let moved = -Infinity; // a pointer over the tiles: when it moved last, and since when it does
let movingSince = null;
let sorted = -Infinity; // when the order changed last, and who stood elsewhere before
let places = new Set();

const note = () => (touched = performance.now());
addEventListener("pointerdown", () => { pointerDown = true; note(); }, { capture: true, passive: true });
for (const kind of ["pointerup", "pointercancel", "blur"]) addEventListener(kind, () => { pointerDown = false; }, { capture: true, passive: true });
addEventListener("keydown", note, { capture: true, passive: true });
addEventListener("focusin", note, { capture: true, passive: true });
addEventListener("wheel", () => { if (document.activeElement?.closest?.("[data-list]")) note(); }, { capture: true, passive: true });
addEventListener("pointermove", (event) => {
  if (!event.target.closest?.("[data-list]")) return;
  const now = performance.now();
  if (now - moved > REST_MS) movingSince = now;
  moved = now;
}, { capture: true, passive: true });

const pointerMoves = (now) => now - moved < REST_MS && movingSince !== null && now - movingSince < MOVING_MS;

export function frozen() {
  const now = performance.now();
  if (pointerMoves(now)) return true;
  if (now - touched > IDLE_MS) return false;
  return pointerDown || Boolean(document.querySelector("dialog[open], [data-pane]")) || Boolean(document.activeElement?.closest?.("[data-list]"));
}

export function release() {
  touched = -Infinity;
  movingSince = null;
}

// The order has become another: who stands elsewhere than before, and that the pointer's time begins again.
export function resorted(before, after) {
  const elsewhere = after.filter((patient, index) => before[index] !== patient);
  if (!elsewhere.length) return;
  displaced(elsewhere);
  if (movingSince !== null) movingSince = sorted;
}

// These stand elsewhere on the screen than before, by whatever it was.
export function displaced(patients) {
  const now = performance.now();
  places = new Set(now - sorted < TOO_SOON_MS ? [...places, ...patients] : patients);
  sorted = now;
}

// A pointer's click on a tile that has just moved: it was meant for what stood there before.
export function tooSoon(event) {
  if (!event.detail || performance.now() - sorted >= TOO_SOON_MS) return false; // detail 0: a key, whose focus moves along
  return places.has(event.target.closest?.(".tile")?.dataset.patient);
}
