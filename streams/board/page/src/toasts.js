// What became of what was said: sending until the broker has it, undo for ten seconds, failure loud until seen.

import { dismiss, newId, send } from "./sending.js";
import { cx, html } from "./html.js";
import { state } from "./store.js";
import { left, ms, Ticking } from "./time.js";
import { code, t } from "./words.js";

function undo(word) {
  send({
    path: "/api/actions",
    patient: word.patient,
    alert: word.alert,
    deed: "undo",
    what: t("undo.of", { what: word.what }),
    body: { action_id: newId(), patient_id: word.patient, deed: "undo", alert_id: word.alert, undoes: word.id },
  });
}

function Undo({ word }) {
  const life = state.beds.get(word.patient)?.alerts?.concat(state.beds.get(word.patient)?.resolved ?? []).find((one) => one.alert_id === word.alert)?.life;
  if (word.deed !== "acknowledge" && word.deed !== "snooze") return null;
  if (life?.undo_of !== word.id || !life.undo_until) return null;
  return html`<button type="button" onClick=${() => undo(word)}>${t("undo")} <${Ticking} of=${life.undo_until} say=${() => left(ms(life.undo_until))} /></button>`;
}

export function Toasts() {
  const words = [...state.pending.values()];
  return html`<section class="toasts" aria-label=${t("sending.list")}>
    <div role="status" aria-live="polite">${words.filter((word) => !["failing", "refused"].includes(word.state)).map((word) => html`<p key=${word.id} class=${cx("toast", word.state, word.unanswered && "unanswered")}>
        <span>${word.what}</span> <b>${word.unanswered && word.state === "sent" ? t("word.unanswered") : t(`word.${word.state}`)}</b> <${Undo} word=${word} />
        ${word.unanswered ? html`<button type="button" onClick=${() => dismiss(word.id)}>${t("close")}</button>` : ""}</p>`)}</div>
    <div role="alert">${words.filter((word) => ["failing", "refused"].includes(word.state)).map((word) => html`<p key=${word.id} class=${cx("toast", word.state)}>
        <span>${word.what}</span> <b>${t(`word.${word.state}`)}</b> <span>${word.coded ? code("refused", word.why) : word.why}</span>
        ${word.state === "refused" ? html`<button type="button" onClick=${() => dismiss(word.id)}>${t("close")}</button>` : ""}</p>`)}</div>
  </section>`;
}
