// The wall screen shows every bed: where they do not all fit, page by page; whoever is new and high brings the first page.

import { useEffect, useState } from "preact/hooks";
import { state } from "./store.js";

const TURNS_MS = 12_000;

const tiles = () => [...document.querySelectorAll(".tiles.wall .tile")];
const topOf = () => document.querySelector(".top")?.getBoundingClientRect().bottom ?? 0;

const AIR = 8; // between what stands above and a page's first tile

// How far down the next page begins: at the first bed that is not wholly to be seen below; where one that has begun goes
// on below the screen, where the screen ends. null: this was the last page.
function next() {
  const [high, low] = [topOf() + AIR, innerHeight];
  const below = tiles().map((one) => one.getBoundingClientRect()).filter((box) => box.bottom > low + 1);
  if (!below.length) return null;
  return below[0].top <= high + AIR ? low - high : below[0].top - high;
}

function shown() {
  const all = tiles();
  const here = all.map((one, i) => [one.getBoundingClientRect(), i]).filter(([box]) => box.top >= topOf() - 1 && box.bottom <= innerHeight + 1).map(([, i]) => i + 1);
  if (!here.length) here.push(...all.flatMap((one, i) => { const box = one.getBoundingClientRect(); return box.bottom > topOf() && box.top < innerHeight ? [i + 1] : []; }));
  return here.length && here.length < all.length ? { from: here[0], to: here.at(-1), all: all.length } : null;
}

function turn(first = false) {
  const down = first ? null : next();
  scrollTo({ top: down === null ? 0 : scrollY + down });
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
