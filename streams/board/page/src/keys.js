// The keyboard: j and k through the beds, Enter why, a acknowledge, o observe, c concern, / search, w ward, ? help, Esc back.

import { settings } from "./settings.js";

const typing = (element) => element?.closest?.("input, select, textarea, [contenteditable]");

export function listen(does) {
  const onKey = (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const dialog = document.querySelector("dialog[open]");
    if (event.key === "Escape" && !dialog) return does.back();
    if (!settings.keys || typing(event.target)) return;
    if (dialog) {
      const wanted = dialog.querySelectorAll(".reasons button");
      if (/^[0-9]$/.test(event.key) && wanted.length) {
        const button = wanted[(Number(event.key) + 9) % 10];
        if (button && !button.disabled) { event.preventDefault(); button.click(); }
      }
      return;
    }
    const act = { j: () => move(1), k: () => move(-1), a: does.acknowledge, o: does.observe, c: does.concern, "/": does.search, w: does.ward, "?": does.help }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  addEventListener("keydown", onKey);
  return () => removeEventListener("keydown", onKey);
}

function move(by) {
  const tiles = [...document.querySelectorAll("[data-list] .open")];
  const at = tiles.indexOf(document.activeElement?.closest?.(".tile")?.querySelector(".open"));
  const next = tiles[at < 0 ? (by > 0 ? 0 : tiles.length - 1) : Math.min(tiles.length - 1, Math.max(0, at + by))];
  next?.focus();
  next?.closest(".tile")?.scrollIntoView({ block: "nearest" });
}
