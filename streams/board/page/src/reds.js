// Every red item of a patient, the one that kills soonest first; and what stands between "seen" and "called".

import { alertStatus, calls } from "./order.js";
import { isLive, number, UNITS } from "./vitals.js";
import { ms } from "./time.js";
import { t } from "./i18n.js";

// As the worker's own order (detectors/vigil/assessment.py, DANGER).
const DANGER = ["spo2", "resp_rate", "consciousness", "systolic_bp", "pulse_rate", "temperature"];
const NEW_MS = 120_000;

// What stands behind a red item: of pulse and ECG the one whose value is there.
function valueOf(status, part) {
  for (const name of part === "pulse_rate" ? ["pulse_rate", "heart_rate"] : part === "consciousness" ? ["consciousness", "gcs"] : [part]) {
    const vital = status.vitals?.[name];
    if (vital?.value != null && isLive(vital)) return [name, vital.value];
  }
  return [part, null];
}

export function reds(status) {
  const red = new Set(status.news2?.red ?? []);
  return DANGER.filter((part) => red.has(part)).map((part) => {
    const [name, value] = valueOf(status, part);
    const unit = UNITS[name] ?? "";
    const said = value == null ? "" : name === "consciousness" ? ` ${t(`letter.${value}`)}` : ` ${name === "gcs" ? value : number(name, value)}${/^[/%]/.test(unit) ? "" : " "}${unit}`;
    return `${t(`words.${name}`)}${said}`;
  });
}

// confirming: red or high, and not yet for long enough to call; settling: it calls no more of itself, and is not over yet;
// new: it began to call a moment ago. Null: none of these.
export function between(status, alert, now) {
  if (!alert || alert.kind === "technical") return null;
  if (!alert.interrupts && alert.suppressed_by === "persistence") return "confirming";
  if (alertStatus(alert) !== "resolved" && alert.interrupts && alert.priority !== "low" && hasEased(status)) return "settling";
  if (calls(alert) && now - (ms(alert.started_at) ?? 0) < NEW_MS) return "new";
  return null;
}

function hasEased(status) {
  const score = status.news2;
  return Boolean(score) && score.score_max < 5 && !score.red.length && !status.concern;
}
