// Finding a bed or a patient: by bed, name, or hospital number.

import { useState } from "preact/hooks";
import { Dialog } from "./Dialog.js";
import { html } from "./html.js";
import { worst } from "./order.js";
import { bedOf, nameOf, Person } from "./Person.js";
import { state } from "./store.js";
import { Priority } from "./Tile.js";
import { t } from "./i18n.js";

const MOST = 12;
const plain = (text) => String(text ?? "").normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

// Beds first, then names and numbers; what begins so before what only holds it.
export function found(text) {
  const wanted = plain(text).trim();
  if (!wanted) return [];
  const hits = [];
  for (const status of state.beds.values()) {
    const name = nameOf(status.patient_id);
    const fields = [status.bed, name?.name, name?.number].map(plain);
    const at = fields.findIndex((one) => one.includes(wanted));
    if (at >= 0) hits.push([fields[at].startsWith(wanted) ? 0 : 1, at, status.bed ?? "~", status]);
  }
  hits.sort((a, b) => a[0] - b[0] || a[1] - b[1] || (a[2] < b[2] ? -1 : 1));
  return hits.slice(0, MOST).map(([, , , status]) => status);
}

export function Search({ close, open }) {
  const [text, setText] = useState("");
  const hits = found(text);
  const go = (status) => { close(); open(status.patient_id); };
  return html`<${Dialog} title=${t("search")} close=${close} kind="observe">
    <form onSubmit=${(event) => { event.preventDefault(); if (hits.length) go(hits[0]); }}>
      <label>${t("search.what")} <input name="search" type="text" autocomplete="off" value=${text} onInput=${(event) => setText(event.target.value)} /></label>
      <p class="hint" role="status">${text.trim() ? t("search.found", { n: hits.length }) : ""}</p>
      <ul class="hits">${hits.map((status) => html`<li key=${status.patient_id}><button type="button" onClick=${() => go(status)}><b class="bed">${bedOf(status)}</b> ${nameOf(status.patient_id)?.name ?? ""} <${Person} patient=${status.patient_id} name=${nameOf(status.patient_id)} /> <${Priority} alert=${worst(status)} /></button></li>`)}</ul>
    </form>
  </${Dialog}>`;
}
