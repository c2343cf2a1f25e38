// Taking an alert on: a reason, and how long it holds. Also: snooze, concern, and whether the alert was of use.

import { useState } from "preact/hooks";
import { Dialog } from "./dialog.js";
import { html } from "./html.js";
import { worst } from "./order.js";
import { newId, send } from "./sending.js";
import { Priority } from "./tile.js";
import { code, t } from "./words.js";
import { Who } from "./who.js";
import { bedOf } from "./person.js";

export const ACKNOWLEDGE = ["reviewing", "escalated", "treatment", "observations", "artefact", "equipment", "known", "off_ward", "care_plan"];
export const CONCERN = ["breathing", "circulation", "temperature", "mentation", "agitation", "pain", "not_improving", "patient_says", "relative_says", "gut_feeling"];

export function say(status, deed, facts, what) {
  const body = { action_id: newId(), patient_id: status.patient_id, deed, ...facts };
  return send({ path: "/api/actions", patient: status.patient_id, alert: facts.alert_id, deed, what, body });
}

export function Acknowledge({ status, alertId, close }) {
  const [text, setText] = useState("");
  const alerts = [...status.alerts, ...(status.resolved ?? [])];
  const alert = alerts.find((one) => one.alert_id === alertId);
  // What was on the screen when the window opened is what is acknowledged; if it has become worse, the board refuses.
  const [seen] = useState(() => alert && { revision: alert.revision, priority: alert.priority });
  if (!alert || !seen) return html`<${Dialog} title=${t("acknowledge")} close=${close}><p>${t("ack.gone")}</p></${Dialog}>`;
  const left = alert.life?.reviews_left;
  const give = (reason) => {
    say(status, "acknowledge", { alert_id: alert.alert_id, ...seen, reason, text: text.trim() || undefined }, t("ack.what", { bed: bedOf(status), reason: code("reason", reason) }));
    close();
  };
  const changedSince = alert.priority !== seen.priority;
  return html`<${Dialog} title=${t("acknowledge")} close=${close} kind="acknowledge">
    <${Who} status=${status} />
    <p class="what"><${Priority} alert=${alert} /> ${alert.headline}</p>
    ${changedSince && html`<p class="loud" role="alert">${t("ack.changed")}</p>`}
    <p class="hint">${t("ack.hint")}</p>
    <div class="reasons" role="group" aria-label=${t("reason")}>
      ${ACKNOWLEDGE.map((reason, i) => html`<button type="button" key=${reason} disabled=${reason === "reviewing" && left === 0} onClick=${() => give(reason)}>
        <kbd>${i + 1}</kbd> <b>${code("reason", reason)}</b><small>${t(`holds.${alert.priority === "high" ? "high" : "medium"}.${reason}`)}${reason === "reviewing" && left != null ? ` · ${t("reviews_left", { n: left })}` : ""}</small></button>`)}
    </div>
    <label>${t("text")} <input type="text" maxlength="500" value=${text} onInput=${(event) => setText(event.target.value)} autocomplete="off" /></label>
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

export const firstCalled = (status) => worst(status);
