// Who a patient is: from the hospital's directory, for people who are signed in.

import { state } from "./store.js";
import { day } from "./time.js";
import { html } from "./html.js";
import { t } from "./i18n.js";

export const nameOf = (patient) => state.names[patient];
export const bedOf = (status) => status?.bed ?? t("no_bed");

export function Person({ patient, name }) {
  if (!name) return null;
  return html`<span class="facts">${[name.born && day(name.born), name.number].filter(Boolean).join(" · ")}</span>`;
}
