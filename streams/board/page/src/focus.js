// Focus is never lost: where what had it is gone, the nearest that stood around it has it.

let path = [];
addEventListener("focusin", (event) => (path = pathOf(event.target)), { capture: true, passive: true });

// An element and all that stands around it, from the inside out; to be asked while it is still there.
export function pathOf(element) {
  const found = [];
  for (let one = element; one && one !== document.body; one = one.parentElement) found.push(one);
  return found;
}

// Gives focus to what had it, or to what stood around it: the bed, the pane, the page.
export function giveBack(path) {
  const there = path[0]?.isConnected ? path[0] : refuge(path);
  if (path.length) there?.focus({ preventScroll: true });
}

function refuge(path) {
  const around = path.find((one) => one.isConnected && one.matches(".tile, [data-pane], dialog[open]"));
  if (!around) return document.getElementById("main");
  return around.matches("[data-pane]") ? around : around.querySelector(".open, button, input");
}

// After every painting: a button that has done its work takes the focus with it.
export function keepFocus() {
  const held = document.activeElement;
  if ((!held || held === document.body) && path.length && !path[0].isConnected) giveBack(path);
}
