// Everything that this screen asks of the board.

import { changed, state } from "./store.js";
import { clock } from "./time.js";
import { code, has, t } from "./i18n.js";

export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

// A refusal that says its code and facts is worded here, in the page's language and by its clock.
function worded(said) {
  if (!said?.code) return null;
  const facts = Object.fromEntries(Object.entries(said).map(([name, value]) => [name, name === "since" ? clock(value) : name === "vital" ? code("vital", value) : value]));
  return has(`refused_as.${said.code}`) ? t(`refused_as.${said.code}`, facts) : said.words;
}

async function ask(method, path, body, timeout = 12_000) {
  const answer = await fetch(path, {
    method,
    credentials: "same-origin",
    headers: body === undefined ? {} : { "Content-Type": "application/json", "X-Vigilward-CSRF": state.me?.csrf ?? "" },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(timeout),
  });
  if (answer.ok) return answer.json();
  const said = await answer.json().catch(() => ({}));
  const detail = typeof said.detail === "string" ? said.detail : (worded(said.detail) ?? said.detail?.[0]?.msg ?? answer.statusText);
  if (answer.status === 401 && state.me && path !== "/api/sign-in") {
    state.me = { ...state.me, signed_in: false };
    for (const one of afterSession) one();
    changed();
  }
  throw new Refused(answer.status, detail);
}

export const afterSession = []; // what this screen must not keep once nobody is signed in
export const beforeSignOut = []; // what a browser must not go on doing for whoever has left

export const api = {
  async me() {
    state.me = await ask("GET", "/api/me");
    changed();
    return state.me;
  },
  async signIn(login, by) {
    state.me = await ask("POST", "/api/sign-in", { login, ...by });
    changed();
  },
  async signOut() {
    for (const first of beforeSignOut) await first().catch(() => null);
    await ask("POST", "/api/sign-out", {});
    location.reload();
  },
  staff: () => ask("GET", "/api/staff"),
  names: () => ask("GET", "/api/names"),
  history: (patient, hours) => ask("POST", "/api/history", { patient_id: patient, ...(hours ? { hours } : {}) }),
  handover: (ward, hours) => ask("GET", `/api/handover?${new URLSearchParams({ ...(ward ? { ward } : {}), hours })}`),
  post: (path, body) => ask("POST", path, body),
};

let asking = null;
let askedAt = Infinity; // when names are asked for next
const AGAIN_MS = { failing: 15_000, unknown: 60_000, known: 600_000 };

// Names come later than patients, and are corrected: they are asked for again, soon where one is not known.
export function loadNames(wait = 50) {
  if (!state.me?.names || !state.me.signed_in || performance.now() + wait >= askedAt) return;
  clearTimeout(asking);
  askedAt = performance.now() + wait;
  asking = setTimeout(askNames, wait);
}

async function askNames() {
  askedAt = Infinity;
  try {
    const { names, failing } = await api.names();
    [state.names, state.namesFail] = [names, failing];
  } catch {
    state.namesFail = true; // a page without names is still a page
  }
  changed();
  const whole = [...state.beds.keys()].every((patient) => patient in state.names);
  loadNames(AGAIN_MS[state.namesFail ? "failing" : whole ? "known" : "unknown"]);
}
