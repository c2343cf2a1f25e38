// An hour of one vital as a small curve, with the band that is usual for this patient.

import { memo } from "./memo.js";
import { html } from "./html.js";
import { number, UNITS } from "./vitals.js";
import { t } from "./i18n.js";

const W = 240;
const H = 36;

export const Spark = memo(function Spark({ spark, name, minute: now }) {
  const row = spark?.vitals?.[name];
  if (!row) return html`<div class="spark none">${t("spark.none")}</div>`;
  // The curve ends where the hour does: a patient of whom nothing has come for a while has a gap at the right.
  const last = Math.max(now / 60_000, spark.minutes[spark.minutes.length - 1]);
  const all = [...row.value, ...row.low, ...row.high].filter((v) => v != null);
  let low = Math.min(...all);
  let high = Math.max(...all);
  const room = Math.max((high - low) * 0.12, name === "temperature" ? 0.3 : 2);
  low -= room;
  high += room;
  const x = (minute) => (W * (minute - last + 60)) / 60;
  const y = (value) => H - (H * (value - low)) / (high - low);
  const lines = [];
  const top = [];
  const bottom = [];
  let run = "";
  let before = null;
  spark.minutes.forEach((minute, i) => {
    const value = row.value[i];
    if (row.low[i] != null && row.high[i] != null) {
      top.push(`${x(minute).toFixed(1)},${y(row.high[i]).toFixed(1)}`);
      bottom.unshift(`${x(minute).toFixed(1)},${y(row.low[i]).toFixed(1)}`);
    }
    if (value == null || (before != null && minute - before > 2)) {
      if (run) lines.push(run);
      run = "";
    }
    if (value != null) {
      run += `${run ? "L" : "M"}${x(minute).toFixed(1)} ${y(value).toFixed(1)}`;
      before = minute;
    }
  });
  if (run) lines.push(run);
  const known = row.value.filter((v) => v != null);
  const usual = [...row.low.keys()].reverse().map((i) => (row.low[i] == null ? null : (row.low[i] + row.high[i]) / 2)).find((v) => v != null);
  const newest = known[known.length - 1];
  const label = t("spark.label", { vital: t(`vital.${name}`), now: number(name, newest), unit: UNITS[name] ?? "", usual: usual == null ? "–" : number(name, usual) });
  return html`<div class="spark" role="img" aria-label=${label}>
    <p>${t(`short.${name}`)}${usual == null ? "" : html` <span>${t("usual")} ${number(name, usual)}</span>`}</p>
    <svg viewBox="0 0 ${W} ${H}" preserveAspectRatio="none" aria-hidden="true">
      ${top.length > 1 && html`<polygon class="band" points=${[...top, ...bottom].join(" ")} />`}
      ${lines.map((d) => html`<path d=${d.includes("L") ? d : `${d}h1`} />`)}
    </svg>
  </div>`;
});
