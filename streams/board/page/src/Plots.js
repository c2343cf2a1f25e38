// The last hours as real charts: values, the patient's usual band, alerts and what people did.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { html } from "./html.js";
import { memo } from "./memo.js";
import { settings } from "./settings.js";
import { clock, ms, setText } from "./time.js";
import { number, UNITS } from "./vitals.js";
import { t } from "./i18n.js";

const ROWS = ["resp_rate", "spo2", "pulse_rate", "systolic_bp", "temperature"];
const HEIGHT = 92;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const LOUD = new Set(["raised", "worsened", "returned", "escalated"]);

// Minutes without data are gaps: a row is put in so that no line is drawn across them.
function withGaps(trends) {
  const at = [];
  const from = [];
  trends.minutes.forEach((minute, i) => {
    if (i && minute - trends.minutes[i - 1] > 3) {
      at.push((trends.minutes[i - 1] + 1) * 60);
      from.push(-1);
    }
    at.push(minute * 60);
    from.push(i);
  });
  return { at, row: (values) => from.map((i) => (i < 0 ? null : values[i])) };
}

function marks(events) {
  return {
    hooks: {
      draw: [(u) => {
        const { ctx } = u;
        ctx.save();
        for (const event of events) {
          const x = Math.round(u.valToPos(event.at, "x", true));
          if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) continue;
          ctx.strokeStyle = colour(event.done ? "--ink-2" : `--${event.priority}`);
          ctx.lineWidth = devicePixelRatio * (event.done ? 1 : 1.5);
          ctx.setLineDash(event.done ? [3, 3] : []);
          ctx.beginPath();
          ctx.moveTo(x, u.bbox.top);
          ctx.lineTo(x, u.bbox.top + u.bbox.height);
          ctx.stroke();
        }
        ctx.restore();
      }],
    },
  };
}

// Where the score's chart turns red, by the bands that the board itself scores with: thresholds, drawn thin. What is red
// only under oxygen, or only on the scale that is not in force, no line can say.
export function redOf(name, chart) {
  const rows = chart?.covered ? (chart.bands[name === "heart_rate" ? "pulse_rate" : name] ?? []) : [];
  const red = rows.filter((one) => one.points === 3 && [null, `scale_${chart.scale}`].includes(one.note));
  return [red.find((one) => one.low == null)?.high ?? null, red.find((one) => one.high == null)?.low ?? null];
}

function limits([low, high]) {
  return { hooks: { draw: [(u) => {
    const { ctx } = u;
    ctx.save();
    ctx.strokeStyle = colour("--high");
    ctx.lineWidth = devicePixelRatio;
    ctx.globalAlpha = 0.55;
    ctx.setLineDash([6, 4]);
    for (const value of [low, high]) {
      if (value == null || value < u.scales.y.min || value > u.scales.y.max) continue;
      const y = Math.round(u.valToPos(value, "y", true));
      ctx.beginPath();
      ctx.moveTo(u.bbox.left, y);
      ctx.lineTo(u.bbox.left + u.bbox.width, y);
      ctx.stroke();
    }
    ctx.restore();
  }] } };
}

// What the curve says where the pointer is: time and value, in words beside the title.
function tells(out, decimals, row) {
  return { hooks: { setCursor: [(u) => {
    const { idx } = u.cursor;
    const value = idx == null ? null : u.data[row][idx];
    setText(out.current, value == null ? "" : `${clock(u.data[0][idx] * 1000)}  ${decimals ? number("temperature", value) : Math.round(value)}`);
  }] } };
}

function Plot({ name, chart, title, unit, data, series, bands, events, sync, range, decimals = 0 }) {
  const ref = useRef(null);
  const out = useRef(null);
  const pointer = useRef(null);
  const night = document.documentElement.dataset.theme;
  useEffect(() => {
    const box = ref.current;
    const axis = { stroke: colour("--ink-2"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "11px Inter Variable, sans-serif" };
    const plot = new uPlot({
      width: box.clientWidth || 320, height: HEIGHT, cursor: { sync: { key: sync }, points: { size: 5 }, y: false }, legend: { show: false },
      padding: [6, 8, 0, 0],
      scales: { x: { time: true }, y: { range } },
      axes: [{ ...axis, size: 20, space: 70, values: (_, list) => list.map((s) => clock(s * 1000)) }, { ...axis, size: 38, space: 26, values: (_, list) => list.map((v) => (decimals ? number("temperature", v) : String(Math.round(v)))) }],
      series: [{}, ...series.map((one) => ({ ...one, points: { show: false }, spanGaps: false }))],
      bands,
      plugins: [marks(events), ...(name ? [limits(redOf(name, chart))] : []), tells(out, decimals, data.length - 1)],
      hooks: { ready: [(u) => pointer.current && u.setCursor(pointer.current)] },
    }, data, box);
    const watch = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: HEIGHT }));
    watch.observe(box);
    return () => {
      pointer.current = plot.cursor.left >= 0 ? { left: plot.cursor.left, top: plot.cursor.top } : null; // it rests where it is
      watch.disconnect();
      plot.destroy();
    };
  }, [data, night, chart]);
  return html`<figure class="plot"><figcaption>${title}${unit ? html` <small>${unit}</small>` : ""} <output class="readout" ref=${out} aria-hidden="true"></output></figcaption><div ref=${ref} role="img" aria-label=${t("plot.label", { what: title })}></div></figure>`;
}

// Drawn anew only for other hours, another language or other colours: a pointer's read-out would be wiped out.
export const Plots = memo(function Plots({ history }) {
  const { trends } = history;
  if (!trends?.minutes.length) return html`<p class="hint">${t("plot.none")}</p>`;
  const { at, row } = withGaps(trends);
  const events = history.events
    .filter((event) => LOUD.has(event.state) || event.action)
    .map((event) => ({ at: ms(event.at) / 1000, priority: event.priority, done: Boolean(event.action) }));
  const line = colour("--curve");
  const band = colour("--band");
  const known = ROWS.map((name) => (name === "pulse_rate" && trends.vitals.heart_rate ? "heart_rate" : name)).filter((name) => trends.vitals[name]);
  return html`<div class="plots" key=${settings.language}>
    <${Plot} title="NEWS2" data=${[at, row(trends.most), row(trends.least)]} sync="why" events=${events}
      series=${[{ stroke: "transparent" }, { stroke: line, width: 1.5, paths: uPlot.paths.stepped({ align: 1 }) }]} bands=${[{ series: [1, 2], fill: band }]}
      range=${(_, low, high) => [0, Math.max(8, high ?? 8)]} />
    ${known.map((name) => {
      const one = trends.vitals[name];
      const usual = one.low.map((low, i) => (low == null ? null : (low + one.high[i]) / 2));
      return html`<${Plot} key=${name} name=${name} chart=${history.chart} title=${t(`vital.${name}`)} unit=${UNITS[name]} sync="why" events=${events} decimals=${name === "temperature" ? 1 : 0}
        data=${[at, row(one.high), row(one.low), row(usual), row(one.value)]}
        series=${[{ stroke: "transparent" }, { stroke: "transparent" }, { stroke: colour("--ink-3"), width: 1, dash: [2, 3] }, { stroke: line, width: 1.5 }]}
        bands=${[{ series: [1, 2], fill: band }]} range=${(_, low, high) => (low == null ? [0, 1] : [low - 1, high + 1])} />`;
    })}
    <p class="key"><i class="k-band"></i> ${t("plot.band")} <i class="k-alert"></i> ${t("plot.alert")} <i class="k-done"></i> ${t("plot.done")}</p>
  </div>`;
});
