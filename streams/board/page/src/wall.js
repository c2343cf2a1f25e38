// The wall screen shows every bed: where they do not all fit, page by page; whoever is new and high brings the first page.

import { useEffect, useState } from "preact/hooks";
import { state } from "./store.js";

export const TURNS_MS = 12_000;

const tiles = () => [...document.querySelectorAll(".tiles.wall .tile")];
const topOf = () => document.querySelector(".top")?.getBoundingClientRect().bottom ?? 0;

// The first bed that is not wholly to be seen below; null: this was the last page.
function next() {
  const low = innerHeight;
  return tiles().find((one) => one.getBoundingClientRect().bottom > low && one.getBoundingClientRect().top > topOf() + 1) ?? null;
}

function shown() {
  const all = tiles();
  const here = all.map((one, i) => [one.getBoundingClientRect(), i]).filter(([box]) => box.top >= topOf() - 1 && box.bottom <= innerHeight + 1).map(([, i]) => i + 1);
  return here.length && here.length < all.length ? { from: here[0], to: here.at(-1), all: all.length } : null;
}

function turn(first = false) {
  const one = first ? null : next();
  scrollTo({ top: one ? scrollY + one.getBoundingClientRect().top - topOf() - 8 : 0 });
}

// Which beds stand here now, of how many; null where all do.
export function usePages(wall) {
  const [page, setPage] = useState(null);
  const high = wall && [...state.newHigh.keys()].join(" ");
  useEffect(() => {
    if (!wall) return;
    const look = () => setPage((before) => { const now = shown(); return JSON.stringify(now) === JSON.stringify(before) ? before : now; });
    const every = setInterval(() => { turn(); look(); }, TURNS_MS);
    const often = setInterval(look, 1_000);
    look();
    return () => { clearInterval(every); clearInterval(often); };
  }, [wall]);
  useEffect(() => { if (high) turn(true); }, [high]);
  return page;
}
