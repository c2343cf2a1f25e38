// The line at the top: where one is, how the ward stands, sound, and who is signed in.

import { useState } from "preact/hooks";
import { audio, pause, pausedFor, turnOff, turnOn, unpause } from "./sound.js";
import { cx, html } from "./html.js";
import { HIDDEN, watched, worst } from "./order.js";
import { choose, chosenScope, SCOPES } from "./scope.js";
import { settings, set } from "./settings.js";
import { changed, state, wardNow } from "./store.js";
import { clock, Ticking } from "./time.js";
import { askWho, nobodyIsHere } from "./SignIn.js";
import { code, t } from "./i18n.js";

export const VIEWS = ["board", "cover", "due", "unacknowledged", "handover"];

// All seven items of the score are known, and somebody watches.
const fullyWatched = (status, unwatched) => !unwatched.has(status.patient_id) && !HIDDEN.has(watched(status)) && !status.news2?.missing.length;

export function counts(statuses, unwatched) {
  const found = { high: 0, medium: 0, low: 0, hidden: 0, quiet: 0, unacknowledged: 0 };
  for (const status of statuses) {
    const alert = worst(status);
    if (alert) found[alert.priority]++;
    if (!fullyWatched(status, unwatched)) found.hidden++;
    else if (!alert) found.quiet++;
    found.unacknowledged += status.resolved?.length ?? 0;
  }
  return found;
}

function Sound() {
  if (!audio.on) return html`<button type="button" class="sound off" onClick=${turnOn}>${t("sound.off")}</button>`;
  const paused = pausedFor();
  return html`<span class="sound on">
    <button type="button" onClick=${turnOff} title=${t("sound.turn_off")}>${t("sound.on")}</button>
    ${paused
      ? html`<button type="button" class="paused" onClick=${unpause}>${t("sound.paused")} <${Ticking} of=${audio.pausedUntil} say=${() => `${Math.floor(pausedFor() / 60)}:${String(pausedFor() % 60).padStart(2, "0")}`} /></button>`
      : html`<button type="button" onClick=${pause}>${t("sound.pause")}</button>`}
  </span>`;
}

// Of the beds that are chosen: how often they called in a day, against what the ward holds to be bearable.
function Burden({ statuses }) {
  if (!statuses.length) return null;
  const whole = state.pulse?.burden?.beds && statuses.length === state.beds.size;
  const sum = (name) => statuses.reduce((all, status) => all + (status[name] ?? 0), 0);
  const burden = whole ? state.pulse.burden : { calls: sum("calls"), budget: Math.round(sum("calls_bearable") * 10) / 10 };
  return html`<span class=${cx("burden", burden.calls > burden.budget && "over")} title=${t("burden.title")}>${t("burden", { n: burden.calls, budget: burden.budget })}</span>`;
}

export function Counts({ statuses, unwatched }) {
  const found = counts(statuses, unwatched);
  return html`<p class="counts" aria-label=${t("counts")}>
    ${["high", "medium", "low"].map((one) => html`<span key=${one} class=${cx("count", one, !found[one] && "zero")}><b>${found[one]}</b> ${t(`priority.${one}`)}</span>`)}
    <span class=${cx("count", "hidden", !found.hidden && "zero")}><b>${found.hidden}</b> ${t("count.hidden")}</span>
    <span class="count quiet"><b>${found.quiet}</b> ${t("quiet")}</span>
    <${Burden} statuses=${statuses} />
  </p>`;
}

// Who is signed in: another person takes over from here, in one step.
function Me() {
  const { me } = state;
  if (!me?.accounts) return html`<span class="me">${t("who.local")}</span>`;
  if (nobodyIsHere()) return html`<button type="button" class="me nobody" onClick=${askWho}>${t("who.nobody")}</button>`;
  return html`<button type="button" class="me" onClick=${askWho} title=${t("who.change")}><b>${me.name}</b> <small>${code("role", me.role)}</small></button>`;
}

export function Bar({ view, wards, statuses, unwatched, simulated, showDialog }) {
  const found = counts(statuses, unwatched);
  const [open, setOpen] = useState(false);
  return html`<header class=${cx("bar", open && "open")}>
    <button type="button" class="menu" aria-expanded=${open ? "true" : "false"} onClick=${() => setOpen(!open)}>${t("menu")}</button>
    <h1><a href="#board">Vigilward</a></h1>
    ${simulated && html`<strong class="simulated">${t("simulation")}</strong>`}
    <nav aria-label=${t("views")}>${VIEWS.map((one) => html`<a key=${one} href=${`#${one}`} aria-current=${view === one ? "page" : undefined}>${t(`view.${one}`)}${one === "unacknowledged" && found.unacknowledged ? html` <b>${found.unacknowledged}</b>` : ""}</a>`)}</nav>
    <label class="ward"><span class="sr">${t("ward")}</span>
      <select value=${settings.ward} onChange=${(event) => { set("ward", event.target.value); changed(); }}>
        <option value="">${t("ward.all")}</option>${wards.map((ward) => html`<option key=${ward} value=${ward}>${t("ward.one", { ward })}</option>`)}
      </select></label>
    ${state.assigned.size ? html`<label class="scope"><span class="sr">${t("scope")}</span>
      <select value=${chosenScope()} onChange=${(event) => { choose(event.target.value); changed(); }}>${SCOPES.map((one) => html`<option key=${one} value=${one}>${t(`scope.${one || "all"}`)}</option>`)}</select></label>` : ""}
    <${Counts} statuses=${statuses} unwatched=${unwatched} />
    <span class="end">
      <${Ticking} class="time" of="clock" say=${() => clock(wardNow())} />
      <${Sound} />
      <${Me} />
      <button type="button" class="plain" onClick=${() => showDialog({ kind: "search" })} aria-keyshortcuts="/">${t("search")}</button>
      <button type="button" class="plain" onClick=${() => showDialog({ kind: "settings" })}>${t("settings")}</button>
      <button type="button" class="plain" onClick=${() => showDialog({ kind: "help" })} aria-keyshortcuts="?">${t("help")}</button>
    </span>
  </header>`;
}
