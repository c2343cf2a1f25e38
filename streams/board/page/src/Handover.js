// The shift on one page: who is ill, with values, orders and answers; who is quiet, in a line each; and who hands over to whom.

import { useEffect, useState } from "preact/hooks";
import { api } from "./api.js";
import { cx, html } from "./html.js";
import { headline } from "./alertText.js";
import { orderName, orderText } from "./careOrders.js";
import { Bed } from "./Lists.js";
import { nameOf, Person } from "./Person.js";
import { reds } from "./reds.js";
import { settings } from "./settings.js";
import { clock, dayAndClock, ms } from "./time.js";
import { STARS } from "./Tile.js";
import { behind, isLive, PARTS, scoreText, shownPart } from "./vitals.js";
import { code, t } from "./i18n.js";

const score = (bed) => (bed.coverage === "not covered" ? t("not_covered") : (scoreText(bed.news2) ?? "?"));

// The values in force; what is old stands struck through, what is not known as a question.
function Values({ bed }) {
  return html`<span class="handover-values">${PARTS.map((part) => {
    const [name, one] = behind(bed, part);
    const value = one?.value == null ? "?" : shownPart(bed, part);
    return html`<span key=${part}>${t(`short.${name}`)} ${one?.value != null && !isLive(one) ? html`<s>${value}</s>` : html`<b>${value}</b>`}</span> `;
  })}</span>`;
}

function Ill({ bed, visit }) {
  return html`<article class="handover-bed">
    <h3><${Bed} status=${bed} visit=${visit} /> <${Person} patient=${bed.patient_id} name=${nameOf(bed.patient_id)} /> <span class="end">NEWS2 ${score(bed)} · ${t("handover.calls", { n: bed.calls })}</span></h3>
    <p><${Values} bed=${bed} /></p>
    ${reds(bed).length ? html`<p class="reds"><b>${t("reds")}</b> ${reds(bed).join(", ")}</p>` : ""}
    ${bed.orders.length ? html`<p class="handover-orders">${bed.orders.map((one) => html`<span key=${`${one.order} ${one.vital}`}><b>${orderName(one)}</b> ${orderText(one)}</span> `)}</p>` : ""}
    ${bed.alerts.length ? html`<ul>${bed.alerts.map((alert) => html`<li key=${alert.alert_id}><time>${clock(ms(alert.started_at))}</time> <b class=${alert.highest}>${STARS[alert.highest]} ${t(`priority.${alert.highest}`)}</b> ${headline(alert.worst, { ...alert.worst, revision: null })} <small>${t("handover.worst_at", { at: clock(ms(alert.worst.at)) })}</small> <b class=${cx("alert-status", alert.status)}>${code("alert_status", alert.status)}</b>${" "}<small>${Object.entries(alert.minutes).map(([name, n]) => `${code("alert_status", name)} ${n} min`).join(", ")}</small>
      ${alert.actions.map((done) => html`<div class="done">${clock(ms(done.at))} ${code("action_type", done.action_type)}: ${done.who} (${code("role", done.role)})${done.reason ? `, ${code("reason", done.reason)}` : ""}${done.text ? `: ${done.text}` : ""}</div>`)}</li>`)}</ul>` : html`<p class="hint">${t("handover.quiet")}</p>`}
    ${Object.keys(bed.stale_minutes).length ? html`<p class="hint">${t("handover.stale")}: ${Object.entries(bed.stale_minutes).map(([name, n]) => `${t(`vital.${name}`)} ${n} min`).join(", ")}</p>` : ""}
  </article>`;
}

const quiet = (bed) => !bed.alerts.length && !bed.orders.length && !Object.keys(bed.stale_minutes).length;

export function Handover({ visit }) {
  const [hours, setHours] = useState(12);
  const [shift, setShift] = useState(null);
  const [failed, setFailed] = useState(null);
  useEffect(() => {
    api.handover(settings.ward, hours).then((found) => { setShift(found); setFailed(null); }, (problem) => setFailed(problem.message));
  }, [hours, settings.ward]);
  const query = new URLSearchParams({ ...(settings.ward ? { ward: settings.ward } : {}), hours });
  const still = shift?.beds.filter(quiet) ?? [];
  return html`<section class="view handover"><h2>${t("view.handover")}</h2>
    <p class="tools"><label>${t("handover.hours")} <select value=${hours} onChange=${(event) => setHours(Number(event.target.value))}>${[8, 12, 24].map((n) => html`<option key=${n} value=${n}>${n} h</option>`)}</select></label>
      <button type="button" onClick=${() => print()}>${t("print")}</button> <a href=${`/api/handover.txt?${query}`} target="_blank" rel="noopener">${t("handover.text")}</a></p>
    ${failed && html`<p class="loud">${failed}</p>`}
    ${shift && html`<p>${t("handover.from", { from: dayAndClock(shift.since), to: dayAndClock(shift.now) })} (${Intl.DateTimeFormat().resolvedOptions().timeZone}) · ${t("handover.burden", { n: shift.calls, budget: shift.budget })}</p>
    ${shift.beds.filter((bed) => !quiet(bed)).map((bed) => html`<${Ill} key=${bed.patient_id} bed=${bed} visit=${visit} />`)}
    ${still.length ? html`<h3>${t("handover.still", { n: still.length })}</h3><ul class="handover-quiet">${still.map((bed) => html`<li key=${bed.patient_id} class="handover-bed"><${Bed} status=${bed} visit=${visit} /> NEWS2 ${score(bed)} · <${Values} bed=${bed} /></li>`)}</ul>` : ""}
    <p class="signs"><span>${t("handover.gives")}</span><span>${t("handover.takes")}</span></p>`}</section>`;
}
