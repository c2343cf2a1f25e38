// Times in words; ages and countdowns that tick without the page being painted anew.

import { h } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { wardNow } from "./store.js";
import { settings } from "./settings.js";
import { t } from "./i18n.js";

// Dates as they are written on the ward: the day before the month.
const locale = () => (settings.language === "en" ? "en-GB" : settings.language);
export const ms = (text) => (text == null ? null : Date.parse(text));

export const clock = (at) =>
  at == null ? "" : new Date(at).toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit", hour12: false });
export const dayAndClock = (at) =>
  new Date(at).toLocaleString(locale(), { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hour12: false });
export const day = (text) => {
  const date = new Date(`${text}T00:00:00Z`);
  return Number.isNaN(+date) ? text : date.toLocaleDateString(locale(), { day: "2-digit", month: "short", year: "numeric", timeZone: "UTC" });
};

export function age(from, now = wardNow()) {
  const s = Math.max(0, (now - from) / 1000);
  if (s < 30) return t("now");
  if (s < 60) return t("age.s", { n: Math.floor(s / 10) * 10 });
  if (s < 5400) return t("age.min", { n: Math.floor(s / 60) });
  if (s < 86400 * 2) return t("age.h", { n: Math.floor(s / 3600) });
  return t("age.d", { n: Math.floor(s / 86400) });
}

export function left(until, now = wardNow()) {
  const s = Math.max(0, Math.round((until - now) / 1000));
  if (s >= 5400) return t("age.h", { n: Math.round(s / 3600) });
  if (s >= 600) return t("age.min", { n: Math.round(s / 60) });
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

// How long already, to the second: 0:40.
export function since(at, now = wardNow()) {
  const s = Math.max(0, Math.floor((now - at) / 1000));
  return s >= 6000 ? t("age.min", { n: Math.floor(s / 60) }) : `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

const ticking = new Map(); // element -> () => text

// Writes only what has changed, into the text that is there.
export function setText(element, text) {
  const first = element.firstChild;
  if (first?.data === text) return;
  if (first) first.data = text;
  else element.textContent = text;
}

// Thousands of ages and countdowns: plain elements that carry their moment, so that each costs next to nothing.
function tick() {
  for (const [element, say] of ticking) setText(element, say());
  const now = wardNow();
  for (const element of document.querySelectorAll("[data-age]")) setText(element, age(Number(element.dataset.age), now));
  for (const element of document.querySelectorAll("[data-left]")) setText(element, left(Number(element.dataset.left), now));
  for (const element of document.querySelectorAll("[data-since]")) setText(element, since(Number(element.dataset.since), now));
}
setInterval(tick, 1000);

// Its text is written by the ticker, not by the page's own painting.
export function Ticking({ say, of, class: name, title }) {
  const ref = useRef(null);
  useEffect(() => {
    const element = ref.current;
    ticking.set(element, say);
    setText(element, say());
    return () => ticking.delete(element);
  }, [of]);
  return h("span", { ref, class: name, title });
}

export const Age = ({ at }) => h("span", { "data-age": at }, age(at));
export const Left = ({ until }) => h("span", { "data-left": until }, left(until));
export const Since = ({ at }) => h("span", { "data-since": at }, since(at));
