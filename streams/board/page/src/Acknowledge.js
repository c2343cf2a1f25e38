// Taking an alert on: a reason, and how long it holds. Also: snooze, concern, and whether the alert was of use.

import { useState } from "preact/hooks";
import { Dialog } from "./Dialog.js";
import { html } from "./html.js";
import { alertStatus, calls } from "./order.js";
import { headline } from "./alertText.js";
import { state } from "./store.js";
import { newId, send } from "./outbox.js";
import { Priority } from "./Tile.js";
import { clock, ms } from "./time.js";
import { code, t } from "./i18n.js";
import { Who } from "./PatientHeader.js";
import { bedOf } from "./Person.js";

const ACKNOWLEDGE = ["reviewing", "escalated", "treatment", "observations", "artefact", "equipment", "known", "off_ward", "care_plan"];
// Who else has this alert, and since when; null: nobody, or whoever is signed in here.
export function otherOwner(alert) {
  const owner = alertStatus(alert) === "acknowledged" ? alert.lifecycle?.owner : null;
  return owner && owner.who !== state.me?.name ? { ...owner, since: alert.lifecycle.since } : null;
}

const CONCERN = ["breathing", "circulation", "temperature", "mentation", "agitation", "pain", "not_improving", "patient_says", "relative_says", "gut_feeling"];

export function say(status, action_type, facts, what) {
  const body = { action_id: newId(), patient_id: status.patient_id, action_type, ...facts };
  return send({ path: "/api/actions", patient: status.patient_id, alert: facts.alert_id, action_type, what, body });
}

// For how long a reason holds: what the rules in force for this patient say.
const ENDED_BY_RED = new Set(["artefact", "equipment"]);
function holds(status, reason, priority) {
  const n = state.rules[status.rules?.sha256]?.holds?.[reason]?.[priority];
  const red = ENDED_BY_RED.has(reason) ? `, ${t("holds.red")}` : "";
  return (n == null ? t("holds.unknown") : t("holds.min", { n })) + red;
}

// Quiet for a while without anybody's taking it on: as long as the rules still allow for this alert.
const QUIET = [5, 15, 30, 60, 120, 240];
function Snooze({ status, alert, seen, text, close }) {
  const most = alert.lifecycle?.snooze_left_minutes ?? 0;
  const choices = QUIET.filter((n) => n <= most);
  if (most >= 1 && !choices.length) choices.push(most);
  const give = (n) => {
    say(status, "snooze", { alert_id: alert.alert_id, ...seen, minutes: n, text: text.trim() || undefined }, t("snooze.what", { bed: bedOf(status), n }));
    close();
  };
  if (!choices.length) return html`<p class="hint quiet-row">${t("snooze.none")}</p>`;
  return html`<div class="quiet-row" role="group" aria-label=${t("snooze")}><b>${t("snooze")}</b> ${choices.map((n) => html`<button type="button" key=${n} onClick=${() => give(n)}>${t("snooze.n", { n })}</button>`)}
    <p class="hint">${t("snooze.hint")}</p></div>`;
}

export function Acknowledge({ status, alertId, close }) {
  const [text, setText] = useState("");
  const [takesFrom, takeFrom] = useState(null);
  const alerts = [...status.alerts, ...(status.resolved ?? [])];
  const alert = alerts.find((one) => one.alert_id === alertId);
  // What was on the screen when the window opened is what is acknowledged; if it has become worse, the board refuses.
  const [seen] = useState(() => alert && { revision: alert.revision, priority: alert.priority });
  if (!alert || !seen) return html`<${Dialog} title=${t("acknowledge")} close=${close}><p>${t("ack.gone")}</p></${Dialog}>`;
  const left = alert.lifecycle?.reviews_left;
  const other = otherOwner(alert);
  const waits = other && takesFrom !== other.who; // nothing is given before she has said that she takes it over
  const give = (reason) => {
    say(status, "acknowledge", { alert_id: alert.alert_id, ...seen, reason, text: text.trim() || undefined, takes_over_from: takesFrom ?? undefined }, t("ack.what", { bed: bedOf(status), reason: code("reason", reason) }));
    close();
  };
  const changedSince = alert.priority !== seen.priority;
  return html`<${Dialog} title=${t("acknowledge")} close=${close} kind="acknowledge">
    <${Who} status=${status} />
    <p class="what"><${Priority} alert=${alert} /> ${headline(alert)}</p>
    ${changedSince && html`<p class="loud" role="alert">${t("ack.changed")}</p>`}
    ${other ? html`<p class="other-owner" role="status"><b>${t("ack.other", { who: other.who, role: code("role", other.role), at: clock(ms(other.since)) })}</b>
      ${waits ? html` <button type="button" class="primary" onClick=${() => takeFrom(other.who)}>${t("ack.take_over")}</button>` : html` ${t("ack.taking_over")}`}</p>` : html`<p class="hint">${t("ack.hint")}</p>`}
    <div class="reasons" role="group" aria-label=${t("reason")}>
      ${ACKNOWLEDGE.map((reason, i) => html`<button type="button" key=${reason} disabled=${waits || (reason === "reviewing" && left === 0)} onClick=${() => give(reason)}>
        <kbd>${i + 1}</kbd> <b>${code("reason", reason)}</b><small>${holds(status, reason, alert.priority)}${reason === "reviewing" && left != null ? ` · ${t("reviews_left", { n: left })}` : ""}</small></button>`)}
    </div>
    <label>${t("text")} <input type="text" maxlength="500" value=${text} onInput=${(event) => setText(event.target.value)} autocomplete="off" /></label>
    ${calls(alert) ? html`<${Snooze} status=${status} alert=${alert} seen=${seen} text=${text} close=${close} />` : ""}
  </${Dialog}>`;
}

export function Concern({ status, close }) {
  const [text, setText] = useState("");
  const give = (reason) => {
    say(status, "concern", { reason, text: text.trim() || undefined }, t("concern.what", { bed: bedOf(status), reason: code("reason", reason) }));
    close();
  };
  return html`<${Dialog} title=${t("concern")} close=${close} kind="acknowledge">
    <${Who} status=${status} />
    <p class="hint">${t("concern.hint")}</p>
    <div class="reasons" role="group" aria-label=${t("reason")}>
      ${CONCERN.map((reason, i) => html`<button type="button" key=${reason} onClick=${() => give(reason)}><kbd>${(i + 1) % 10}</kbd> <b>${code("reason", reason)}</b></button>`)}
    </div>
    <label>${t("text")} <input type="text" maxlength="500" value=${text} onInput=${(event) => setText(event.target.value)} autocomplete="off" /></label>
  </${Dialog}>`;
}

export function feedback(status, alert, useful) {
  say(status, "feedback", { alert_id: alert.alert_id, reason: useful ? "useful" : "not_useful" }, t("feedback.what", { bed: bedOf(status) }));
}
