// Words on their way: sending, with the broker, applied; or refused, loudly. Tried again under the same name.

import { api, Refused } from "./api.js";
import { changed, state, wardNow } from "./store.js";

export const newId = () => crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
const AGAIN_MS = 1500;
const APPLIED_WITHIN_MS = 12_000;
const KEPT_MS = 10_000;

// word: {path, body, patient, alert, action_type, what}; `what` is told to people.
export function send(word) {
  const id = word.body.action_id;
  state.pending.set(id, { ...word, id, state: "sending", tries: 0, began: performance.now() });
  attempt(id);
  changed();
  return id;
}

function update(id, facts) {
  const word = state.pending.get(id);
  if (!word) return;
  state.pending.set(id, { ...word, ...facts });
  changed();
}

// A worker may have answered before the board did, or while the board's answer was lost: its word is the last.
const settled = (id) => ["applied", "refused"].includes(state.pending.get(id)?.state);

async function attempt(id) {
  const word = state.pending.get(id);
  if (!word || settled(id)) return;
  try {
    await api.post(word.path, word.body);
    update(id, { ...(settled(id) ? {} : { state: word.action_type ? "sent" : "applied" }), sentAt: performance.now(), sentWard: wardNow() });
  } catch (problem) {
    if (settled(id)) return;
    // A network that is gone and a broker that is away are reasons to try again; a refusal is not.
    const lasting = problem instanceof Refused && problem.status < 500 && problem.status !== 429;
    update(id, { state: lasting ? "refused" : "failing", why: problem.message, tries: word.tries + 1 });
    if (!lasting) setTimeout(() => attempt(id), AGAIN_MS);
  }
}

// What the worker says of our words: applied, or refused and why.
export function settle(status) {
  for (const result of status.actions ?? []) {
    const word = state.pending.get(result.action_id);
    if (!word || word.state === "refused" || word.state === "applied") continue;
    update(result.action_id, result.refused ? { state: "refused", why: result.refused, coded: true } : { state: "applied", sentAt: performance.now() });
  }
}

setInterval(() => {
  if (state.pending.size) changed(true); // what may be undone, may be so for seconds only
  for (const [id, word] of state.pending) {
    if (word.state === "applied" && performance.now() - word.sentAt > KEPT_MS) {
      state.pending.delete(id);
      changed();
    } else if (word.state === "sent" && performance.now() - word.sentAt > APPLIED_WITHIN_MS && !word.unanswered) {
      update(id, { unanswered: true });
    }
  }
}, 500);

export function dismiss(id) {
  state.pending.delete(id);
  changed();
}

export const onItsWay = (alertId) => {
  for (const word of state.pending.values()) if (word.alert === alertId && ["sending", "failing", "sent"].includes(word.state)) return word;
  return null;
};

addEventListener("beforeunload", (event) => {
  for (const word of state.pending.values()) if (word.state === "sending" || word.state === "failing") event.preventDefault();
});
