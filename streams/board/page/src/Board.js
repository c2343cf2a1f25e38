// The board itself: tiles in an order that stands still while somebody is at them.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { displaced, frozen, release, resorted, TOO_SOON_MS, tooSoon } from "./stableOrder.js";
import { cx, html } from "./html.js";
import { ordered, waiting, worst } from "./order.js";
import { nameOf } from "./Person.js";
import { headline } from "./alertText.js";
import { notify } from "./notices.js";
import { onItsWay } from "./outbox.js";
import { may, state, wardNow } from "./store.js";
import { coveredBy, isShown } from "./scope.js";
import { Tile } from "./Tile.js";
import { t } from "./i18n.js";

// What is wanted becomes what is shown, except while somebody is at the tiles; who has left is gone at once.
function useOrder(statuses, unwatched, still) {
  const shown = useRef([]);
  const wanted = ordered(statuses, state.sparks, unwatched);
  const here = new Set(wanted);
  const changes = waiting(shown.current.filter((patient) => here.has(patient)), wanted);
  if (!shown.current.length || !changes || still === false || !frozen()) {
    if (shown.current.length) resorted(shown.current, wanted);
    shown.current = wanted;
    for (const one of state.newHigh.values()) one.outside = false;
    return [wanted, 0];
  }
  const stay = shown.current.filter((patient) => here.has(patient));
  if (stay.length < shown.current.length) resorted(shown.current, stay);
  shown.current = stay;
  return [stay, changes];
}

// It lies over the foot of the screen, where it ends tiles as the screen does: none moves, and none that offers anything is
// without its bed. A click in the moment in which it comes was meant for what it covers.
function NewHigh({ open, acknowledge }) {
  const since = useRef(new Map());
  const list = [...state.newHigh].filter(([, one]) => one.outside && state.beds.has(one.patient) && isShown(state.beds.get(one.patient)));
  const now = performance.now();
  since.current = new Map(list.map(([id]) => [id, since.current.get(id) ?? now]));
  const guard = (event) => {
    const came = Math.max(...since.current.values());
    if (event.detail && performance.now() - came < TOO_SOON_MS) refuse(event);
  };
  // What else stands at the foot stands above it.
  const box = useRef(null);
  useLayoutEffect(() => document.documentElement.style.setProperty("--strip", `${list.length ? box.current.offsetHeight : 0}px`));
  useLayoutEffect(() => () => document.documentElement.style.setProperty("--strip", "0px"), []);
  return html`<section class="new-high" ref=${box} aria-label=${t("new_high")}>
    <div role="alert" aria-live="assertive">${list.map(([id, one]) => html`<p key=${id} onClickCapture=${guard}><span class="priority high"><b aria-hidden="true">***</b> ${t("priority.high")}</span>
      <b class="bed">${one.bed ?? t("no_bed")}</b> ${nameOf(one.patient)?.name ?? ""} <span>${headline(state.alerts.get(id) ?? one)}</span>
      <button type="button" onClick=${() => open(one.patient)}>${t("why")}</button> ${may("act") ? html`<button type="button" class="primary" onClick=${() => acknowledge(one.patient, id)}>${t("acknowledge")}</button>` : ""}</p>`)}</div>
  </section>`;
}

function refuse(event) {
  event.preventDefault();
  event.stopPropagation();
  notify("moved", t("order.moved"));
}

// Tiles that a banner above them, or a row that grew, has moved up or down: no pointer is where it was.
function useDisplaced(list) {
  const before = useRef({ width: 0, tops: new Map() });
  useLayoutEffect(() => {
    const tops = new Map([...list.current.children].map((one) => [one.dataset.patient, one.offsetTop]));
    const { width, tops: were } = before.current;
    const gone = width === list.current.offsetWidth ? [...tops].filter(([patient, top]) => Math.abs(top - (were.get(patient) ?? top)) > 1) : [];
    if (gone.length) displaced(gone.map(([patient]) => patient));
    before.current = { width: list.current.offsetWidth, tops };
  });
}

export function Tiles({ statuses, unwatched, open, acknowledge, chosen, wall, lit }) {
  const [order, changes] = useOrder(statuses, unwatched, wall ? false : undefined);
  const list = useRef(null);
  useDisplaced(list);
  const focused = useRef(null);
  const [, again] = useState(0);
  const byPatient = new Map(statuses.map((status) => [status.patient_id, status]));
  const minute = Math.floor(wardNow() / 60_000) * 60_000;
  // Moving an element takes its focus away: it is given back.
  const held = document.activeElement;
  focused.current = list.current?.contains(held) ? held : null;
  useLayoutEffect(() => {
    const before = focused.current;
    if (before && before !== document.activeElement && before.isConnected) before.focus({ preventScroll: true });
  });
  useEffect(() => {
    const look = setInterval(() => { if (changes && !frozen()) again((n) => n + 1); }, 500);
    return () => clearInterval(look);
  }, [changes]);
  const guard = (event) => {
    if (tooSoon(event)) refuse(event);
  };
  return html`<div class="tiles-box">
    ${!wall && html`<${NewHigh} open=${open} acknowledge=${acknowledge} />
    <div class="chip" role="status">${changes ? html`<button type="button" onClick=${() => { document.activeElement?.blur?.(); release(); again((n) => n + 1); }}>${t("waiting", { n: changes })}</button>` : ""}</div>`}
    <ul class=${cx("tiles", wall && "wall")} data-list ref=${list} onClickCapture=${guard} aria-label=${t("beds")}>
      ${order.map((patient) => {
        const status = byPatient.get(patient);
        const alert = worst(status);
        return html`<${Tile} key=${patient} status=${status} alert=${alert ? state.alerts.get(alert.alert_id) : null} spark=${state.sparks.get(patient)} cover=${coveredBy(patient)?.name ?? ""} waits=${JSON.stringify(state.pulse?.unconfirmed?.[patient] ?? "")} name=${wall ? undefined : nameOf(patient)}
          unwatched=${unwatched.has(patient)} word=${alert ? onItsWay(alert.alert_id) : null} minute=${minute} open=${open} acknowledge=${acknowledge} chosen=${chosen === patient} wall=${wall} canAct=${may("act")} lang=${lit} />`;
      })}
    </ul>
    ${order.length ? "" : html`<p class="hint empty">${state.ready ? t("no_beds") : t("loading")}</p>`}
  </div>`;
}
