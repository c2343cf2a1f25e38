// Observations that a person enters: the two that no device supplies first, then a whole set.

import { useState } from "preact/hooks";
import { Dialog } from "./Dialog.js";
import { html } from "./html.js";
import { bedOf } from "./Person.js";
import { newId, send } from "./outbox.js";
import { wardNow } from "./store.js";
import { clock } from "./time.js";
import { UNITS } from "./vitals.js";
import { t } from "./i18n.js";
import { Who } from "./PatientHeader.js";

const LETTERS = ["A", "C", "V", "P", "U"];
const NUMBERS = [["resp_rate", 0, 120, 1], ["spo2", 0, 100, 1], ["systolic_bp", 0, 350, 1], ["diastolic_bp", 0, 250, 1], ["pulse_rate", 0, 350, 1], ["temperature", 20, 45, 0.1]];

export function Observe({ status, close }) {
  const [set, setSet] = useState({});
  const [ago, setAgo] = useState(0);
  const [empty, setEmpty] = useState(false);
  const put = (name, value) => {
    setEmpty(false);
    setSet({ ...set, [name]: value });
  };
  const missing = new Set(status.news2?.missing ?? []);
  const give = (event) => {
    event.preventDefault();
    const vitals = {};
    for (const [name, value] of Object.entries(set)) if (value !== "" && value != null) vitals[name] = typeof value === "string" && !LETTERS.includes(value) ? Number(value) : value;
    if (!set.supplemental_oxygen) delete vitals.oxygen_flow; // typed, and then air was ticked: the flow is not to be seen any more
    if (!Object.keys(vitals).length) return setEmpty(true);
    const taken = new Date(wardNow() - ago * 60_000).toISOString();
    send({ path: "/api/observations", patient: status.patient_id, what: t("observe.what", { bed: bedOf(status) }), body: { action_id: newId(), patient_id: status.patient_id, taken_at: taken, ...vitals } });
    close();
  };
  const pick = (name, value, label, hint) => html`<label class="pick"><input type="radio" name=${name} checked=${set[name] === value} onChange=${() => put(name, value)} /><span><b>${label}</b>${hint ? html`<small>${hint}</small>` : ""}</span></label>`;
  return html`<${Dialog} title=${t("observe")} close=${close} kind="observe">
    <${Who} status=${status} />
    <form onSubmit=${give}>
      <fieldset class=${missing.has("consciousness") ? "missing" : ""}><legend>${t("vital.consciousness")}${missing.has("consciousness") ? ` · ${t("is_missing")}` : ""}</legend>
        ${LETTERS.map((letter) => pick("consciousness", letter, letter, t(`letter.${letter}`)))}</fieldset>
      <fieldset class=${missing.has("supplemental_oxygen") ? "missing" : ""}><legend>${t("vital.supplemental_oxygen")}${missing.has("supplemental_oxygen") ? ` · ${t("is_missing")}` : ""}</legend>
        ${pick("supplemental_oxygen", false, t("air"))}${pick("supplemental_oxygen", true, t("oxygen"))}
        ${set.supplemental_oxygen && html`<label class="value">${t("vital.oxygen_flow")} <input type="number" inputmode="decimal" min="0" max="60" step="0.5" value=${set.oxygen_flow ?? ""} onInput=${(event) => put("oxygen_flow", event.target.value)} /> <span>L/min</span></label>`}</fieldset>
      <fieldset class="set"><legend>${t("observe.set")}</legend>
        ${NUMBERS.map(([name, low, high, step]) => html`<label class="value" key=${name}><span>${t(`vital.${name}`)}${missing.has(name) ? html` <em>${t("is_missing")}</em>` : ""}</span>
          <input type="number" inputmode="decimal" min=${low} max=${high} step=${step} value=${set[name] ?? ""} onInput=${(event) => put(name, event.target.value)} /> <span>${UNITS[name]}</span></label>`)}</fieldset>
      <label class="value">${t("observe.when")} <select value=${ago} onChange=${(event) => setAgo(Number(event.target.value))}>
        ${[0, 5, 15, 30, 60].map((n) => html`<option key=${n} value=${n}>${n ? t("observe.ago", { n, at: clock(wardNow() - n * 60_000) }) : t("now")}</option>`)}</select></label>
      ${empty && html`<p class="loud" role="alert">${t("observe.nothing")}</p>`}
      <footer><button type="submit" class="primary">${t("observe.save")}</button><button type="button" onClick=${close}>${t("cancel")}</button></footer>
    </form>
  </${Dialog}>`;
}
