// Who has which beds in this shift, and which nobody has.

import { useEffect, useState } from "preact/hooks";
import { api } from "./api.js";
import { cx, html } from "./html.js";
import { worst } from "./order.js";
import { Bed } from "./Lists.js";
import { newId, send } from "./outbox.js";
import { unreachedOf } from "./reach.js";
import { coveredBy } from "./scope.js";
import { settings } from "./settings.js";
import { nobodyIsHere } from "./SignIn.js";
import { may, state } from "./store.js";
import { clock } from "./time.js";
import { Priority } from "./Tile.js";
import { code, t } from "./i18n.js";

const AT_ONCE = 100; // beds in one word: the board takes two hundred
const give = (patients, login, what, more) => send({ path: "/api/assignments", patient: patients[0], what, body: { action_id: newId(), patients, login, ...more } });

function giveAll(patients, login) {
  for (let i = 0; i < patients.length; i += AT_ONCE) give(patients.slice(i, i + AT_ONCE), login, t("cover.take.what", { n: patients.slice(i, i + AT_ONCE).length }));
}

// All that nobody has in the ward that is shown, under her name, once she has seen how many they are.
function TakeAll({ patients }) {
  const [asked, ask] = useState(false);
  const n = patients.length;
  if (!asked) return html`<p><button type="button" onClick=${() => ask(true)}>${t("cover.take.all", { n })}</button></p>`;
  return html`<p class="take-all" role="group" aria-label=${t("cover.take.all", { n })}><b>${t("cover.take.sure", { n, who: state.me.name, ward: settings.ward ? t("ward.one", { ward: settings.ward }) : t("ward.all") })}</b>
    <button type="button" class="primary" onClick=${() => { giveAll(patients, state.me.login); ask(false); }}>${t("cover.take.yes", { n })}</button> <button type="button" onClick=${() => ask(false)}>${t("cancel")}</button></p>`;
}

// A bed that another has is taken over in two steps: who has it is read before it is done.
function TakeOver({ status, has }) {
  const [asked, ask] = useState(false);
  const bed = status.bed ?? t("no_bed");
  if (!asked) return html`${has.name} <button type="button" onClick=${() => ask(true)} aria-label=${`${t("ack.take_over")}: ${bed}`}>${t("ack.take_over")}</button>`;
  const take = () => { give([status.patient_id], state.me.login, t("cover.what", { bed }), { takes_over: has.login }); ask(false); };
  return html`<b>${t("cover.over.sure", { bed, who: has.name })}</b> <button type="button" class="primary" onClick=${take}>${t("ack.take_over")}</button> <button type="button" onClick=${() => ask(false)}>${t("cancel")}</button>`;
}

export function Cover({ statuses, visit }) {
  const [staff, setStaff] = useState([]);
  useEffect(() => { api.staff().then(setStaff, () => setStaff([])); }, [state.me?.login]);
  const beds = [...statuses].sort((a, b) => (a.ward ?? "").localeCompare(b.ward ?? "") || (a.bed ?? "~").localeCompare(b.bed ?? "~"));
  const by = new Map();
  for (const status of beds) {
    const one = coveredBy(status.patient_id);
    by.set(one?.login ?? "", [...(by.get(one?.login ?? "") ?? []), status]);
  }
  const leads = may("order");
  const mayGive = (status) => leads || (may("act") && [undefined, state.me?.login].includes(coveredBy(status.patient_id)?.login));
  const people = leads ? staff : staff.filter((one) => one.login === state.me?.login);
  const seers = (status) => people.filter((one) => !one.wards || status.ward == null || one.wards.includes(status.ward));
  const uncovered = by.get("") ?? [];
  const unreached = unreachedOf(beds);
  const names = (list) => list.map((status) => status.bed ?? t("no_bed")).join(", ");
  return html`<section class="view cover-view"><h2>${t("view.cover")}</h2>
    ${unreached.length ? html`<div class="unreached" role="note"><p><b>${t("reach.nobody")}</b> ${t(state.pulse.routes ? "reach.routes" : "reach.accounts")}</p><ul>${unreached.map((one) => html`<li key=${`${one.ward} ${one.step}`}>${one.ward ? `${t("ward.one", { ward: one.ward })}: ` : ""}<b>${code("step", one.step)}</b>${one.hour == null ? "" : ` ${t("reach.from", { at: one.hour })}`}</li>`)}</ul></div>` : ""}
    <ul class="cover-list">${uncovered.length ? html`<li class="loud">${t("cover.nobody", { n: uncovered.length })}: ${names(uncovered)}</li>` : html`<li>${t("cover.all")}</li>`}
      ${[...by].filter(([login]) => login).map(([login, list]) => html`<li key=${login}><b>${coveredBy(list[0].patient_id).name}</b> (${list.length}): ${names(list)} <small>${t("until", { at: clock(coveredBy(list[0].patient_id).until) })}</small></li>`)}</ul>
    ${may("act") && uncovered.length && state.me?.login && !nobodyIsHere() ? html`<${TakeAll} patients=${uncovered.map((one) => one.patient_id)} />` : ""}
    <table class="list"><thead><tr><th>${t("bed")}</th><th>${t("priority")}</th><th>${t("cover.by")}</th></tr></thead><tbody>
      ${beds.map((status) => { const one = coveredBy(status.patient_id); return html`<tr key=${status.patient_id} class=${cx(!one && "uncovered")}><th scope="row"><${Bed} status=${status} visit=${visit} /></th><td><${Priority} alert=${worst(status)} /></td>
        <td>${mayGive(status) && seers(status).length ? html`<select aria-label=${t("cover.of", { bed: status.bed ?? t("no_bed") })} value=${one?.login ?? ""} onChange=${(event) => give([status.patient_id], event.target.value || null, t("cover.what", { bed: status.bed ?? t("no_bed") }))}>
          <option value="">${t("cover.none")}</option>${one && !seers(status).some((person) => person.login === one.login) ? html`<option key=${one.login} value=${one.login} disabled>${one.name}</option>` : ""}${seers(status).map((person) => html`<option key=${person.login} value=${person.login}>${person.name} (${code("role", person.role)})</option>`)}</select>` : one && may("act") && state.me?.login ? html`<${TakeOver} status=${status} has=${one} />` : one ? one.name : t("cover.none")}</td></tr>`; })}</tbody></table></section>`;
}
