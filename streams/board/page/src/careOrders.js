// Orders with author, reason and end: pause, personal limit, SpO2 scale 2, long-standing confusion, escalation plan.

import { useState } from "preact/hooks";
import { Dialog } from "./Dialog.js";
import { html } from "./html.js";
import { bedOf } from "./Person.js";
import { newId, send } from "./outbox.js";
import { may, state, wardNow } from "./store.js";
import { dayAndClock } from "./time.js";
import { DRAWN, UNITS } from "./vitals.js";
import { code, t } from "./i18n.js";
import { Who } from "./PatientHeader.js";

const KINDS = ["pause", "limit", "calling_limit", "spo2_scale", "observations", "long_standing_confusion", "escalation_plan"];
const PRESCRIBED = new Set(["limit", "calling_limit", "spo2_scale", "escalation_plan"]);
const HOURS = { calling_limit: [12, 24, 48, 72] };
const ROUNDS = [15, 30, 60, 120, 240, 360, 720];
const PAUSES = ["scan", "theatre", "wash", "therapy"];

export function Orders({ status, close }) {
  const kinds = may("order") ? KINDS : ["pause"];
  const isDoctor = state.me?.role === "doctor";
  const [kind, setKind] = useState("pause");
  const [facts, setFacts] = useState({ minutes: 30, hours: 24, vital: "heart_rate", plan: "full", scale: 2, present: true, reason: "scan", every: 60 });
  const put = (name, value) => setFacts({ ...facts, [name]: value });
  const field = (name, label, more = {}) => html`<label class="value"><span>${label}</span> <input value=${facts[name] ?? ""} onInput=${(event) => put(name, event.target.value)} ...${more} /></label>`;
  const give = (event) => {
    event.preventDefault();
    const named = { action_id: newId(), patient_id: status.patient_id };
    const what = t("order.what", { bed: bedOf(status), what: t(`order.${kind}`) });
    const hours = Number(facts.hours);
    const reason = facts.why ?? "";
    const number = (name) => (facts[name] === "" || facts[name] == null ? null : Number(facts[name]));
    const by = isDoctor ? {} : { prescriber: facts.prescriber ?? "" };
    const bounds = { vital: facts.vital, low: number("low"), high: number("high") };
    const orders = {
      limit: { kind, ...bounds, ...by, reason, hours },
      calling_limit: { kind, ...bounds, ...by, reason, hours },
      spo2_scale: { kind, scale: Number(facts.scale), ...by, hours },
      observations: { kind, every_minutes: Number(facts.every), reason, hours },
      long_standing_confusion: { kind, present: facts.present, reason, hours },
      escalation_plan: { kind, plan: facts.plan, ...by, reason, hours },
    };
    if (kind === "pause") send({ path: "/api/pause", patient: status.patient_id, what, body: { ...named, minutes: Number(facts.minutes), reason: t(`pause.${facts.reason}`) } });
    else send({ path: "/api/orders", patient: status.patient_id, what, body: { ...named, order: orders[kind] } });
    close();
  };
  const mayEnd = (one) => one.order === "pause" || may("order");
  const [ending, setEnding] = useState(null);
  const nameOf = (one) => `${one.order}:${one.vital ?? ""}`;
  const asks = (one) => PRESCRIBED.has(one.order) && !isDoctor; // as giving it does
  const end = (one, by = {}) => {
    send({ path: "/api/orders/end", patient: status.patient_id, what: t("order.ended.what", { bed: bedOf(status), what: orderName(one) }), body: { action_id: newId(), patient_id: status.patient_id, order: one.order, ...(one.vital ? { vital: one.vital } : {}), ...by } });
    close();
  };
  return html`<${Dialog} title=${t("orders")} close=${close} kind="observe">
    <${Who} status=${status} />
    ${status.orders?.length ? html`<ul class="orders">${status.orders.map((one) => html`<li key=${nameOf(one)}><b>${orderName(one)}</b> ${orderText(one)} ${mayEnd(one) ? html`<button type="button" onClick=${() => (asks(one) ? setEnding(nameOf(one)) : end(one))} aria-label=${t("order.end.of", { what: orderName(one) })}>${t("order.end")}</button>` : ""}
      ${ending === nameOf(one) && html`<form class="ending" onSubmit=${(event) => { event.preventDefault(); end(one, { prescriber: facts.prescriber }); }}>${field("prescriber", t("prescriber"), { type: "text", required: true, minlength: 2 })} <button type="submit" class="primary">${t("order.end.of", { what: orderName(one) })}</button><p class="hint">${t("order.confirm.hint")}</p></form>`}</li>`)}</ul>` : html`<p class="hint">${t("orders.none")}</p>`}
    <${Unconfirmed} status=${status} />
    <p class="hint">${state.me?.accounts ? t("order.by", { who: state.me.name ?? "" }) : t("order.by.local")}</p>
    <form onSubmit=${give}>
      <label class="value"><span>${t("order")}</span> <select value=${kind} onChange=${(event) => setKind(event.target.value)}>${kinds.map((one) => html`<option key=${one} value=${one}>${t(`order.${one}`)}</option>`)}</select></label>
      ${kind === "pause" && html`<label class="value"><span>${t("reason")}</span> <select value=${facts.reason} onChange=${(event) => put("reason", event.target.value)}>${PAUSES.map((one) => html`<option key=${one} value=${one}>${t(`pause.${one}`)}</option>`)}</select></label>
        <label class="value"><span>${t("minutes")}</span> <select value=${facts.minutes} onChange=${(event) => put("minutes", event.target.value)}>${[15, 30, 60, 120].map((n) => html`<option key=${n} value=${n}>${n} min</option>`)}</select></label>`}
      ${(kind === "limit" || kind === "calling_limit") && html`<label class="value"><span>${t("vital")}</span> <select value=${facts.vital} onChange=${(event) => put("vital", event.target.value)}>${DRAWN.map((one) => html`<option key=${one} value=${one}>${t(`vital.${one}`)}</option>`)}</select></label>
        ${field("low", `${t("low")} (${UNITS[facts.vital]})`, { type: "number", step: "0.1" })}${field("high", `${t("high")} (${UNITS[facts.vital]})`, { type: "number", step: "0.1" })}`}
      ${kind === "spo2_scale" && html`<label class="value"><span>${t("scale")}</span> <select value=${facts.scale} onChange=${(event) => put("scale", event.target.value)}><option value="2">2 (88–92 %)</option><option value="1">1</option></select></label>`}
      ${kind === "calling_limit" && html`<p class="hint">${t("order.calling_limit.hint")}</p>`}
      ${kind === "observations" && html`<label class="value"><span>${t("order.observations")}</span> <select value=${facts.every} onChange=${(event) => put("every", event.target.value)}>${ROUNDS.map((n) => html`<option key=${n} value=${n}>${n < 60 ? t("age.min", { n }) : t("age.h", { n: n / 60 })}</option>`)}</select></label>`}
      ${PRESCRIBED.has(kind) && !isDoctor ? html`${field("prescriber", t("prescriber"), { type: "text", required: true, minlength: 2 })}<p class="hint">${t("order.confirm.hint")}</p>` : ""}
      ${kind === "long_standing_confusion" && html`<label class="pick"><input type="checkbox" checked=${facts.present} onChange=${(event) => put("present", event.target.checked)} /><span>${t("confusion.present")}</span></label>`}
      ${kind === "escalation_plan" && html`<label class="value"><span>${t("plan")}</span> <select value=${facts.plan} onChange=${(event) => put("plan", event.target.value)}>${["full", "limited", "comfort"].map((one) => html`<option key=${one} value=${one}>${t(`plan.${one}`)}</option>`)}</select></label>`}
      ${kind !== "pause" && html`${kind !== "spo2_scale" ? field("why", t("reason"), { type: "text", required: true, minlength: 2 }) : ""}
        <label class="value"><span>${t("holds_for")}</span> <select value=${facts.hours} onChange=${(event) => put("hours", event.target.value)}>${(HOURS[kind] ?? [12, 24, 48, 72, 168]).map((n) => html`<option key=${n} value=${n}>${t("age.h", { n })}</option>`)}</select></label>`}
      <footer><button type="submit" class="primary">${t("order.save")}</button><button type="button" onClick=${close}>${t("cancel")}</button></footer>
    </form>
  </${Dialog}>`;
}

// Orders in a prescriber's name that she has still to confirm: shown until she has.
export function Unconfirmed({ status }) {
  const waiting = state.pulse?.unconfirmed?.[status.patient_id] ?? [];
  const confirm = (one) => send({ path: "/api/orders/confirm", patient: status.patient_id, what: t("order.confirmed.what", { bed: bedOf(status), what: orderSaid(one) }), body: { action_id: newId(), patient_id: status.patient_id, confirms: one.action_id } });
  if (!waiting.length) return null;
  return html`<ul class="unconfirmed">${waiting.map((one) => html`<li key=${one.action_id}><b>${orderSaid(one)}</b> ${t(one.confirm_by <= wardNow() ? "order.confirm.late" : "order.confirm.by", { who: one.prescriber, entered: one.who, at: dayAndClock(one.confirm_by) })}
    ${state.me?.role === "doctor" ? html` <button type="button" onClick=${() => confirm(one)}>${t("order.confirm")}</button>` : ""}</li>`)}</ul>`;
}

// What stands out of the ordinary for this patient, in a word each: on every tile.
export function flags(status) {
  const key = (one) => `${one.order} ${one.vital ?? ""}`;
  const waiting = state.pulse?.unconfirmed?.[status.patient_id] ?? [];
  const given = new Set(waiting.filter((one) => !one.ended).map(key));
  const stand = (status.orders ?? []).map((one) => ({ key: key(one), words: flagText(one), waits: given.has(key(one)) }));
  const ended = waiting.filter((one) => one.ended).map((one) => ({ key: `ended ${key(one)}`, words: t("flag.ended", { what: orderName(one) }), waits: true }));
  return [...stand, ...ended];
}

// Which order it is: of limits there may be one a vital. And what was said of it.
export const orderName = (one) => `${t(`order.${one.order}`)}${one.vital ? ` ${t(`vital.${one.vital}`)}` : ""}`;
export const orderSaid = (one) => `${t(one.ended ? "order.ended" : "order")}: ${orderName(one)}`;

const bounds = (one) => `${t(`short.${one.vital}`)} ${one.low ?? ""}–${one.high ?? ""}`;
function flagText(one) {
  if (one.order === "limit") return t("flag.limit", { what: bounds(one) });
  if (one.order === "calling_limit") return t("flag.calling_limit", { what: bounds(one) });
  if (one.order === "spo2_scale") return t("flag.spo2_scale", { n: one.value });
  if (one.order === "escalation_plan") return t("flag.plan", { plan: code("plan", one.value) });
  if (one.order === "observations") return t("flag.observations", { n: one.value });
  return t(`flag.${one.order}`);
}

export function orderText(one) {
  const limits = one.order === "limit" || one.order === "calling_limit" ? `${one.low ?? "–"} … ${one.high ?? "–"}` : one.order === "escalation_plan" ? code("plan", one.value) : (one.value ?? "");
  const until = one.until ? t("until", { at: dayAndClock(one.until) }) : "";
  return [limits, one.author, one.reason, until, one.ends_soon ? t("ends_soon") : ""].filter(Boolean).join(" · ");
}
