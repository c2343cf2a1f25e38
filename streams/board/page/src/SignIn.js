// Signing in: on a screen of one's own, and in one step where somebody else stands at the station.

import { useState } from "preact/hooks";
import { api } from "./api.js";
import { Dialog } from "./Dialog.js";
import { html } from "./html.js";
import { changed, state } from "./store.js";
import { t } from "./i18n.js";

export function Entrance({ entered }) {
  const [said, setSaid] = useState({ login: "", password: "" });
  const [failed, setFailed] = useState(null);
  const give = async (event) => {
    event.preventDefault();
    try {
      await api.signIn(said.login, { password: said.password });
      knownHere(said.login);
      entered();
    } catch (problem) {
      setFailed(problem.status === 401 ? t("sign_in.wrong") : problem.message);
    }
  };
  return html`<main class="entrance"><form onSubmit=${give}><h1>Vigilward</h1>
    <label>${t("sign_in.name")} <input name="login" autocomplete="username" required autofocus value=${said.login} onInput=${(event) => setSaid({ ...said, login: event.target.value })} /></label>
    <label>${t("sign_in.password")} <input name="password" type="password" autocomplete="current-password" required value=${said.password} onInput=${(event) => setSaid({ ...said, password: event.target.value })} /></label>
    <p class="loud" role="alert">${failed ?? ""}</p>
    <button type="submit" class="primary">${t("sign_in")}</button><p class="hint">${t("not_an_alarm")}</p></form></main>`;
}

// Who has signed in on this screen: staff alone, so that a name and a PIN are enough the next time.
const KEY = "vigilward.people";
const MOST = 20; // as the board keeps of a screen

export function people() {
  try {
    return JSON.parse(localStorage.getItem(KEY) || "[]");
  } catch {
    return [];
  }
}

function knownHere(login) {
  if (!state.me?.person) return;
  const others = people().filter((one) => one.login !== login);
  try {
    localStorage.setItem(KEY, JSON.stringify([{ login, name: state.me.name }, ...others].slice(0, MOST)));
  } catch {
    // private windows refuse; then the name is typed
  }
}

const PIN = /^\d{6,12}$/;

// Who acts from now on: a name of this screen and a PIN, or any name and its password.
export function WhoActs({ close, entered, why }) {
  const known = people();
  const [login, setLogin] = useState("");
  const [secret, setSecret] = useState("");
  const [failed, setFailed] = useState(null);
  const give = async (event) => {
    event.preventDefault();
    const pin = PIN.test(secret) && known.some((one) => one.login === login);
    try {
      await api.signIn(login, { secret }); // one try: digits may be a password too
      knownHere(login);
      entered();
      close();
    } catch (problem) {
      setSecret("");
      setFailed(problem.status === 401 ? t(pin ? "who.pin.wrong" : "sign_in.wrong") : problem.message);
    }
  };
  const choose = (event, one) => {
    setLogin(one.login);
    event.target.closest("dialog").querySelector("[name=secret]").focus();
  };
  return html`<${Dialog} title=${t("who")} close=${close} kind="observe">
    <p class="hint">${why ?? t("who.hint")}</p>
    <form onSubmit=${give}>
      ${known.length ? html`<div class="people" role="group" aria-label=${t("who.known")}>${known.map((one) => html`<button type="button" key=${one.login} aria-pressed=${login === one.login ? "true" : "false"} onClick=${(event) => choose(event, one)}>${one.name}</button>`)}</div>` : ""}
      <label>${t("sign_in.name")} <input name="login" type="text" autocomplete="off" required value=${login} onInput=${(event) => setLogin(event.target.value)} /></label>
      <label>${t("who.secret")} <input name="secret" type="password" inputmode="text" autocomplete="off" required value=${secret} onInput=${(event) => setSecret(event.target.value)} /></label>
      <p class="loud" role="alert">${failed ?? ""}</p>
      <footer><button type="submit" class="primary">${t("sign_in")}</button><button type="button" onClick=${close}>${t("cancel")}</button>
        ${state.me?.accounts && state.me.person ? html`<button type="button" onClick=${() => api.signOut()}>${t("sign_out")}</button>` : ""}</footer>
    </form>
  </${Dialog}>`;
}

// At a station that nobody is signed in at: whoever acts is asked first.
export const nobodyIsHere = () => Boolean(state.me?.signed_in && state.me.station && !state.me.person);

export function askWho() {
  state.asksWho = true;
  changed();
}
