// Why this patient: a plain sentence, what counts most, what is missing, what would end it, and the last hours.

import { useLayoutEffect, useRef } from "preact/hooks";
import { feedback, otherOwner } from "./Acknowledge.js";
import { giveBack, pathOf } from "./focus.js";
import { cx, html } from "./html.js";
import { calls, alertStatus, watched, worst } from "./order.js";
import { bedOf, nameOf, Person } from "./Person.js";
import { headline, said } from "./alertText.js";
import { Plots } from "./Plots.js";
import { onItsWay } from "./outbox.js";
import { Sets } from "./Sets.js";
import { between, reds } from "./reds.js";
import { settings } from "./settings.js";
import { may, state, wardNow } from "./store.js";
import { clock, Left, ms, Since } from "./time.js";
import { behind, isLive, number, PARTS, points, shown, shownPart, UNITS } from "./vitals.js";
import { Next, Priority, scoreLine, STARS } from "./Tile.js";
import { capital, code, t } from "./i18n.js";
import { orderName, orderText, Unconfirmed } from "./careOrders.js";
import { useHistory } from "./useHistory.js";

const BY_THE_BOOK = new Set(["news2", "red_score"]); // the points say it

// What counts most stands first: points of the score, then how far from what is usual for this patient.
function contributions(status, full) {
  const rows = PARTS.map((part) => {
    const [name, vital] = behind(status, part);
    return { name, part, vital, points: points(status, part), findings: (full?.findings ?? []).filter((one) => one.vital === name && !BY_THE_BOOK.has(one.detector)) };
  }).filter((row) => row.points || row.findings.length);
  const size = (row) => Math.max(0, ...row.findings.map((one) => Math.abs(one.score ?? 0)));
  return rows.sort((a, b) => (b.points ?? 0) - (a.points ?? 0) || size(b) - size(a));
}

// What a detector holds, in a few words: "far above usual 6.2".
const remark = (one) => one.detector === "risk" ? `${code("detector", "risk")}: ${code("because", one.reason)}` : `${one.detector === "personal_limit" ? "" : code("because", one.reason)}${one.detector === "personal_limit" ? code("detector", one.detector) : one.score == null ? "" : ` ${number("temperature", one.score)}`}`;

function Contributions({ status, full }) {
  const rows = contributions(status, full);
  const told = new Set(rows.map((row) => row.name));
  const others = new Map();
  for (const one of full?.findings ?? []) if (!BY_THE_BOOK.has(one.detector) && !told.has(one.vital)) others.set(one.vital ?? one.detector, [...(others.get(one.vital ?? one.detector) ?? []), one]);
  if (!rows.length && !others.size) return html`<p class="hint">${t("why.nothing")}</p>`;
  return html`<table class="parts"><caption class="sr">${t("why.parts")}</caption>
    <thead><tr><th>${t("vital")}</th><th class="n">${t("value")}</th><th class="n">${t("usual")}</th><th class="n">NEWS2</th><th>${t("remark")}</th></tr></thead>
    <tbody>${rows.map(({ name, part, vital, points: score, findings }) => html`<tr key=${part}>
      <th scope="row">${t(`vital.${name}`)}</th>
      <td class="n">${isLive(vital) ? html`<b>${shownPart(status, part)}</b>` : html`<s>${shown(name, vital?.value)}</s> ${t(`state.${vital?.state ?? "never seen"}`)}`}${UNITS[name] ? html` <small>${UNITS[name]}</small>` : ""}</td>
      <td class="n">${vital?.usual == null ? "–" : number(name, vital.usual)}</td>
      <td class="n"><span class=${`pts p${score ?? 0}`}>${score ?? "?"}</span></td>
      <td>${findings.map(remark).join(", ")}${vital?.suspect ? ` ${t("suspect")}` : ""}</td></tr>`)}
      ${[...others].map(([key, [one, ...more]]) => html`<tr key=${key}><th scope="row">${one.vital ? t(`vital.${one.vital}`) : capital(code("detector", one.detector))}</th><td class="n">${typeof one.value === "number" ? number(one.vital, one.value) : ""}</td><td class="n">${one.usual == null ? "–" : number(one.vital, one.usual)}</td><td></td><td>${one.vital ? [one, ...more].map(remark).join(", ") : [code("reason", one.reason), one.value].filter(Boolean).join(": ")}</td></tr>`)}
    </tbody></table>`;
}

function AlertLine({ status, alert, acknowledge }) {
  const word = onItsWay(alert.alert_id);
  return html`<li class=${cx("alert-line", alert.priority)}><${Priority} alert=${alert} /> <span>${headline(alert)}</span>
    <small>${t("since", { at: clock(ms(alert.started_at)) })} · ${code("alert_status", alertStatus(alert))}</small> <${Next} alert=${alert} word=${word} ward=${status.ward} />
    ${may("act") && calls(alert) && !word ? html`<button type="button" onClick=${() => acknowledge(status.patient_id, alert.alert_id)}>${t("acknowledge")}</button>` : ""}</li>`;
}

function Log({ history }) {
  if (!history?.events.length) return null;
  const rows = [...history.events].sort((a, b) => ms(b.at) - ms(a.at)).slice(0, 60);
  return html`<section><h3>${t("why.log")}</h3><ol class="log">${rows.map((one) => html`<li key=${`${one.alert_id} ${one.revision}`}>
    <time>${clock(ms(one.at))}</time> <b class=${one.priority}>${STARS[one.priority]}</b> ${code("became", one.state)}: ${headline(one, one)}
    ${one.action ? html` <i>${one.action.who} (${code("role", one.action.role)})${one.action.reason ? `: ${code("reason", one.action.reason)}` : ""}${one.action.text ? `, ${one.action.text}` : ""}</i>` : ""}</li>`)}</ol></section>`;
}

export function Why({ patient, close, acknowledge, showDialog, visit }) {
  const ref = useRef(null);
  const { history, failed } = useHistory(patient);
  const status = state.beds.get(patient);
  // As soon as it is in the page, as a window does: a key that comes before would go to what had the focus until then.
  useLayoutEffect(() => {
    const before = pathOf(document.activeElement);
    ref.current?.focus({ preventScroll: true });
    return () => {
      const tile = pathOf(document.querySelector(`.tile[data-patient="${CSS.escape(patient)}"] .open`));
      giveBack(tile.length ? tile : before);
    };
  }, [patient]);
  if (!status) return null;
  const alert = worst(status);
  const full = alert && state.alerts.get(alert.alert_id);
  const red = reds(status);
  const how = between(status, alert, wardNow());
  const name = nameOf(patient);
  const missing = status.news2?.missing ?? [];
  const unacknowledged = status.resolved ?? [];
  // Of a trouble with the measuring: its remedy. Of the patient: what the score's chart asks for, never less.
  const todo = (alert?.kind === "technical" && full?.advice) || status.advice;
  const ended = (status.ended ?? []).filter((one) => one.useful == null).slice(-1);
  return html`<aside class="pane" data-pane ref=${ref} tabindex="-1" aria-labelledby="why-title">
    <header><div><h2 id="why-title"><span class="bed">${bedOf(status)}</span> ${name?.name ?? ""}</h2>
      <p class="sub"><${Person} patient=${patient} name=${name} /><button type="button" class="plain visit" onClick=${() => visit(patient)}>${t("patient.page")}</button><span class=${cx("watching", watched(status))}>${t(`watched.${watched(status)}`)}</span></p></div>
      <button type="button" class="plain" onClick=${close} aria-label=${t("close")}>✕</button></header>
    <div class="doing" role="group" aria-label=${t("actions")}>
      ${alert && may("act") && calls(alert) ? html`<button type="button" class="primary" onClick=${() => acknowledge(patient, alert.alert_id)} aria-keyshortcuts="a">${t("acknowledge")}</button>` : ""}
      ${how === "confirming" && may("act") && alertStatus(alert) !== "acknowledged" ? html`<button type="button" class="primary" onClick=${() => acknowledge(patient, alert.alert_id)}>${t("claim")}</button>` : ""}
      ${alert && may("act") && otherOwner(alert) ? html`<button type="button" onClick=${() => acknowledge(patient, alert.alert_id)}>${t("ack.take_over")}</button>` : ""}
      ${may("observe") && html`<button type="button" onClick=${() => showDialog({ kind: "observe", patient })}>${t("observe")}</button>`}
      ${may("act") && html`<button type="button" onClick=${() => showDialog({ kind: "concern", patient })}>${t("concern")}</button>`}
      ${may("observe") && html`<button type="button" onClick=${() => showDialog({ kind: "orders", patient })}>${t("orders")}</button>`}
    </div>
    <section class="lead">
      ${alert ? html`<p class="headline"><${Priority} alert=${alert} /> ${headline(alert)}</p>${red.length ? html`<p class="reds"><b>${t("reds")}</b> ${red.join(", ")}</p>` : ""}<p class="after">${how ? html`<b class=${cx("between", how)}>${t(`between.${how}`)}${how === "confirming" ? html` <${Since} at=${ms(alert.started_at)} />` : ""}</b> ` : ""}<${Next} alert=${alert} word=${onItsWay(alert.alert_id)} ward=${status.ward} /></p>` : html`<p class="headline">${status.awaited ? t("awaited") : t("why.quiet")}</p>`}
      ${todo && html`<p class="advice"><b>${t("do")}</b> ${said(todo)}</p>`}
    </section>
    <section><h3>${t("why.parts")} <small>${scoreLine(status)}</small></h3><${Contributions} status=${status} full=${full} /></section>
    ${missing.length ? html`<section><h3>${t("why.missing")}</h3><p>${missing.map((part) => t(`vital.${part}`)).join(", ")}. ${t("why.missing.max", { n: status.news2.score_max })}
      ${status.observation_due_at ? html` ${t("due.at")} <${Left} until=${ms(status.observation_due_at)} />` : ""}</p></section>` : ""}
    ${full?.monitoring_lost?.length ? html`<p class="loud">${t("why.lost", { what: full.monitoring_lost.map((one) => t(`vital.${one}`)).join(", ") })}</p>` : ""}
    ${full?.clears_when ? html`<section><h3>${t("why.clears")}</h3><p>${said(full.clears_when)}</p></section>` : ""}
    <section><h3>${t("why.charts")}</h3>${history ? html`<${Plots} history=${history} lang=${settings.language} theme=${document.documentElement.dataset.theme} />` : html`<p class="hint">${failed ?? t("loading")}</p>`}</section>
    ${status.alerts.length > 1 ? html`<section><h3>${t("why.others")}</h3><ul class="alerts">${status.alerts.filter((one) => one !== alert).map((one) => html`<${AlertLine} key=${one.alert_id} status=${status} alert=${one} acknowledge=${acknowledge} />`)}</ul></section>` : ""}
    ${unacknowledged.length ? html`<section><h3>${t("view.unacknowledged")}</h3><ul class="alerts">${unacknowledged.map((one) => html`<li key=${one.alert_id} class=${cx("alert-line", one.priority)}><${Priority} alert=${one} /> <span>${headline(one)}</span> ${may("act") ? html`<button type="button" onClick=${() => acknowledge(patient, one.alert_id)}>${t("acknowledge")}</button>` : ""}</li>`)}</ul></section>` : ""}
    ${ended.length && may("act") ? html`<section class="useful"><h3>${t("feedback")}</h3>${ended.map((one) => html`<p key=${one.alert_id}>${headline(one)} <button type="button" onClick=${() => feedback(status, one, true)}>${t("yes")}</button> <button type="button" onClick=${() => feedback(status, one, false)}>${t("no")}</button></p>`)}</section>` : ""}
    <${Unconfirmed} status=${status} />
    ${status.orders?.length ? html`<section><h3>${t("orders")}</h3><ul class="orders">${status.orders.map((one) => html`<li key=${`${one.order} ${one.vital}`}><b>${orderName(one)}</b> ${orderText(one)}</li>`)}</ul></section>` : ""}
    <${Sets} patient=${patient} sets=${history?.sets} showDialog=${showDialog} />
    <${Log} history=${history} />
    <p class="rules">${status.rules ? t("rules", { name: status.rules.name, version: status.rules.version, sha: status.rules.sha256.slice(0, 12) }) : ""} ${t("not_an_alarm")}</p>
  </aside>`;
}
