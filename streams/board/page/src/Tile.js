// One bed: how bad, why, how well watched, and who has it.

import { cx, html } from "./html.js";
import { memo } from "./memo.js";
import { flags } from "./careOrders.js";
import { calls, HIDDEN, RANK, alertStatus, trendOf, watched, worst } from "./order.js";
import { bedOf, Person } from "./Person.js";
import { headline, said } from "./alertText.js";
import { Spark } from "./Spark.js";
import { settings } from "./settings.js";
import { reachesNobody } from "./reach.js";
import { between, reds } from "./reds.js";
import { wardNow } from "./store.js";
import { Age, clock, Left, ms, Since } from "./time.js";
import { behind, isLive, leadOf, PARTS, points, scoreText, shownPart } from "./vitals.js";
import { code, t } from "./i18n.js";

export const STARS = { high: "***", medium: "**", low: "*" };

export function Priority({ alert }) {
  if (!alert) return null;
  return html`<span class=${cx("priority", alert.priority, !calls(alert) && "calm")}>
    <b aria-hidden="true">${STARS[alert.priority]}</b> ${t(`priority.${alert.priority}`)}</span>`;
}

// Chromium 156 leaves what stands inside as it looked when only the class of what is around it changes: another look is
// another element.
function Cell({ status, part }) {
  const [name, vital] = behind(status, part);
  const score = points(status, part);
  const stateName = vital?.state ?? "never seen";
  const live = isLive(vital);
  const value = shownPart(status, part);
  const usable = vital?.value != null;
  const look = cx("cell", score == null ? "unknown" : `p${score}`, !live && "lost");
  return html`<div key=${look} class=${look} title=${t(`vital.${name}`)}>
    <dt>${t(`short.${name}`)}${score ? html`<i aria-label=${t("points", { n: score })}>${score}</i>` : ""}</dt>
    <dd>
      ${usable ? (live ? html`<b>${value}</b>` : html`<s>${value}</s>`) : html`<b class="dash">?</b>`}
      <small>${live ? html`<${Age} at=${ms(vital.taken_at)} />` : t(`state.${stateName}`)}${stateName === "delayed" ? html` <em>${t("state.delayed")}</em>` : ""}</small>${vital?.suspect ? html`<small class="check" title=${t("suspect")}>${t("check")}</small>` : ""}
    </dd>
  </div>`;
}

function ScoreBlock({ status, trend }) {
  const score = status.news2;
  if (status.coverage === "not covered" || !score)
    return html`<div class="score none"><b>${status.coverage === "not covered" ? t("not_covered") : "?"}</b><small>NEWS2</small></div>`;
  const level = score.score_min >= 7 ? "s7" : score.score_min >= 5 ? "s5" : score.red?.length ? "s3" : score.score_min >= 1 ? "s1" : "s0";
  const arrow = trend > 0 ? "↗" : trend < 0 ? "↘" : "→";
  const look = cx("score", level, !score.complete && "range");
  return html`<div key=${look} class=${look}>
    <b>${score.complete ? score.score_min : html`${score.score_min}<span class="to">–${score.score_max}</span>`}</b>
    <small>NEWS2 <span class="arrow" title=${t(`trend.${trend}`)}><span class="sr">${t(`trend.${trend}`)}</span><span aria-hidden="true">${arrow}</span></span></small>
  </div>`;
}

function Watching({ status, unwatched }) {
  const how = unwatched ? "unwatched" : watched(status);
  return html`<span class=${cx("watching", how)}>${t(`watched.${how}`)}${how === "paused" ? html` · <${Left} until=${ms(status.paused_until)} />` : ""}</span>`;
}

const FAILED = { "not delivered": "not_delivered", declined: "call_declined", undeliverable: "call_undeliverable" };

const UNANSWERED_MS = 60_000;
// On a board's page a call is shown, and no more: only a device that says so has been reached.
const callWord = (step) => (step.delivery === "delivered" && !step.recipients?.length ? "call.shown" : `call.${step.delivery}`);

// What happens next with an alert: who has it and for how long yet, or what became of the call, and who is called when.
// Nobody counts as reached without a receipt of a device, or of a screen that is looked at.
export function Next({ alert, word, ward }) {
  if (word) return html`<span class=${cx("next", word.state)}>${t(`word.${word.state}`)}</span>`;
  const lifecycle = alert.lifecycle;
  if (!lifecycle) return null;
  const at = alertStatus(alert);
  if (at === "acknowledged" && lifecycle.owner)
    return html`<span class="next owned">${t("owned", { who: lifecycle.owner.who })}${lifecycle.reason ? ` · ${code("reason", lifecycle.reason)}` : ""}${lifecycle.until ? html` · <${Left} until=${ms(lifecycle.until)} />` : ""}</span>`;
  if (at === "snoozed") return html`<span class="next owned">${t("snoozed", { who: lifecycle.snoozed_by?.who ?? "" })} · <${Left} until=${ms(lifecycle.until)} /></span>`;
  const wanted = ms(lifecycle.notified_at);
  const silent = calls(alert) && wanted && wardNow() - wanted > UNANSWERED_MS;
  const failed = lifecycle.steps?.find((step) => FAILED[step.delivery]);
  const reached = lifecycle.steps?.filter((step) => !FAILED[step.delivery]).at(-1);
  const parts = [
    lifecycle.returned ? html`<em>${t("returned", { n: lifecycle.returned })}</em>` : null,
    failed ? html`<em class="loud">${t(FAILED[failed.delivery], { whom: code("step", failed.step) })}</em>` : null,
    reached ? html`<em>${t(callWord(reached), { whom: code("step", reached.step) })}</em>` : null,
    silent ? html`<b class="unanswered">${t("nobody_answered")} <${Age} at=${wanted} /></b>` : null,
    lifecycle.next_step_at ? html`${t("next_step", { whom: code("step", lifecycle.next_step) })} <${Left} until=${ms(lifecycle.next_step_at)} />${reachesNobody(ward, lifecycle.next_step) ? html` <b class="loud">${t("reach.step")}</b>` : ""}` : null,
  ].filter(Boolean);
  return parts.length ? html`<span class="next">${parts.map((part, i) => html`${i ? " · " : ""}${part}`)}</span>` : null;
}

export const scoreLine = (status) =>
  status.coverage === "not covered" ? `${t("not_covered")}: ${code("why_not", status.coverage_reason)}` : status.news2 ? `NEWS2 ${scoreText(status.news2)} · ${t("scale")} ${status.news2.scale}` : "";

export function missingOf(status) {
  return (status.news2?.missing ?? []).map((part) => t(`short.${part}`));
}

export const Due = ({ status, now }) => {
  const at = ms(status.observation_due_at);
  const missing = missingOf(status);
  const late = at != null && at <= now;
  if (at == null || (!late && !missing.length)) return null;
  return html`<span class=${cx("due", late && "late")}>${late ? t("due.late") : t("due.at")} ${late ? html`<${Age} at=${at} />` : html`<${Left} until=${at} />`}${missing.length ? html` · ${t("missing", { what: missing.join(", ") })}` : ""}</span>`;
};

export const Tile = memo(function Tile({ status, alert: full, spark, name, unwatched, word, minute, open, chosen, acknowledge, wall, canAct, cover }) {
  const alert = worst(status);
  const lead = leadOf(status, full, spark);
  const marks = flags(status);
  const how = between(status, alert, wardNow());
  const red = reds(status);
  const trend = trendOf(spark);
  const resolved = status.resolved?.length ?? 0;
  const level = alert ? alert.priority : "quiet";
  const label = [bedOf(status), name?.name, alert ? `${t(`priority.${alert.priority}`)}: ${headline(alert, full)}` : t("quiet"), status.news2 ? `NEWS2 ${scoreText(status.news2)}` : ""].filter(Boolean).join(", ");
  const hidden = unwatched || HIDDEN.has(watched(status));
  return html`<li class=${cx("tile", level, hidden && "hidden-part", chosen && "chosen", alert && !calls(alert) && "owned-tile")} data-patient-place=${bedOf(status)} data-patient=${status.patient_id}>
    <header>
      <h2><button type="button" class="open" aria-label=${label} aria-expanded=${chosen ? "true" : "false"} onClick=${() => open(status.patient_id)}>
        <span class="bed">${bedOf(status)}</span>${!wall && name ? html` <span class="name">${name.name}</span>` : ""}</button></h2>
      <${Priority} alert=${alert} />
    </header>
    <p class="sub">${wall ? "" : html`<${Person} patient=${status.patient_id} name=${name} />`}${cover ? html`<span class="cover">${cover}</span>` : ""}<${Watching} status=${status} unwatched=${unwatched} /></p>
    <div class="vitals">
      <${ScoreBlock} status=${status} trend=${trend} />
      <dl class="cells">${PARTS.map((part) => html`<${Cell} key=${part} status=${status} part=${part} />`)}</dl>
    </div>
    ${alert && html`<p>${how ? html`<b class=${cx("between", how)}>${t(`between.${how}`)}${how === "confirming" ? html` <${Since} at=${ms(alert.started_at)} />` : ""}</b> ` : ""}<time class="said-at">${clock(ms(full?.at ?? alert.started_at))}</time> <span class="why">${headline(alert, full)}</span></p>`}
    ${red.length > 1 || (red.length && !alert) ? html`<p class="reds"><b>${t("reds")}</b> ${red.join(", ")}</p>` : ""}
    ${alert?.kind === "technical" && alert.priority === "high" && full?.advice ? html`<p class="todo">${said(full.advice)}</p>` : ""}
    ${marks.length ? html`<p class="flags">${marks.map((one) => html`<span key=${one.key} class=${cx("flag", one.waits && "waits")}>${one.words}${one.waits ? ` · ${t("flag.unconfirmed")}` : ""}</span>`)}</p>` : ""}
    ${status.awaited && html`<p class="why">${t("awaited")}</p>`}
    ${status.concern && html`<p class="concern">${t("concern.by", { who: status.concern.who })}${status.concern.reason ? `: ${code("reason", status.concern.reason)}` : ""}</p>`}
    ${lead && html`<${Spark} spark=${spark} name=${lead} minute=${minute} lang=${settings.language} />`}
    <footer>
      ${alert && html`<${Next} alert=${alert} word=${word} ward=${status.ward} />`}
      <${Due} status=${status} now=${minute} />
      ${resolved ? html`<span class="unacknowledged">${t("resolved.n", { n: resolved })}</span>` : ""}
      ${alert && canAct && !wall && RANK[alert.priority] && (calls(alert) || (how === "confirming" && alertStatus(alert) !== "acknowledged")) && !word
        ? html`<button type="button" class="act" onClick=${() => acknowledge(status.patient_id, alert.alert_id)} aria-label=${t("ack.of", { bed: bedOf(status) })}>${t(how === "confirming" ? "claim" : "acknowledge")}</button>`
        : ""}
    </footer>
  </li>`;
});
