// The other pages: observations due, resolved and not seen, and the sheet for a downtime.

import { html } from "./html.js";
import { alertStatus, worst, watched } from "./order.js";
import { bedOf, nameOf, Person } from "./Person.js";
import { say } from "./Acknowledge.js";
import { headline } from "./alertText.js";
import { onItsWay } from "./outbox.js";
import { reds } from "./reds.js";
import { may, state, wardNow } from "./store.js";
import { Age, clock, dayAndClock, Left, ms } from "./time.js";
import { missingOf, Priority, STARS } from "./Tile.js";
import { behind, isLive, PARTS, scoreText, shown } from "./vitals.js";
import { code, t } from "./i18n.js";

export const Bed = ({ status, visit }) => html`<button type="button" class="plain visit" onClick=${() => visit(status.patient_id)}><b class="bed">${bedOf(status)}</b> ${nameOf(status.patient_id)?.name ?? ""}</button>`;

// Chart 4's rounds: overdue first, then by when they fall due; what is missing is named.
export function Due({ statuses, showDialog, visit }) {
  const now = wardNow();
  const rows = statuses.filter((status) => status.coverage !== "not covered" && (status.observation_due_at || status.news2?.missing.length))
    .map((status) => ({ status, at: ms(status.observation_due_at) }))
    // Overdue first, then those of whom nobody has taken a round, then as they fall due.
    .sort((a, b) => (a.at ?? now) - (b.at ?? now));
  return html`<section class="view"><h2>${t("view.due")}</h2><p class="hint">${t("due.hint")}</p>
    ${rows.length ? html`<table class="list"><thead><tr><th>${t("bed")}</th><th>${t("due")}</th><th>NEWS2</th><th>${t("why.missing")}</th><td></td></tr></thead><tbody>
      ${rows.map(({ status, at }) => html`<tr key=${status.patient_id} class=${at != null && at <= now ? "late" : ""}>
        <th scope="row"><${Bed} status=${status} visit=${visit} /></th>
        <td>${at == null ? t("due.never") : at <= now ? html`<b class="loud">${t("due.late")} <${Age} at=${at} /></b>` : html`${clock(at)} · <${Left} until=${at} />`}</td>
        <td>${scoreText(status.news2) ?? "?"}</td><td>${missingOf(status).join(", ") || "–"}</td>
        <td>${may("observe") ? html`<button type="button" onClick=${() => showDialog({ kind: "observe", patient: status.patient_id })} aria-label=${t("observe.of", { bed: bedOf(status) })}>${t("observe")}</button>` : ""}</td></tr>`)}</tbody></table>` : html`<p>${t("due.none")}</p>`}</section>`;
}

export function Unacknowledged({ statuses, visit }) {
  const rows = statuses.flatMap((status) => (status.resolved ?? []).map((alert) => ({ status, alert }))).sort((a, b) => ms(a.alert.started_at) - ms(b.alert.started_at));
  const seen = ({ status, alert }) => say(status, "acknowledge", { alert_id: alert.alert_id, revision: alert.revision, priority: alert.priority, reason: "reviewing" }, t("unacknowledged.what", { bed: bedOf(status) }));
  return html`<section class="view"><h2>${t("view.unacknowledged")}</h2><p class="hint">${t("unacknowledged.hint")}</p>
    ${rows.length ? html`<table class="list"><thead><tr><th>${t("bed")}</th><th>${t("priority")}</th><th>${t("alert")}</th><th>${t("began")}</th><td></td></tr></thead><tbody>
      ${rows.map((row) => html`<tr key=${row.alert.alert_id}><th scope="row"><${Bed} status=${row.status} visit=${visit} /></th><td><${Priority} alert=${row.alert} /></td><td>${headline(row.alert)}</td><td>${clock(ms(row.alert.started_at))}</td>
        <td>${may("act") && !onItsWay(row.alert.alert_id) ? html`<button type="button" onClick=${() => seen(row)} aria-label=${t("unacknowledged.of", { bed: bedOf(row.status) })}>${t("unacknowledged.seen")}</button>` : ""}</td></tr>`)}</tbody></table>` : html`<p>${t("unacknowledged.none")}</p>`}</section>`;
}

// What this screen knew last, with its time: for a downtime, on paper.
export function Sheet({ statuses }) {
  const at = wardNow() - (state.linkLost ? performance.now() - state.heardAt : 0);
  return html`<section class="view sheet"><h2>${t("sheet")}</h2>
    <p class="loud"><b>${t("sheet.at", { at: dayAndClock(at) })}</b></p>
    <p class="tools"><button type="button" onClick=${() => print()}>${t("print")}</button> <a href="#board">${t("sheet.back")}</a></p>
    <table class="list"><thead><tr><th>${t("bed")}</th><th>${t("name")}</th><th>NEWS2</th>${PARTS.map((part) => html`<th key=${part}>${t(`short.${part}`)}</th>`)}<th>${t("alert")}</th><th>${t("sheet.notes")}</th></tr></thead>
    <tbody>${statuses.map((status) => {
      const alert = worst(status);
      return html`<tr key=${status.patient_id}><th scope="row" class="bed">${bedOf(status)}</th><td class="whose">${nameOf(status.patient_id)?.name ?? ""} <small><${Person} patient=${status.patient_id} name=${nameOf(status.patient_id)} /></small></td>
        <td>${status.coverage === "not covered" ? t("not_covered") : (scoreText(status.news2) ?? "?")}</td>
        ${PARTS.map((part) => { const [name, vital] = behind(status, part); return html`<td key=${part}>${vital?.value == null ? "?" : isLive(vital) ? shown(name, vital.value) : html`<s>${shown(name, vital.value)}</s>`} <small>${vital?.taken_at ? clock(ms(vital.taken_at)) : ""}</small></td>`; })}
        <td>${alert ? html`<b>${STARS[alert.priority]}</b> ${clock(ms(state.alerts.get(alert.alert_id)?.at ?? alert.started_at))} ${headline(alert)}${reds(status).length > 1 ? html` <b>${t("reds")}</b> ${reds(status).join(", ")}` : ""} (${code("alert_status", alertStatus(alert))})` : watched(status) === "all" ? "" : t(`watched.${watched(status)}`)}</td><td class="notes"></td></tr>`;
    })}</tbody></table></section>`;
}
