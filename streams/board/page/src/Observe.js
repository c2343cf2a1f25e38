// Observations that a person enters, or corrects: the two that no device supplies first, then a whole set.

import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "./api.js";
import { Dialog } from "./Dialog.js";
import { html } from "./html.js";
import { bedOf } from "./Person.js";
import { newId, send } from "./outbox.js";
import { wardNow } from "./store.js";
import { Age, clock, ms } from "./time.js";
import { shown, UNITS } from "./vitals.js";
import { t } from "./i18n.js";
import { Who } from "./PatientHeader.js";

const LETTERS = ["A", "C", "V", "P", "U"];
const NUMBERS = [["resp_rate", 0, 120, 1], ["spo2", 0, 100, 1], ["systolic_bp", 0, 350, 1], ["diastolic_bp", 0, 250, 1], ["pulse_rate", 0, 350, 1], ["temperature", 20, 45, 0.1]];
const ASK_AFTER_MS = 200;

// What was filled in, as it is sent; a number that is half typed is not there yet.
export function entered(set) {
  const vitals = {};
  for (const [name, value] of Object.entries(set)) {
    if (value === "" || value == null) continue;
    const one = typeof value === "string" && !LETTERS.includes(value) ? Number(value) : value;
    if (!Number.isNaN(one)) vitals[name] = one;
  }
  if (!set.supplemental_oxygen) delete vitals.oxygen_flow; // typed, and then air was ticked: the flow is not to be seen any more
  return vitals;
}

// What stands beside a field: the last value, how old it is. Never in the field: nobody sends on what she has not measured.
function Before({ status, name }) {
  const vital = status.vitals[name];
  if (vital?.value == null) return html`<small class="before">${t("observe.never")}</small>`;
  const unit = UNITS[name] ? ` ${UNITS[name]}` : "";
  return html`<small class="before">${t("observe.before", { value: `${shown(name, vital.value)}${unit}` })} · <${Age} at=${ms(vital.taken_at)} />${vital.state === "stale" ? ` · ${t("state.stale")}` : ""}</small>`;
}

// NEWS2 as it would be, by the board's own reckoning; null while it is not known.
function useScore(patient, vitals, asOf, when) {
  const [found, setFound] = useState(null);
  const told = JSON.stringify(vitals);
  useEffect(() => {
    if (told === "{}") return setFound(null);
    let over = false;
    const wait = setTimeout(() => api.post("/api/score", { patient_id: patient, ...vitals, ...asOf() }).then((one) => !over && setFound(one), () => !over && setFound(null)), ASK_AFTER_MS);
    return () => { over = true; clearTimeout(wait); };
  }, [patient, told, when]);
  return found;
}

function Would({ status, found }) {
  const now = status.news2;
  const scale = status.orders.some((one) => one.order === "spo2_scale" && one.value === "2") ? 2 : 1;
  const range = (one) => (one.score_min === one.score_max ? String(one.score_min) : `${one.score_min}–${one.score_max}`);
  return html`<p class="would" role="status"><span>${t("observe.scale", { n: scale })}${scale === 2 ? " (88–92 %)" : ""}</span>
    <b>${found?.score_min == null ? "" : t("observe.would", { n: range(found), before: now ? range(now) : "?" })}</b></p>`;
}

export function Observe({ status, close, corrects = null }) {
  const [set, setSet] = useState({});
  const [ago, setAgo] = useState(0);
  const [wrong, setWrong] = useState(null);
  const [asked, ask] = useState([]); // unusual values that the person is asked about
  const form = useRef(null);
  const [busy, setBusy] = useState(false);
  const sends = useRef(false); // at once, before the button is painted disabled
  const alive = useRef(true); // a window that was closed sends nothing any more
  const [id] = useState(newId); // one window, one set: sent twice it is the same
  useEffect(() => () => { alive.current = false; }, []);
  const put = (name, value) => {
    setWrong(null);
    ask([]);
    setSet({ ...set, [name]: value });
  };
  const missing = new Set(status.news2?.missing ?? []);
  const vitals = entered(set);
  // When it was measured: of a correction as the set that it mends. What was measured since then stays in force; "now" is
  // the moment of asking, and of sending, never that of a painting before it.
  const taken = () => new Date(corrects ? corrects.taken_at : wardNow() - ago * 60_000).toISOString();
  const of = corrects ? { corrects: corrects.action_id } : {};
  const asOf = () => ({ ...of, ...(corrects || ago ? { taken_at: taken() } : {}) });
  const found = useScore(status.patient_id, vitals, asOf, corrects?.taken_at ?? ago);
  const give = async (event) => {
    event.preventDefault();
    if (!Object.keys(vitals).length) return setWrong(t("observe.nothing"));
    if (sends.current) return;
    sends.current = true;
    setBusy(true);
    // Asked once more of the board: what was typed last may not have been looked at yet.
    const looked = await api.post("/api/score", { patient_id: status.patient_id, ...vitals, ...asOf() }).catch((problem) => ({ refused: problem }));
    if (!alive.current) return;
    sends.current = false;
    setBusy(false);
    // What was not looked at is not sent: refused later, with the window gone, it would be lost. It stays as it was typed.
    if (looked.refused) return setWrong(looked.refused.status === 422 ? looked.refused.message : `${t("observe.kept")} ${looked.refused.message}`);
    const unusual = looked.unusual;
    if (unusual.some((name) => !asked.includes(name))) return ask(unusual);
    sends.current = true;
    const body = { action_id: id, patient_id: status.patient_id, taken_at: taken(), ...vitals, ...of };
    if (asked.length) body.sure = asked;
    send({ path: "/api/observations", patient: status.patient_id, what: t(corrects ? "correct.what" : "observe.what", { bed: bedOf(status) }), body });
    close();
  };
  const pick = (name, value, label, hint) => html`<label class="pick"><input type="radio" name=${name} checked=${set[name] === value} onChange=${() => put(name, value)} /><span><b>${label}</b>${hint ? html`<small>${hint}</small>` : ""}</span></label>`;
  return html`<${Dialog} title=${t(corrects ? "correct" : "observe")} close=${close} kind="observe">
    <${Who} status=${status} />
    ${corrects && html`<p class="hint">${t("correct.hint", { at: clock(corrects.taken_at), who: corrects.who })} ${Object.entries(corrects.vitals).map(([name, value]) => `${t(`vital.${name}`)} ${shown(name, value)}`).join(", ")}</p>`}
    <form onSubmit=${give} ref=${form}>
      <fieldset class=${missing.has("consciousness") ? "missing" : ""}><legend>${t("vital.consciousness")}${missing.has("consciousness") ? ` · ${t("is_missing")}` : ""}</legend>
        ${LETTERS.map((letter) => pick("consciousness", letter, letter, t(`letter.${letter}`)))}<${Before} status=${status} name="consciousness" /></fieldset>
      <fieldset class=${missing.has("supplemental_oxygen") ? "missing" : ""}><legend>${t("vital.supplemental_oxygen")}${missing.has("supplemental_oxygen") ? ` · ${t("is_missing")}` : ""}</legend>
        ${pick("supplemental_oxygen", false, t("air"))}${pick("supplemental_oxygen", true, t("oxygen"))}
        ${set.supplemental_oxygen && html`<label class="value">${t("vital.oxygen_flow")} <input type="number" inputmode="decimal" min="0" max="60" step="0.5" value=${set.oxygen_flow ?? ""} onInput=${(event) => put("oxygen_flow", event.target.value)} /> <span>L/min</span></label>`}<${Before} status=${status} name="supplemental_oxygen" /></fieldset>
      <fieldset class="set"><legend>${t("observe.set")}</legend>
        ${NUMBERS.map(([name, low, high, step]) => html`<label class="value" key=${name}><span>${t(`vital.${name}`)}${missing.has(name) ? html` <em>${t("is_missing")}</em>` : ""}</span>
          <input type="number" inputmode="decimal" min=${low} max=${high} step=${step} value=${set[name] ?? ""} onInput=${(event) => put(name, event.target.value)} /> <span>${UNITS[name]}</span><${Before} status=${status} name=${name} /></label>`)}</fieldset>
      ${corrects ? "" : html`<label class="value">${t("observe.when")} <select value=${ago} onChange=${(event) => setAgo(Number(event.target.value))}>
        ${[0, 5, 15, 30, 60].map((n) => html`<option key=${n} value=${n}>${n ? t("observe.ago", { n, at: clock(wardNow() - n * 60_000) }) : t("now")}</option>`)}</select></label>`}
      <${Would} status=${status} found=${found} />
      ${wrong && html`<p class="loud" role="alert">${wrong}</p>`}
      ${asked.length ? html`<p class="really" role="alert">${asked.map((name) => html`<b key=${name}>${t("observe.really", { what: `${t(`vital.${name}`)} ${shown(name, vitals[name])} ${UNITS[name]}` })}</b> `)}</p>` : ""}
      <footer><button type="submit" class="primary" disabled=${busy}>${t(asked.length ? "observe.sure" : "observe.save")}</button><button type="button" onClick=${close}>${t("cancel")}</button></footer>
    </form>
  </${Dialog}>`;
}

// Takes a whole set back: nobody has measured that.
export function EnteredInError({ status, set, close }) {
  const [id] = useState(newId);
  const sent = useRef(false);
  const give = () => {
    if (sent.current) return;
    sent.current = true;
    send({ path: "/api/observations", patient: status.patient_id, what: t("error.what", { bed: bedOf(status) }), body: { action_id: id, patient_id: status.patient_id, taken_at: new Date(set.taken_at).toISOString(), corrects: set.action_id } });
    close();
  };
  return html`<${Dialog} title=${t("error")} close=${close} kind="observe">
    <${Who} status=${status} />
    <p>${t("correct.hint", { at: clock(set.taken_at), who: set.who })} <b>${Object.entries(set.vitals).map(([name, value]) => `${t(`vital.${name}`)} ${shown(name, value)}`).join(", ")}</b></p>
    <p class="hint">${t("error.hint")}</p>
    <p class="rows"><button type="button" class="primary" onClick=${give}>${t("error.save")}</button> <button type="button" onClick=${close}>${t("cancel")}</button></p>
  </${Dialog}>`;
}
