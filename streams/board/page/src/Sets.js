// What people entered of a patient, newest first: each set with who and when, and what became of it.

import { cx, html } from "./html.js";
import { may } from "./store.js";
import { dayAndClock } from "./time.js";
import { shown, UNITS } from "./vitals.js";
import { code, t } from "./i18n.js";

const SHOWN = 12;

export function Sets({ patient, sets, showDialog }) {
  if (!sets?.length) return null;
  const byName = new Map(sets.map((one) => [one.action_id, one]));
  const wrong = (one) => one.replaced_by && !Object.keys(byName.get(one.replaced_by)?.vitals ?? {}).length;
  const rows = sets.filter((one) => Object.keys(one.vitals).length).reverse().slice(0, SHOWN);
  return html`<section class="sets"><h3>${t("sets")}</h3><ul>${rows.map((one) => html`<li key=${one.action_id} class=${cx(one.replaced_by && "gone")}>
    <time>${dayAndClock(one.taken_at)}</time> <span class="values">${Object.entries(one.vitals).map(([name, value]) => `${t(`short.${name}`)} ${shown(name, value)}${UNITS[name] ? ` ${UNITS[name]}` : ""}`).join(", ")}</span>
    <small>${one.who} (${code("role", one.role)})${one.corrects ? ` · ${t("sets.corrects")}` : ""}</small>
    ${one.replaced_by ? html`<b>${t(wrong(one) ? "sets.error" : "sets.corrected")}</b>` : may("observe") ? html`<span class="mend">${one.patient_id === patient ? html`<button type="button" onClick=${() => showDialog({ kind: "correct", patient, set: one })}>${t("correct.do")}</button> ` : ""}<button type="button" onClick=${() => showDialog({ kind: "error", patient, set: one })}>${t("error.do")}</button></span>` : ""}</li>`)}</ul></section>`;
}
