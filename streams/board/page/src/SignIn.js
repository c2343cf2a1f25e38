// Signing in.

import { useState } from "preact/hooks";
import { api } from "./api.js";
import { html } from "./html.js";
import { t } from "./i18n.js";

export function Entrance({ entered }) {
  const [said, setSaid] = useState({ login: "", password: "" });
  const [failed, setFailed] = useState(null);
  const give = async (event) => {
    event.preventDefault();
    try {
      await api.signIn(said.login, said.password);
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
