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
  useEffect(() => {
    let over = false;
    const load = () => api.history(patient, hours).then((found) => { if (!over) { setHistory(found); setFailed(null); } }, (problem) => { if (!over) setFailed(problem.message); });
    load();
    const soon = recorded ? SOON_MS.map((wait) => setTimeout(load, wait)) : [];
    const every = setInterval(load, REFRESH_MS);
    return () => { over = true; clearInterval(every); soon.forEach(clearTimeout); };
  }, [patient, hours, recorded]);
  return { history, failed };
}
