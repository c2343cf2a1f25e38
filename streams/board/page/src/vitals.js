// The seven items of the score in the order of the chart, and how a value is written.

import { t } from "./i18n.js";

export const PARTS = ["resp_rate", "spo2", "supplemental_oxygen", "systolic_bp", "pulse_rate", "consciousness", "temperature"];
export const DRAWN = ["resp_rate", "spo2", "pulse_rate", "heart_rate", "systolic_bp", "temperature"];
const TENTHS = new Set(["temperature", "oxygen_flow"]);
export const UNITS = { resp_rate: "/min", spo2: "%", systolic_bp: "mmHg", diastolic_bp: "mmHg", pulse_rate: "/min", heart_rate: "/min", temperature: "°C", oxygen_flow: "L/min" };
const LIVE = new Set(["live", "delayed"]);
// In force, on time or a little late; everything else counts as missing.
export const isLive = (vital) => LIVE.has(vital?.state);

// The vital behind an item: the pulse before the ECG's rate, as the chart wants it, but a live one before a lost one.
export function behind(status, part) {
  const vital = status.vitals[part];
  if (part !== "pulse_rate") return [part, vital];
  const heart = status.vitals.heart_rate;
  return heart?.value != null && (vital?.value == null || (isLive(heart) && !isLive(vital))) ? ["heart_rate", heart] : [part, vital];
}

export function number(name, value) {
  if (value == null) return "–";
  return TENTHS.has(name) ? t("decimal", { whole: Math.trunc(Number(value.toFixed(1))), tenth: value.toFixed(1).at(-1) }) : String(Math.round(value));
}

export function shown(name, value) {
  if (value == null) return "–";
  if (name === "supplemental_oxygen") return value ? t("on_oxygen") : t("air");
  if (name === "consciousness") return String(value);
  return number(name, value);
}

// Oxygen is shown as the score counts it: a flow that still holds is oxygen, whatever was ticked beside it.
export function shownPart(status, part) {
  const [name, vital] = behind(status, part);
  const flow = status.vitals.oxygen_flow;
  if (part === "supplemental_oxygen" && flow?.value > 0 && isLive(flow) && points(status, part) !== 0) return `${number("oxygen_flow", flow.value).replace(/[.,]0$/, "")} L`;
  return shown(name, vital?.value);
}

// What the patient's item scores for certain; null where it is not known.
export const points = (status, part) => status.news2?.parts?.[part] ?? null;

export function scoreText(score) {
  if (!score) return null;
  return score.complete ? String(score.score_min) : `${score.score_min}–${score.score_max}`;
}

// The vital that the small curve shows: the one that the worst alert is about, else the one with most points.
export function leadOf(status, alert, spark) {
  const has = (name) => spark?.vitals?.[name]?.value.some((v) => v != null);
  const about = (alert?.findings ?? []).map((finding) => finding.vital).filter((name) => DRAWN.includes(name));
  const scored = PARTS.filter((part) => points(status, part) > 0).sort((a, b) => points(status, b) - points(status, a)).map((part) => behind(status, part)[0]);
  return [...about, ...scored, "heart_rate", "pulse_rate", "spo2", "resp_rate", "systolic_bp"].find(has) ?? null;
}
