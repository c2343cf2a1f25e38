// Orders with author, reason and end: pause, personal limit, SpO2 scale 2, long-standing confusion, escalation plan.

import { useState } from "preact/hooks";
import { Dialog } from "./Dialog.js";
import { html } from "./html.js";
import { bedOf } from "./Person.js";
import { newId, send } from "./outbox.js";
import { may } from "./store.js";
import { dayAndClock } from "./time.js";
import { DRAWN, UNITS } from "./vitals.js";
import { code, t } from "./i18n.js";
import { Who } from "./PatientHeader.js";

const KINDS = ["pause", "limit", "spo2_scale", "long_standing_confusion", "escalation_plan"];
const PAUSES = ["scan", "theatre", "wash", "therapy"];

export function Orders({ status, close }) {
  const kinds = may("order") ? KINDS : ["pause"];
  const [kind, setKind] = useState("pause");
  const [facts, setFacts] = useState({ minutes: 30, hours: 24, vital: "heart_rate", plan: "full", scale: 2, present: true, reason: "scan" });
  const put = (name, value) => setFacts({ ...facts, [name]: value });
  const field = (name, label, more = {}) => html`<label class="value"><span>${label}</span> <input value=${facts[name] ?? ""} onInput=${(event) => put(name, event.target.value)} ...${more} /></label>`;
  const give = (event) => {
    event.preventDefault();
    const named = { action_id: newId(), patient_id: status.patient_id };
    const what = t("order.what", { bed: bedOf(status), what: t(`order.${kind}`) });
    const hours = Number(facts.hours);
    const orders = {
      limit: { kind, vital: facts.vital, low: facts.low === "" || facts.low == null ? null : Number(facts.low), high: facts.high === "" || facts.high == null ? null : Number(facts.high), reason: facts.why ?? "", hours },
      spo2_scale: { kind, scale: Number(facts.scale), prescriber: facts.prescriber ?? "", hours },
      long_standing_confusion: { kind, present: facts.present, reason: facts.why ?? "", hours },
      escalation_plan: { kind, plan: facts.plan, reason: facts.why ?? "", hours },
    };
    if (kind === "pause") send({ path: "/api/pause", patient: status.patient_id, what, body: { ...named, minutes: Number(facts.minutes), reason: t(`pause.${facts.reason}`) } });
    else send({ path: "/api/orders", patient: status.patient_id, what, body: { ...named, order: orders[kind] } });
    close();
  };
  const resume = () => {
    send({ path: "/api/pause", patient: status.patient_id, what: t("order.what", { bed: bedOf(status), what: t("pause.end") }), body: { action_id: newId(), patient_id: status.patient_id, minutes: 0 } });
    close();
  };
  return html`<${Dialog} title=${t("orders")} close=${close} kind="observe">
    <${Who} status=${status} />
    ${status.orders?.length ? html`<ul class="orders">${status.orders.map((one) => html`<li><b>${t(`order.${one.order}`)}</b> ${orderText(one)}</li>`)}</ul>` : html`<p class="hint">${t("orders.none")}</p>`}
    ${status.paused_until && html`<p><button type="button" class="primary" onClick=${resume}>${t("pause.end")}</button></p>`}
    <form onSubmit=${give}>
      <label class="value"><span>${t("order")}</span> <select value=${kind} onChange=${(event) => setKind(event.target.value)}>${kinds.map((one) => html`<option key=${one} value=${one}>${t(`order.${one}`)}</option>`)}</select></label>
      ${kind === "pause" && html`<label class="value"><span>${t("reason")}</span> <select value=${facts.reason} onChange=${(event) => put("reason", event.target.value)}>${PAUSES.map((one) => html`<option key=${one} value=${one}>${t(`pause.${one}`)}</option>`)}</select></label>
        <label class="value"><span>${t("minutes")}</span> <select value=${facts.minutes} onChange=${(event) => put("minutes", event.target.value)}>${[15, 30, 60, 120].map((n) => html`<option key=${n} value=${n}>${n} min</option>`)}</select></label>`}
      ${kind === "limit" && html`<label class="value"><span>${t("vital")}</span> <select value=${facts.vital} onChange=${(event) => put("vital", event.target.value)}>${DRAWN.map((one) => html`<option key=${one} value=${one}>${t(`vital.${one}`)}</option>`)}</select></label>
        ${field("low", `${t("low")} (${UNITS[facts.vital]})`, { type: "number", step: "0.1" })}${field("high", `${t("high")} (${UNITS[facts.vital]})`, { type: "number", step: "0.1" })}`}
      ${kind === "spo2_scale" && html`<label class="value"><span>${t("scale")}</span> <select value=${facts.scale} onChange=${(event) => put("scale", event.target.value)}><option value="2">2 (88–92 %)</option><option value="1">1</option></select></label>
        ${field("prescriber", t("prescriber"), { type: "text", required: true, minlength: 2 })}`}
      ${kind === "long_standing_confusion" && html`<label class="pick"><input type="checkbox" checked=${facts.present} onChange=${(event) => put("present", event.target.checked)} /><span>${t("confusion.present")}</span></label>`}
      ${kind === "escalation_plan" && html`<label class="value"><span>${t("plan")}</span> <select value=${facts.plan} onChange=${(event) => put("plan", event.target.value)}>${["full", "limited", "comfort"].map((one) => html`<option key=${one} value=${one}>${t(`plan.${one}`)}</option>`)}</select></label>`}
      ${kind !== "pause" && html`${kind !== "spo2_scale" ? field("why", t("reason"), { type: "text", required: true, minlength: 2 }) : ""}
        <label class="value"><span>${t("holds_for")}</span> <select value=${facts.hours} onChange=${(event) => put("hours", event.target.value)}>${[12, 24, 48, 72, 168].map((n) => html`<option key=${n} value=${n}>${t("age.h", { n })}</option>`)}</select></label>`}
      <footer><button type="submit" class="primary">${t("order.save")}</button><button type="button" onClick=${close}>${t("cancel")}</button></footer>
    </form>
  </${Dialog}>`;
}

export function orderText(one) {
  const bounds = one.order === "limit" ? `${t(`vital.${one.vital}`)} ${one.low ?? "–"} … ${one.high ?? "–"}` : one.order === "escalation_plan" ? code("plan", one.value) : (one.value ?? "");
  const until = one.until ? t("until", { at: dayAndClock(one.until) }) : "";
  return [bounds, one.author, one.reason, until, one.ends_soon ? t("ends_soon") : ""].filter(Boolean).join(" · ");
}
