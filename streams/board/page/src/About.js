// Settings of this screen, and help.

import { api } from "./api.js";
import { Dialog } from "./Dialog.js";
import { html } from "./html.js";
import { applyTheme, set, settings } from "./settings.js";
import { audio, play, turnOn } from "./sound.js";
import { device, possible, turnOff, turnOn as callHere } from "./push.js";
import { changed, state } from "./store.js";
import { code, LANGUAGES, t } from "./i18n.js";

const choose = (name, value) => { set(name, value); applyTheme(); changed(); };

export function Settings({ close }) {
  const test = async () => {
    await turnOn();
    ["low", "medium", "high"].forEach((priority, i) => setTimeout(() => play(priority), i * 1600));
  };
  return html`<${Dialog} title=${t("settings")} close=${close} kind="observe">
    <p class="hint">${state.me?.accounts ? t("signed_in", { name: state.me.name, role: code("role", state.me.role) }) : t("signed_in.local")}</p>
    ${state.pulse?.rules_waiting && html`<p class="hint" id="rules-waiting">${t("rules.waiting")}</p>`}
    <div class="rows">
      <p><button type="button" class="primary" onClick=${test}>${t("sound.test")}</button> <span>${audio.on ? t("sound.on") : t("sound.off")}</span></p>
      <label class="value"><span>${t("sound.resound")}</span> <select value=${settings.resound} onChange=${(event) => choose("resound", Number(event.target.value))}>${[30, 60, 120, 180].map((n) => html`<option key=${n} value=${n}>${n} s</option>`)}</select></label>
      <label class="value"><span>${t("theme")}</span> <select value=${settings.theme} onChange=${(event) => choose("theme", event.target.value)}>${["auto", "day", "night"].map((one) => html`<option key=${one} value=${one}>${t(`theme.${one}`)}</option>`)}</select></label>
      <label class="value"><span>${t("language")}</span> <select value=${settings.language} onChange=${(event) => choose("language", event.target.value)}>${Object.entries(LANGUAGES).map(([one, name]) => html`<option key=${one} value=${one}>${name}</option>`)}</select></label>
      <label class="pick"><input type="checkbox" checked=${settings.keys} onChange=${(event) => choose("keys", event.target.checked)} /><span>${t("keys.on")}</span></label>
      ${possible() && html`<label class="pick"><input type="checkbox" id="calls-here" checked=${device.on} disabled=${device.busy} onClick=${(event) => { event.preventDefault(); device.on ? turnOff() : callHere(); }} /><span>${t("push.on")}</span></label>`}
      ${device.failed && html`<p class="hint" role="alert">${t("push.failed", { why: device.failed })}</p>`}
      <p><a href="#wall" onClick=${close}>${t("view.wall")}</a> · <a href="#sheet" onClick=${close}>${t("sheet.open")}</a></p>
      ${state.me?.accounts && html`<p><button type="button" onClick=${() => api.signOut()}>${t("sign_out")}</button></p>`}
    </div>
  </${Dialog}>`;
}

const KEYS = [["j", "k"], ["Enter"], ["a"], ["o"], ["c"], ["/"], ["w"], ["?"], ["Esc"]];

export function Help({ close }) {
  return html`<${Dialog} title=${t("help")} close=${close} kind="observe">
    <table class="keys"><tbody>${KEYS.map((keys) => html`<tr key=${keys[0]}><th scope="row">${keys.map((one) => html`<kbd key=${one}>${one}</kbd> `)}</th><td>${t(`key.${keys[0]}`)}</td></tr>`)}</tbody></table>
    <h3>${t("help.colours")}</h3>
    <p class="legend">${[0, 1, 2, 3].map((n) => html`<span key=${n} class=${`pts p${n}`}>${n}</span> `)} ${t("help.points")}</p>
    <p>${t("help.priorities")}</p><p>${t("help.states")}</p><p class="hint">${t("not_an_alarm")} ${t("help.source")}</p>
  </${Dialog}>`;
}
