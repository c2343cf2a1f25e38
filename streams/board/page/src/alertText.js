// What the worker says, in the language of this screen. Of the patient: made anew from findings and score. The closed
// sentences (measuring, what to do, what ends it): known by their English form, which the message files hold too.

import { number, UNITS } from "./vitals.js";
import { settings } from "./settings.js";
import { state } from "./store.js";
import { capital, code, english, has, keysOf, t } from "./i18n.js";

const SPOKEN = new Set(["consciousness", "supplemental_oxygen"]);
const OVER = "Over: ";
const WORSENING = "May be worsening: ";
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
let forms = null;
let vitals = null;

// "{vitals} reads zero" -> what finds it, and the key of the sentence in the other language.
function known() {
  vitals ??= new Map(keysOf("words.").map((key) => [english(key).toLowerCase(), key]));
  forms ??= keysOf("said.").map((key) => {
    const names = [];
    const form = english(key).split(/(\{\w+\})/).map((part) => (/^\{\w+\}$/.test(part) ? (names.push(part.slice(1, -1)), "(.+)") : escaped(part))).join("");
    return { key, names, form: new RegExp(`^${form}$`) };
  }).sort((a, b) => Boolean(a.names.length) - Boolean(b.names.length) || english(b.key).length - english(a.key).length);
  return forms;
}

const row = (text) => text.split(", ").map((one) => (vitals.has(one.toLowerCase()) ? t(vitals.get(one.toLowerCase())) : one)).join(", ");

// A closed sentence of the worker's; one that is not known stays as it came.
export const said = (text) => (!text || settings.language === "en" ? text : capital(put(text)));

function put(text) {
  for (const { key, names, form } of known()) {
    const found = form.exec(text);
    if (!found) continue;
    const facts = Object.fromEntries(names.map((name, i) => [name, name === "vitals" ? row(found[i + 1]) : put(found[i + 1])]));
    return t(key, facts);
  }
  return text;
}

function valueOf({ vital, value }) {
  if (vital === "consciousness") return t(`letter.${value}`);
  if (vital === "supplemental_oxygen") return value ? t("made.on_oxygen") : t("made.on_air");
  const unit = UNITS[vital] ?? "";
  return `${number(vital, value)}${/^[/%]/.test(unit) ? "" : " "}${unit}`;
}

// The finding that the worker put first: the one whose name its sentence begins with.
function leading(findings, text) {
  const names = (one) => [english(`words.${one.vital}`), english(`letter.${one.value}`), "on oxygen"];
  return findings.find((one) => one.vital && names(one).some((name) => text.toLowerCase().startsWith(name.toLowerCase()))) ?? findings.find((one) => one.vital && one.value != null);
}

function scoreOf(score) {
  if (!score) return t("made.no_score");
  const missing = score.missing.length ? ` (${t("missing", { what: score.missing.map((part) => t(`words.${part}`)).join(", ") })})` : "";
  const before = score.previous != null && score.previous !== score.score_min ? t("made.was", { n: score.previous }) : "";
  return `NEWS2 ${score.complete ? "" : t("made.at_least")}${score.score_min}${before}${missing}`;
}

// One line that a nurse understands, of an alert whose newest revision (`full`) carries findings and score.
export function headline(alert, full = state.alerts.get(alert.alert_id)) {
  const text = alert.headline;
  if (settings.language === "en" || !text) return text;
  const over = text.startsWith(OVER);
  const rest = over ? text.slice(OVER.length) : text;
  const begin = over ? t("made.over") : "";
  if (alert.kind === "technical") return begin + said(rest);
  if (!full?.findings || (full.revision != null && alert.revision != null && full.revision !== alert.revision)) return text;
  const first = leading(full.findings, rest);
  const concern = full.findings.find((one) => one.detector === "concern");
  // Nothing is left out of what the worker said: what cannot be made anew stays as it came.
  if (!first && !concern && !rest.startsWith("NEWS2") && !rest.startsWith(WORSENING)) return text;
  const parts = [];
  const contributors = rest.startsWith(WORSENING) ? full.findings.filter((one) => one.detector === "risk") : [];
  if (contributors.length) {
    parts.push(t("made.risk", { what: contributors.map((one) => `${t(`words.${one.vital}`)} ${code("because", one.reason)}`).join(", ") }));
  } else if (first) {
    const usual = first.usual == null || SPOKEN.has(first.vital) ? "" : `, ${t("usual")} ${number(first.vital, first.usual)}`;
    parts.push(SPOKEN.has(first.vital) ? valueOf(first) : `${t(`words.${first.vital}`)} ${valueOf(first)}${usual}`);
  }
  if (full.news2 || !concern) parts.push(scoreOf(full.news2));
  if (concern) parts.push(t("made.concern", { why: has(`reason.${concern.reason}`) ? code("reason", concern.reason) : "" }).replace(" ()", ""));
  return begin + capital(parts.join("; "));
}
