// One patient's page: observations after NEWS2, the last hours, everything that was said and done in one line of time, and
// a text to hand on by telephone.

import { useState } from "preact/hooks";
import { cx, html } from "./html.js";
import { headline, said } from "./alertText.js";
import { orderName, orderSaid, orderText, Unconfirmed } from "./careOrders.js";
import { Chart, HourTable } from "./Chart.js";
import { alertStatus, worst } from "./order.js";
import { Who } from "./PatientHeader.js";
import { bedOf, nameOf } from "./Person.js";
import { Plots } from "./Plots.js";
import { reds } from "./reds.js";
import { Sets } from "./Sets.js";
import { settings } from "./settings.js";
import { may, state, wardNow } from "./store.js";
import { age, clock, day, dayAndClock, ms } from "./time.js";
import { missingOf, Next, Priority, STARS } from "./Tile.js";
import { useHistory } from "./useHistory.js";
import { behind, isLive, number, PARTS, scoreText, shownPart, UNITS } from "./vitals.js";
import { code, t } from "./i18n.js";

const SPANS = [6, 24, 48, 72];

// The score of an hour ago: of the last minute that had one, an hour back and at most five minutes more. Else nothing is said.
function anHourAgo(trends, now) {
  for (let i = (trends?.minutes.length ?? 0) - 1; i >= 0; i--) {
    const back = now / 60_000 - trends.minutes[i];
    if (back > 65) return null;
    if (back >= 60 && trends.least[i] != null) return trends.least[i];
  }
  return null;
}

// Situation, background, assessment, recommendation: what is read out on the telephone, with the age of each value.
function sbar(status, history) {
  const alert = worst(status);
  const name = nameOf(status.patient_id);
  const now = wardNow();
  const values = PARTS.map((part) => {
    const [vital, one] = behind(status, part);
    if (one?.value == null) return `${t(`vital.${vital}`)} ?`;
    const unit = UNITS[vital] ? ` ${UNITS[vital]}` : "";
    return `${t(`vital.${vital}`)} ${shownPart(status, part)}${unit} (${isLive(one) ? age(ms(one.taken_at), now) : t(`state.${one.state}`)})`;
  });
  const before = anHourAgo(history?.trends, now);
  const lines = [
    [t("sbar.s"), [`${t("bed")} ${bedOf(status)}${name ? `, ${name.name}${name.born ? `, ${day(name.born)}` : ""}` : ""}`, alert ? `${t(`priority.${alert.priority}`)}: ${headline(alert)}, ${t("since", { at: clock(ms(alert.started_at)) })}` : t("why.quiet"), reds(status).length ? `${t("reds")} ${reds(status).join(", ")}` : ""]],
    [t("sbar.b"), status.orders?.length ? status.orders.map((one) => `${orderName(one)}: ${orderText(one)}`) : [t("orders.none")]],
    [t("sbar.a"), [status.news2 ? `NEWS2 ${scoreText(status.news2)}${before == null ? "" : `, ${t("sbar.before", { n: before })}`}, ${t("scale")} ${status.news2.scale}` : t("not_covered"), ...values, missingOf(status).length ? t("missing", { what: missingOf(status).join(", ") }) : ""]],
    [t("sbar.r"), [status.advice ? said(status.advice) : "", t("not_an_alarm")]],
  ];
  return [`${dayAndClock(now)}`, ...lines.flatMap(([title, said_]) => [title, ...said_.filter(Boolean).map((one) => `- ${one}`)])].join("\n");
}

// What a forecast says, and how sure it is, in words: never a number that looks like a diagnosis.
function Forecast({ full }) {
  const found = (full?.findings ?? []).filter((one) => one.detector === "risk");
  if (!found.length) return null;
  return html`<section class="forecast"><h3>${t("forecast")}</h3><p>${t("forecast.says")}</p><ol>${found.map((one, i) => html`<li key=${i}>${one.vital ? t(`vital.${one.vital}`) : ""} ${code("because", one.reason)}${one.value == null || typeof one.value !== "number" ? "" : `: ${number(one.vital, one.value)}`}${one.usual == null ? "" : `, ${t("usual")} ${number(one.vital, one.usual)}`}</li>`)}</ol><p class="hint">${t("forecast.rank")}</p></section>`;
}

// Alerts, answers, sets and orders in one line of time, the newest first.
function timeline(history) {
  const alerts = history.events.map((one) => ({ at: ms(one.at), key: `${one.alert_id} ${one.revision}`, kind: one.action ? "answer" : "alert", priority: one.priority, words: one.action ? `${code("became", one.state)}: ${one.action.who} (${code("role", one.action.role)})${one.action.reason ? `, ${code("reason", one.action.reason)}` : ""}${one.action.text ? `: ${one.action.text}` : ""}` : `${code("became", one.state)}: ${headline(one, one)}` }));
  const sets = history.sets.map((one) => ({ at: one.taken_at, key: one.action_id, kind: "set", gone: one.replaced_by != null, words: Object.keys(one.vitals).length ? `${t("observe")}: ${Object.entries(one.vitals).map(([name, value]) => `${t(`short.${name}`)} ${typeof value === "number" ? number(name, value) : typeof value === "boolean" ? t(value ? "oxygen" : "air") : value}`).join(", ")} · ${one.who}` : `${t("error")} · ${one.who}` }));
  const orders = history.orders.map((one) => ({ at: one.at, key: one.action_id, kind: "order", words: one.kind === "confirm" ? `${t("order.confirmed")} · ${one.who}` : `${orderSaid(one)} · ${one.prescriber ? `${one.prescriber}, ` : ""}${one.who}` }));
  return [...alerts, ...sets, ...orders].sort((a, b) => b.at - a.at);
}

function Sbar({ status, history }) {
  const [copied, setCopied] = useState(false);
  const text = sbar(status, history);
  const copy = () => navigator.clipboard.writeText(text).then(() => setCopied(true), () => setCopied(false));
  return html`<section class="sbar"><h3>${t("sbar")} <button type="button" onClick=${copy}>${t("sbar.copy")}</button> <small role="status">${copied ? t("sbar.copied") : ""}</small></h3><pre tabindex="0" role="region" aria-label=${t("sbar")}>${text}</pre></section>`;
}

export function Patient({ patient, showDialog, acknowledge }) {
  const spans = SPANS.filter((one) => one <= Math.max(24, state.me?.history_hours ?? 24));
  const [hours, setHours] = useState(24);
  const { history, failed } = useHistory(patient, hours);
  const status = state.beds.get(patient);
  if (!status) return html`<section class="view"><p>${t("patient.none")}</p><p><a href="#board">${t("sheet.back")}</a></p></section>`;
  const alert = worst(status);
  const full = alert && state.alerts.get(alert.alert_id);
  return html`<section class="view patient"><h2 class="sr">${t("patient.page")}</h2><${Who} status=${status} />
    <p class="tools"><a href="#board">${t("sheet.back")}</a>
      ${may("observe") ? html`<button type="button" onClick=${() => showDialog({ kind: "observe", patient })}>${t("observe")}</button> <button type="button" onClick=${() => showDialog({ kind: "orders", patient })}>${t("orders")}</button>` : ""}
      ${may("act") ? html`<button type="button" onClick=${() => showDialog({ kind: "concern", patient })}>${t("concern")}</button>` : ""}
      ${alert && may("act") && alertStatus(alert) === "calling" ? html`<button type="button" class="primary" onClick=${() => acknowledge(patient, alert.alert_id)}>${t("acknowledge")}</button>` : ""}</p>
    ${alert ? html`<p class="headline"><${Priority} alert=${alert} /> ${clock(ms(full?.at ?? alert.started_at))} ${headline(alert)}</p><p><${Next} alert=${alert} ward=${status.ward} /></p>` : html`<p class="headline">${t("why.quiet")}</p>`}
    ${reds(status).length ? html`<p class="reds"><b>${t("reds")}</b> ${reds(status).join(", ")}</p>` : ""}
    <${Unconfirmed} status=${status} />
    ${status.orders?.length ? html`<ul class="orders">${status.orders.map((one) => html`<li key=${`${one.order} ${one.vital}`}><b>${orderName(one)}</b> ${orderText(one)}</li>`)}</ul>` : ""}
    <${Forecast} full=${full} />
    ${history ? html`<${Chart} history=${history} />
      <section><h3>${t("trends")} <span class="spans" role="group" aria-label=${t("trends")}>${spans.map((one) => html`<button type="button" key=${one} aria-pressed=${one === hours ? "true" : "false"} onClick=${() => setHours(one)}>${one} h</button>`)}</span></h3><${Plots} history=${history} lang=${settings.language} theme=${document.documentElement.dataset.theme} /><${HourTable} history=${history} /></section>
      <${Sbar} status=${status} history=${history} />
      <${Sets} patient=${patient} sets=${history.sets} showDialog=${showDialog} />
      <section><h3>${t("timeline")}</h3><ol class="log timeline">${timeline(history).slice(0, 150).map((one) => html`<li key=${`${one.kind} ${one.key}`} class=${cx(one.kind, one.gone && "gone")}><time>${dayAndClock(one.at)}</time> <b class=${one.priority ?? ""}>${one.priority ? STARS[one.priority] : ""}</b> ${one.words}</li>`)}</ol></section>` : html`<p class="hint">${failed ?? t("loading")}</p>`}
    <p class="rules">${t("not_an_alarm")}</p></section>`;
}
