// Words on their way: sending, with the broker, applied; or refused, loudly. Tried again under the same name, also after
// the page was loaded anew; at a station whoever acts is asked first.

import { api, Refused } from "./api.js";
import { changed, state, wardNow } from "./store.js";
import { t } from "./i18n.js";

export const newId = () => crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
const AGAIN_MS = 1500;
const APPLIED_WITHIN_MS = 12_000;
const KEPT_MS = 10_000;
const ASKED_MS = 120_000; // so long a word waits for its name
const NEVER = 501; // the board cannot do it, and will not a moment later
const KEY = "vigilward.words"; // of this tab alone: gone with it
const UNSENT = new Set(["sending", "failing", "asking"]);

const login = () => state.me?.login ?? "";
const anothers = (word) => word.login != null && word.login !== login(); // nobody's word goes out under another's name
const nobody = () => Boolean(state.me?.station && !state.me.person);

// word: {path, body, patient, alert, action_type, what}; `what` is told to people.
export function send(word) {
  const id = word.body.action_id;
  state.pending.set(id, { ...word, id, state: nobody() ? "asking" : "sending", login: nobody() ? null : login(), tries: 0, began: performance.now(), saidAt: Date.now() });
  if (nobody()) state.asksWho = true;
  else attempt(id);
  keep();
  changed();
  return id;
}

// Somebody has signed in: what waited for a name goes out under hers; what another had said under her name does not.
export function sendAsked() {
  for (const [id, word] of state.pending) {
    if (word.state !== "asking") continue;
    if (refusedAsAnothers(id, word)) continue;
    state.pending.set(id, { ...word, state: "sending", login: login() });
    attempt(id);
  }
  keep();
}

// At a screen that nobody is signed in at, hers may still become so; any other word without its person is refused.
function refusedAsAnothers(id, word) {
  const late = word.login == null && word.state === "asking" && Date.now() - (word.saidAt ?? 0) > ASKED_MS;
  const over = late || (!nobody() && anothers(word));
  if (over) update(id, { state: "refused", why: t("word.anothers") });
  return over;
}

function keep() {
  const words = [...state.pending.values()].filter((word) => UNSENT.has(word.state)).map(({ id, path, body, patient, alert, action_type, what, login, saidAt }) => ({ id, path, body, patient, alert, action_type, what, login, saidAt }));
  try {
    if (words.length) sessionStorage.setItem(KEY, JSON.stringify(words));
    else sessionStorage.removeItem(KEY);
  } catch {
    // private windows refuse; then only the browser's own question stands before a reload
  }
}

// What was not sent when the page was loaded anew goes on, under the same name and by the same person.
export function restore() {
  let words = [];
  try {
    words = JSON.parse(sessionStorage.getItem(KEY) || "[]");
  } catch {
    return;
  }
  for (const word of words) {
    if (state.pending.has(word.id)) continue;
    const mine = word.login == null ? null : word.login === login();
    const now = mine === null || (!mine && nobody()) ? "asking" : mine ? "sending" : "refused";
    state.pending.set(word.id, { ...word, state: now, why: now === "refused" ? t("word.anothers") : undefined, tries: 0, began: performance.now() });
    if (now === "sending") attempt(word.id);
    if (now === "asking" && !refusedAsAnothers(word.id, state.pending.get(word.id)) && nobody()) state.asksWho = true;
  }
  if (words.length) changed();
}

function update(id, facts) {
  const word = state.pending.get(id);
  if (!word) return;
  state.pending.set(id, { ...word, ...facts });
  keep();
  changed();
}

// A worker may have answered before the board did, or while the board's answer was lost: its word is the last.
const settled = (id) => ["applied", "refused"].includes(state.pending.get(id)?.state);

async function attempt(id) {
  const word = state.pending.get(id);
  if (!word || settled(id) || word.state === "asking") return;
  if (nobody() && anothers(word)) {
    state.asksWho = true;
    return update(id, { state: "asking" });
  }
  if (refusedAsAnothers(id, word)) return;
  try {
    await api.post(word.path, word.body);
    update(id, { ...(settled(id) ? {} : { state: word.action_type ? "sent" : "applied" }), sentAt: performance.now(), sentWard: wardNow() });
  } catch (problem) {
    if (settled(id)) return;
    if (problem instanceof Refused && [401, 403].includes(problem.status) && (await sessionIsOver())) {
      state.asksWho = true;
      return update(id, { state: "asking" }); // it stays hers
    }
    // A network that is gone and a broker that is away are reasons to try again; a refusal is not.
    const lasting = problem instanceof Refused && (problem.status < 500 || problem.status === NEVER) && problem.status !== 429;
    update(id, { state: lasting ? "refused" : "failing", why: problem.message, tries: word.tries + 1 });
    if (!lasting) setTimeout(() => attempt(id), AGAIN_MS);
  }
}

// Whether whoever was signed in at this station is so no longer.
async function sessionIsOver() {
  await api.me().catch(() => null);
  return nobody();
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
    } else if (word.state === "asking" && word.login == null && nobody() && !state.asksWho) {
      dismiss(id); // whoever was asked for her name did not give it: it is not said
    } else if (word.state === "asking" && word.login == null) refusedAsAnothers(id, word);
  }
}, 500);

export function dismiss(id) {
  state.pending.delete(id);
  keep();
  changed();
}

export const onItsWay = (alertId) => {
  for (const word of state.pending.values()) if (word.alert === alertId && ["sending", "failing", "sent"].includes(word.state)) return word;
  return null;
};

addEventListener("beforeunload", (event) => {
  for (const word of state.pending.values()) if (UNSENT.has(word.state)) event.preventDefault();
});
