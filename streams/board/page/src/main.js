// The page: sign-in, then what the address asks for, with the truth above everything.

import { render } from "preact";
import { useCallback, useEffect, useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";
import { Help, Settings } from "./About.js";
import { Acknowledge, Concern } from "./Acknowledge.js";
import { api } from "./api.js";
import { Banner, truths } from "./Banner.js";
import { Bar, Counts } from "./Header.js";
import { Tiles } from "./Board.js";
import { usePages } from "./wall.js";
import { calling } from "./activeAlerts.js";
import { Entrance, nobodyIsHere, WhoActs } from "./SignIn.js";
import { restore, sendAsked } from "./outbox.js";
import { keepFocus } from "./focus.js";
import { cx, html } from "./html.js";
import { listen } from "./keys.js";
import { Cover } from "./Cover.js";
import { bedsHere, begun, scope } from "./scope.js";
import { Handover } from "./Handover.js";
import { Due, Sheet, Unacknowledged } from "./Lists.js";
import { Patient } from "./Patient.js";
import { EnteredInError, Observe } from "./Observe.js";
import { calls, worst } from "./order.js";
import { Orders } from "./careOrders.js";
import { renew } from "./push.js";
import { applyTheme, settings } from "./settings.js";
import { may, state, subscribe, wardNow } from "./store.js";
import { Search } from "./Search.js";
import { keepBack } from "./back.js";
import { forgetLast, install, lastState } from "./offline.js";
import { resume } from "./sound.js";
import { connect } from "./sse.js";
import { clock, Ticking } from "./time.js";
import { Toasts } from "./Toasts.js";
import { Why } from "./WhyPane.js";
import { t } from "./i18n.js";
import "./style/index.css";

const VIEWS = new Set(["board", "cover", "due", "unacknowledged", "handover", "sheet", "wall", "patient"]);
const nothing = () => {};
const viewOf = () => (VIEWS.has(location.hash.slice(1)) ? location.hash.slice(1) : "board");

// Somebody has signed in: all that is shown is asked for anew under her name.
function entered() {
  begun();
  connect();
  renew();
  restore();
  sendAsked();
}

function Page() {
  const [, repaint] = useReducer((n) => n + 1, 0);
  const [view, setView] = useState(viewOf());
  const [patient, setPatient] = useState(null);
  const [dialog, showDialog] = useState(null);
  useEffect(() => subscribe(repaint), []);
  useEffect(() => {
    const turn = () => setView(viewOf());
    addEventListener("hashchange", turn);
    return () => removeEventListener("hashchange", turn);
  }, []);
  useLayoutEffect(keepFocus);
  const place = usePages(view === "wall");
  const close = () => showDialog(null);
  const stopAsking = () => { state.asksWho = false; repaint(); };
  // The same functions at every painting: a tile is painted anew only when something about its bed has changed.
  const acknowledge = useCallback((whose, alertId) => showDialog({ kind: "acknowledge", patient: whose, alertId }), []);
  // A bed of a list, or of the pane, becomes the page of its patient; no address names anybody.
  const visit = useCallback((whose) => { setPatient(whose); location.hash = "patient"; }, []);
  const find = useCallback((whose) => { setPatient(whose); if (viewOf() !== "patient") location.hash = "board"; }, []);
  const open = useCallback((whose) => setPatient((before) => (before === whose ? null : whose)), []);
  const pane = view === "board" && patient && state.beds.has(patient);
  // What stands on top is closed by Esc and by the browser's Back alike; what is a page of its own by neither.
  const back = state.asksWho ? stopAsking : dialog ? close : pane ? () => setPatient(null) : null;
  // With the painting, not after it: a key that comes next is meant for the bed that has just been opened.
  useLayoutEffect(() => {
    // Two wards may call their beds alike, and a patient may lie in none: the tile knows whose it is.
    const here = () => patient ?? document.activeElement?.closest?.(".tile")?.dataset.patient;
    const on = (kind, needs) => () => { const whose = here(); if (whose && may(needs)) showDialog({ kind, patient: whose }); };
    return listen({
      back: () => back?.(),
      acknowledge: () => {
        const whose = here();
        const alert = whose && worst(state.beds.get(whose));
        if (alert && calls(alert) && may("act")) acknowledge(whose, alert.alert_id);
      },
      observe: on("observe", "observe"),
      concern: on("concern", "act"),
      search: () => showDialog({ kind: "search" }),
      ward: () => document.querySelector(".bar .ward select")?.focus(),
      help: () => showDialog({ kind: "help" }),
    });
  });
  useLayoutEffect(() => keepBack(back));

  const top = useRef(null);
  useLayoutEffect(() => {
    // What stands above may not be covered: the pane begins below it.
    const low = Math.max(0, ...[...(top.current?.children ?? [])].filter((one) => [one, top.current].some((of) => getComputedStyle(of).position === "sticky")).map((one) => one.getBoundingClientRect().bottom));
    document.documentElement.style.setProperty("--top", `${Math.round(low)}px`);
  });

  if (!state.me) return html`<p class="hint loading">${t("loading")}</p>`;
  if (!state.me.signed_in) return html`<${Entrance} entered=${entered} />`;

  const all = [...state.beds.values()].filter((status) => status.assigned || status.alerts.length);
  const wards = [...new Set(all.map((status) => status.ward).filter(Boolean))].sort();
  const statuses = scope();
  const unwatched = new Set(state.pulse?.unwatched ?? []);
  const first = calling()[0];
  document.title = `${truths().length ? "⚠ " : ""}${first ? `${"*".repeat(first.alert.priority === "high" ? 3 : 2)} ${first.status.bed ?? ""} · ` : ""}Vigilward`;
  const whose = dialog?.patient && state.beds.get(dialog.patient);
  const wall = view === "wall";
  const simulated = state.me.mode !== "real" || all.some((status) => status.mode !== "real");
  return html`<div class=${cx("frame", wall && "wall-frame", pane && "with-pane")}>
    <a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); document.getElementById("main").focus(); }}>${t("skip")}</a>
    <div class="top" ref=${top}>
      ${wall ? html`<header class="bar"><h1>Vigilward</h1>${simulated && html`<strong class="simulated">${t("simulation")}</strong>`}<${Counts} statuses=${statuses} unwatched=${unwatched} /><span class="end">${place ? html`<span class="wall-page" role="status">${t("wall.page", place)}</span>` : ""}<${Ticking} class="time" of="clock" say=${() => clock(wardNow())} /><a href="#board">${t("wall.leave")}</a></span></header>`
             : html`<${Bar} view=${view} wards=${wards} statuses=${statuses} unwatched=${unwatched} simulated=${simulated} showDialog=${showDialog} />`}
      <${Banner} />
    </div>
    <main id="main" tabindex="-1">
      ${view === "board" || wall ? html`<${Tiles} statuses=${statuses} unwatched=${unwatched} open=${wall ? nothing : open} acknowledge=${acknowledge} chosen=${patient} wall=${wall} lit=${settings.language} />` : ""}
      ${view === "cover" && html`<${Cover} statuses=${bedsHere()} visit=${visit} />`}
      ${view === "due" && html`<${Due} statuses=${statuses} showDialog=${showDialog} visit=${visit} />`}
      ${view === "unacknowledged" && html`<${Unacknowledged} statuses=${statuses} visit=${visit} />`}
      ${view === "handover" && html`<${Handover} key=${settings.ward} visit=${visit} />`}
      ${view === "patient" && html`<${Patient} key=${patient} patient=${patient} showDialog=${showDialog} acknowledge=${acknowledge} />`}
      ${view === "sheet" && html`<${Sheet} statuses=${[...statuses].sort((a, b) => (a.bed ?? "~").localeCompare(b.bed ?? "~"))} />`}
    </main>
    ${pane && html`<${Why} key=${patient} patient=${patient} close=${() => setPatient(null)} acknowledge=${acknowledge} showDialog=${showDialog} visit=${visit} />`}
    ${dialog?.kind === "acknowledge" && whose && html`<${Acknowledge} status=${whose} alertId=${dialog.alertId} close=${close} />`}
    ${dialog?.kind === "observe" && whose && html`<${Observe} status=${whose} close=${close} />`}
    ${dialog?.kind === "correct" && whose && html`<${Observe} status=${whose} close=${close} corrects=${dialog.set} />`}
    ${dialog?.kind === "error" && whose && html`<${EnteredInError} status=${whose} set=${dialog.set} close=${close} />`}
    ${dialog?.kind === "concern" && whose && html`<${Concern} status=${whose} close=${close} />`}
    ${dialog?.kind === "orders" && whose && html`<${Orders} status=${whose} close=${close} />`}
    ${state.asksWho && html`<${WhoActs} why=${nobodyIsHere() && state.pending.size ? t("who.to_act") : null} entered=${entered} close=${stopAsking} />`}
    ${dialog?.kind === "settings" && html`<${Settings} close=${close} />`}
    ${dialog?.kind === "search" && html`<${Search} close=${close} open=${find} />`}
    ${dialog?.kind === "help" && html`<${Help} close=${close} />`}
    <${Toasts} />
    ${simulated && html`<div class="watermark" aria-hidden="true">${t("simulation")}</div>`}
  </div>`;
}

applyTheme();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", applyTheme);
render(html`<${Page} />`, document.getElementById("page"));

async function begin() {
  try {
    const was = state.offline;
    await api.me();
    if (was) return location.reload(); // it answers again: nothing of the old picture stays
    if (state.me.signed_in) entered();
    else forgetLast();
  } catch {
    if (!state.me) await lastState().catch(() => false);
    setTimeout(begin, state.offline ? 3_000 : 1_000);
  }
}
resume();
install();
begin();
