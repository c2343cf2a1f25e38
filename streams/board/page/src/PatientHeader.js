// Whose window this is: bed and person large, so that nobody acts on the wrong one; and a call that comes meanwhile.

import { html } from "./html.js";
import { bedOf, nameOf, Person } from "./Person.js";
import { state } from "./store.js";
import { t } from "./i18n.js";

export function Who({ status }) {
  const name = nameOf(status.patient_id);
  const others = [...state.newHigh.values()].filter((one) => one.patient !== status.patient_id);
  return html`<div class="who"><b class="bed">${bedOf(status)}</b> ${name ? html`<b>${name.name}</b> ` : ""}<${Person} patient=${status.patient_id} name=${name} />
    ${others.length ? html`<p class="meanwhile" role="status">${t("meanwhile", { beds: others.map((one) => one.bed).join(", ") })}</p>` : ""}</div>`;
}
