// What became of what was said: sending until the broker has it, undo for ten seconds, failure loud until seen.

import { dismiss, newId, send } from "./outbox.js";
import { cx, html } from "./html.js";
import { askWho } from "./SignIn.js";
import { unnotify } from "./notices.js";
import { state, wardNow } from "./store.js";
import { Left, ms } from "./time.js";
import { code, t } from "./i18n.js";

const LOUD = new Set(["failing", "refused", "asking"]);

function undo(word) {
  send({
    path: "/api/actions",
    patient: word.patient,
    alert: word.alert,
    action_type: "undo",
    what: t("undo.of", { what: word.what }),
    body: { action_id: newId(), patient_id: word.patient, action_type: "undo", alert_id: word.alert, undoes: word.id },
  });
}

// Until when (ward's time) a word may be taken back: as the worker says, and before it has spoken as the rules do.
function undoUntil(word) {
  if (!["acknowledge", "snooze", "concern"].includes(word.action_type) || !["sent", "applied"].includes(word.state)) return null;
  for (const other of state.pending.values()) if (other.body.undoes === word.id) return null;
  const status = state.beds.get(word.patient);
  const lifecycle = [...(status?.alerts ?? []), ...(status?.resolved ?? [])].find((one) => one.alert_id === word.alert)?.lifecycle;
  const until = lifecycle?.undo_of === word.id ? ms(lifecycle.undo_until) : word.sentWard + (state.rules[status?.rules?.sha256]?.undo_seconds ?? 10) * 1000;
  return until > wardNow() ? until : null;
}

function Undo({ word }) {
  const until = undoUntil(word);
  return until && html`<button type="button" onClick=${() => undo(word)}>${t("undo")} <span aria-hidden="true"><${Left} until=${until} /></span></button>`;
}

const told = (word) => (word.unanswered && word.state === "sent" ? t("word.unanswered") : word.state === "applied" && !word.action_type ? t("word.recorded") : t(`word.${word.state}`));

export function Toasts() {
  const words = [...state.pending.values()];
  return html`<section class="toasts" aria-label=${t("sending.list")}>
    <div role="status" aria-live="polite">${words.filter((word) => !LOUD.has(word.state)).map((word) => html`<p key=${word.id} class=${cx("toast", word.state, word.unanswered && "unanswered")}>
        <span>${word.what}</span> <b>${told(word)}</b> <${Undo} word=${word} />
        ${word.unanswered ? html`<button type="button" onClick=${() => dismiss(word.id)}>${t("close")}</button>` : ""}</p>`)}</div>
    <div role="alert">${[...state.notices].map(([id, one]) => html`<p key=${id} class="toast notice"><b>${one.words}</b> <button type="button" onClick=${() => unnotify(id)}>${t("close")}</button></p>`)}${words.filter((word) => LOUD.has(word.state)).map((word) => html`<p key=${word.id} class=${cx("toast", word.state)}>
        <span>${word.what}</span> <b>${t(`word.${word.state}`)}</b> <span>${word.coded ? code("refused", word.why) : word.why}</span>
        ${word.state === "asking" ? html`<button type="button" onClick=${askWho}>${t("sign_in")}</button>` : ""}
        ${["refused", "asking"].includes(word.state) ? html`<button type="button" onClick=${() => dismiss(word.id)}>${t("close")}</button>` : ""}</p>`)}</div>
  </section>`;
}
