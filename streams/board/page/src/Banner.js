// The truth about this page: whether what it shows is what is so. It stands above everything and cannot be scrolled away.

import { cx, html } from "./html.js";
import { state, wardNow } from "./store.js";
import { age, clock, dayAndClock, Ticking } from "./time.js";
import { code, t } from "./i18n.js";

const SKEW_MS = 60_000;

// What is wrong, the worst first; empty when all is well.
export function truths() {
  const pulse = state.pulse;
  if (state.offline) return [{ kind: "offline", words: t("truth.offline", { at: dayAndClock(state.offline.at) }), print: true }];
  if (state.linkLost) return [{ kind: "lost", words: t("truth.lost", { at: clock(wardNow() - (performance.now() - state.heardAt)) }), print: true }];
  const found = [];
  if (pulse && !pulse.broker) found.push({ kind: "broker", words: t("truth.broker"), print: true });
  else if (pulse) found.push(...pulse.troubles.map((one) => trouble(one, pulse.partitions)));
  if (state.me && !state.ready && pulse) found.push({ kind: "reading", words: t("truth.reading") });
  if (Math.abs(state.skew) > SKEW_MS) found.push({ kind: "clock", words: t("truth.clock", { n: Math.round(Math.abs(state.skew) / 60_000) }) });
  if (pulse?.incomplete) found.push({ kind: "incomplete", words: t("truth.incomplete", { n: pulse.incomplete }), print: true });
  if (pulse?.unreadable) found.push({ kind: "unreadable", words: t("truth.unreadable", { n: pulse.unreadable }) });
  if (state.namesFail) found.push({ kind: "names", words: t("names.failed") });
  return found;
}

// What is wrong with the watch itself, in the words of its kind; where it is not so everywhere, for how many beds.
function trouble({ kind, partitions, patients, seconds, reasons }, all) {
  const everywhere = partitions.length >= all;
  if (kind === "silent") return { kind: "worker", words: everywhere ? t("truth.worker") : t("truth.workers", { n: patients }), print: true };
  const where = everywhere ? "" : t("truth.where", { n: patients });
  const why = reasons.map((reason) => code("unready", reason)).join(", ");
  return { kind, words: t(`truth.${kind === "clock" ? "time" : kind}`, { s: seconds, where, why }), print: kind !== "clock" };
}

// The seconds are for eyes alone: a screen reader would read the whole banner out again with each.
export function Banner() {
  const found = truths();
  return html`<div class="truth" role="alert" aria-live="assertive">
    ${found.map((one) => html`<p key=${one.kind} class=${cx("truth-line", one.kind)}><strong>${one.words}</strong>
      ${one.kind === "lost" ? html` <span aria-hidden="true"><${Ticking} of=${state.heardAt} say=${() => t("truth.for", { n: Math.round((performance.now() - state.heardAt) / 1000) })} /></span>` : ""}
      ${one.kind === "offline" ? html` <b class="offline-age"><${Ticking} of=${state.offline.at} say=${() => t("truth.offline.age", { age: age(state.offline.at) })} /></b>` : ""}
      ${one.print ? html` <button type="button" onClick=${() => { location.hash = "#sheet"; }}>${t("sheet.open")}</button>` : ""}</p>`)}
  </div>`;
}
