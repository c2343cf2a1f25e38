// Observations, after NEWS2: bands, points and colours of its chart 1; charted sets as columns, what streams say beneath.
// A view of our own: the chart of the Royal College of Physicians may not be changed, and is not this one.

import { cx, html } from "./html.js";
import { dayAndClock, ms } from "./time.js";
import { number, PARTS, UNITS } from "./vitals.js";
import { t } from "./i18n.js";

const MOST = 14; // columns
const STREAMED = ["resp_rate", "spo2", "pulse_rate", "systolic_bp", "temperature"];

const bound = (value, part) => (part === "temperature" ? number("temperature", value) : String(value));
function bandText(one, part) {
  const range = one.low == null ? `≤ ${bound(one.high, part)}` : one.high == null ? `≥ ${bound(one.low, part)}` : `${bound(one.low, part)}–${bound(one.high, part)}`;
  return one.note ? `${range} ${t(`chart.${one.note}`)}` : range;
}

// What a letter counts in these sets: confusion that was there before counts nothing.
function lettered(chart, { value, points }) {
  const counted = chart.columns.slice(-MOST).map((one) => one.items.consciousness).filter((item) => item?.value === value && item.points != null).map((item) => item.points);
  return counted.length ? Math.max(...counted) : points;
}

// The rows of one item: of a number its bands; of the other two the words that are charted.
function rowsOf(chart, part) {
  if (part === "supplemental_oxygen") return chart.bands[part].map(({ value, points }) => ({ key: `${part} ${value}`, words: t(value ? "oxygen" : "air"), points, holds: (item) => item.value === value, show: () => "●" }));
  if (part === "consciousness") return chart.bands[part].map((one) => ({ key: `${part} ${one.value}`, words: t(`letter.${one.value}`), points: lettered(chart, one), holds: (item) => item.value === one.value, show: () => one.value }));
  return chart.bands[part].map((one, i) => ({ key: `${part} ${i}`, words: bandText(one, part), points: one.points, holds: (item) => item.band === i, show: (item) => number(part, item.value) }));
}

// The streamed value of the minute in which a set was charted, or of one shortly before.
function streamedAt(trends, name, at) {
  const lane = trends?.vitals[name] ?? (name === "pulse_rate" ? trends?.vitals.heart_rate : null);
  if (!lane) return null;
  for (let i = trends.minutes.length - 1; i >= 0; i--) {
    const back = at / 60_000 - trends.minutes[i];
    if (back > 5) return null;
    if (back >= -1 && lane.value[i] != null) return lane.value[i];
  }
  return null;
}

export function Chart({ history }) {
  const { chart, trends } = history;
  const columns = chart.columns.slice(-MOST);
  return html`<figure class="news2-chart"><figcaption><h3>${t("chart.title")}</h3><p class="hint">${t("chart.source")} ${t("observe.scale", { n: chart.scale })}.</p></figcaption>
    ${columns.length ? html`<div class="wide" tabindex="0" role="region" aria-label=${t("chart.title")}><table><thead><tr><th>${t("vital")}</th><th>${t("chart.band")}</th><th>${t("chart.points")}</th>${columns.map((one) => html`<th key=${one.action_id} scope="col"><time>${dayAndClock(one.taken_at)}</time></th>`)}</tr></thead>
      ${PARTS.map((part) => { const rows = rowsOf(chart, part); return html`<tbody key=${part}>${rows.map((row, i) => html`<tr key=${row.key} class=${`band p${row.points}`}>
        ${i === 0 ? html`<th scope="rowgroup" rowspan=${rows.length}>${t(`vital.${part}`)}${UNITS[part] ? html` <small>${UNITS[part]}</small>` : ""}</th>` : ""}
        <th scope="row">${row.words}</th><td class="n">${row.points}</td>
        ${columns.map((one) => { const item = one.items[part]; return html`<td key=${one.action_id} class=${cx("at", item && row.holds(item) && "here")}>${item && row.holds(item) ? row.show(item) : ""}</td>`; })}</tr>`)}</tbody>`; })}
      <tbody class="totals"><tr><th scope="row" colspan="3">NEWS2</th>${columns.map((one) => html`<td key=${one.action_id}>${one.covered ? html`<b>${one.complete ? one.total : `≥ ${one.total}`}</b>` : t("not_covered")}</td>`)}</tr>
        <tr><th scope="row" colspan="3">${t("chart.by")}</th>${columns.map((one) => html`<td key=${one.action_id}><small>${one.who}</small></td>`)}</tr></tbody>
      <tbody class="streams"><tr><th scope="rowgroup" colspan=${3 + columns.length}>${t("chart.streams")}</th></tr>${STREAMED.map((name) => html`<tr key=${name}><th scope="row" colspan="3">${t(`vital.${name}`)}</th>${columns.map((one) => { const value = streamedAt(trends, name, one.taken_at); return html`<td key=${one.action_id}>${value == null ? "–" : number(name, value)}</td>`; })}</tr>`)}</tbody>
    </table></div>` : html`<p class="hint">${t("chart.none")}</p>`}</figure>`;
}

// The same hours as a table, for whoever does not see curves: the last value of each hour.
export function HourTable({ history }) {
  const { trends } = history;
  if (!trends?.minutes.length) return null;
  const names = ["resp_rate", "spo2", "pulse_rate", "heart_rate", "systolic_bp", "temperature"].filter((name) => trends.vitals[name]);
  const hours = new Map();
  trends.minutes.forEach((minute, i) => hours.set(Math.floor(minute / 60), i));
  return html`<details class="hour-table"><summary>${t("trends.table")}</summary><table class="list"><thead><tr><th>${t("trends.hour")}</th><th>NEWS2</th>${names.map((name) => html`<th key=${name}>${t(`vital.${name}`)}</th>`)}</tr></thead>
    <tbody>${[...hours].reverse().map(([hour, i]) => html`<tr key=${hour}><th scope="row">${dayAndClock(trends.minutes[i] * 60_000)}</th><td>${trends.least[i] ?? "–"}</td>${names.map((name) => html`<td key=${name}>${number(name, trends.vitals[name].value[i])}</td>`)}</tr>`)}</tbody></table></details>`;
}
