// Everything that this screen asks of the board.

import { changed, state } from "./store.js";

export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
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
  const detail = typeof said.detail === "string" ? said.detail : (said.detail?.[0]?.msg ?? answer.statusText);
  if (answer.status === 401 && state.me) {
    state.me = { ...state.me, signed_in: false };
    changed();
  }
  throw new Refused(answer.status, detail);
}

export const api = {
  async me() {
    state.me = await ask("GET", "/api/me");
    changed();
    return state.me;
  },
  async signIn(login, password) {
    state.me = await ask("POST", "/api/sign-in", { login, password });
    changed();
  },
  async signOut() {
    await ask("POST", "/api/sign-out", {});
    location.reload();
  },
  names: () => ask("GET", "/api/names"),
  history: (patient) => ask("POST", "/api/history", { patient_id: patient }),
  handover: (ward, hours) => ask("GET", `/api/handover?${new URLSearchParams({ ...(ward ? { ward } : {}), hours })}`),
  post: (path, body) => ask("POST", path, body),
};

let asking = null;
export function loadNames() {
  if (!state.me?.names || asking) return;
  asking = setTimeout(async () => {
    asking = null;
    try {
      const { names, failing } = await api.names();
      [state.names, state.namesFail] = [names, failing];
    } catch {
      state.namesFail = true; // a page without names is still a page
    }
    changed();
    if (state.namesFail) setTimeout(loadNames, 15_000);
  }, 50);
}
