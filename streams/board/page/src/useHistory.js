// A patient's last hours as the board tells them: asked for anew each minute, and soon after something has been entered.

import { useEffect, useState } from "preact/hooks";
import { api } from "./api.js";
import { state } from "./store.js";

const REFRESH_MS = 60_000;
const SOON_MS = [50, 400, 2_000]; // what was entered comes back through the broker

// `history` null: not told yet; `failed`: why not. Without `hours` as far back as the board keeps them.
export function useHistory(patient, hours) {
  const [history, setHistory] = useState(null);
  const [failed, setFailed] = useState(null);
  const recorded = [...state.pending.values()].filter((word) => word.patient === patient && word.state === "applied").map((word) => word.id).join(" ");
  const load = () => {
    let over = false;
    api.history(patient, hours).then((found) => { if (!over) { setHistory(found); setFailed(null); } }, (problem) => { if (!over) setFailed(problem.message); });
    return () => { over = true; };
  };
  useEffect(() => {
    let forget = load();
    const every = setInterval(() => { forget(); forget = load(); }, REFRESH_MS);
    return () => { clearInterval(every); forget(); };
  }, [patient, hours]);
  // Only when there is something new: what is drawn anew takes a pointer's read-out away.
  useEffect(() => {
    if (!recorded) return;
    const forgets = [];
    const soon = SOON_MS.map((wait) => setTimeout(() => forgets.push(load()), wait));
    return () => { soon.forEach(clearTimeout); for (const forget of forgets) forget(); };
  }, [patient, hours, recorded]);
  return { history, failed };
}
