// The order of the tiles stands still while somebody is at them: nobody may act on the wrong bed because it moved.

const IDLE_MS = 30_000;
let pointerDown = false;
let touched = -Infinity;

const note = () => (touched = performance.now());
addEventListener("pointerdown", () => { pointerDown = true; note(); }, { capture: true, passive: true });
for (const kind of ["pointerup", "pointercancel", "blur"]) addEventListener(kind, () => { pointerDown = false; }, { capture: true, passive: true });
addEventListener("keydown", note, { capture: true, passive: true });
addEventListener("focusin", note, { capture: true, passive: true });
addEventListener("wheel", () => { if (document.activeElement?.closest?.("[data-list]")) note(); }, { capture: true, passive: true });

export function frozen() {
  if (performance.now() - touched > IDLE_MS) return false;
  return pointerDown || Boolean(document.querySelector("dialog[open], [data-pane]")) || Boolean(document.activeElement?.closest?.("[data-list]"));
}

export const release = () => (touched = -Infinity);
