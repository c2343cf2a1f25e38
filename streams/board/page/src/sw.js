// Takes calls while no page is open: shows them, and says to the board what became of each. It keeps the page's own files,
// and serves them where the board does not answer; never anything of a patient: the page tells what it knew, and when.

import { "push.accept" as acceptEn, "push.decline" as declineEn, "push.sign_in" as signInEn, "push.not_said" as notSaidEn } from "../messages/en.json";
import { "push.accept" as acceptDe, "push.decline" as declineDe, "push.sign_in" as signInDe, "push.not_said" as notSaidDe } from "../messages/de.json";

const WORDS = {
  en: { "push.accept": acceptEn, "push.decline": declineEn, "push.sign_in": signInEn, "push.not_said": notSaidEn },
  de: { "push.accept": acceptDe, "push.decline": declineDe, "push.sign_in": signInDe, "push.not_said": notSaidDe },
};
const say = (key) => WORDS[self.navigator.language?.startsWith("de") ? "de" : "en"][key];
const TRIES = 5;

async function tell(ticket, word, headers = {}) {
  for (let turn = 1; ; turn++) {
    try {
      const answer = await fetch("/api/push/answers", {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", ...headers },
        body: JSON.stringify({ ticket, word }),
        signal: AbortSignal.timeout(10_000),
      });
      if (answer.status < 500 && answer.status !== 429) return answer.status;
    } catch {
      // no network, or the board is away: once more
    }
    if (turn === TRIES) return 0;
    await new Promise((go) => setTimeout(go, 500 * 2 ** turn));
  }
}

// Another card goes once the new message tells of all that it still calls for. What has ended is struck from a card of
// several beds, which stays, with its answers, for the others.
async function settle({ tag, alerts, phase }) {
  if (!alerts?.length) return;
  for (const card of await self.registration.getNotifications()) {
    const calling = card.data?.alerts ?? [];
    const left = calling.filter((one) => !alerts.includes(one));
    if (card.tag === tag || left.length === calling.length) continue;
    if (!left.length) card.close();
    else if (phase === "end") {
      const { body, silent, requireInteraction, actions } = card;
      const data = { ...card.data, alerts: left };
      await self.registration.showNotification(card.title, { body, tag: card.tag, silent, requireInteraction, actions, data });
    }
  }
}

async function push(data) {
  const call = Boolean(data.ticket);
  await self.registration.showNotification(data.title, {
    body: data.body,
    tag: data.tag,
    renotify: call,
    silent: !call,
    requireInteraction: call && data.priority === "high",
    data,
    actions: call ? [{ action: "accept", title: say("push.accept") }, { action: "decline", title: say("push.decline") }] : [],
  });
  await settle(data);
  if (call) await tell(data.ticket, "delivered");
}

async function open() {
  const [page] = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (page) return page.focus().catch(() => null);
  return self.clients.openWindow("/").catch(() => null);
}

async function accept(ticket) {
  const me = await fetch("/api/me", { credentials: "same-origin" }).then((answer) => answer.json(), () => null);
  if (!me?.signed_in) return 401;
  return tell(ticket, "accepted", { "X-Vigilward-CSRF": me.csrf });
}

async function clicked(notification, action) {
  const { ticket, title, tag, body } = notification.data ?? {};
  notification.close();
  if (!ticket) return open();
  if (action === "decline") {
    const status = await tell(ticket, "declined");
    return status === 201 ? null : failed(title, body, tag, notification.data);
  }
  if (action !== "accept") {
    await open();
    return tell(ticket, "seen");
  }
  const status = await accept(ticket);
  if (status === 201) return null;
  await failed(title, body, tag, notification.data, status === 401 ? "push.sign_in" : "push.not_said");
  return status === 401 ? open() : null;
}

// What was not said is not lost without a word: the call stands again, with why.
function failed(title, body, tag, data, why = "push.not_said") {
  return self.registration.showNotification(title, {
    body: `${say(why)} ${body}`,
    tag,
    renotify: true,
    requireInteraction: true,
    data,
    actions: [{ action: "accept", title: say("push.accept") }, { action: "decline", title: say("push.decline") }],
  });
}

const SHELL = "vigilward-page";
const PAGE_WITHIN_MS = 4_000;

// The page as the board has it; what was had before only where the board does not answer.
async function page(request) {
  const store = await caches.open(SHELL);
  try {
    const answer = await fetch(request.url, { credentials: "same-origin", cache: "no-cache", signal: AbortSignal.timeout(PAGE_WITHIN_MS) });
    if (answer.ok) await renew(store, answer.clone());
    // What stands before the board answers for one that is away: 502, 503, 504.
    return answer.status < 500 ? answer : ((await store.match("/")) ?? answer);
  } catch {
    return (await store.match("/")) ?? Response.error();
  }
}

// A new page with the files that it names; those of the page before are let go.
async function renew(store, answer) {
  const names = [...(await answer.clone().text()).matchAll(/\/files\/[\w.-]+/g)].map(([name]) => name);
  await store.put("/", answer);
  for (const request of await store.keys()) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/files/") && !names.includes(pathname)) await store.delete(request);
  }
  await Promise.all(names.map(async (name) => (await store.match(name)) ?? store.add(name)));
}

// A file's name carries a hash of what it holds: the one that is kept is the one.
async function file(request) {
  return (await caches.match(request)) ?? fetch(request);
}

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin) return;
  if (event.request.mode === "navigate" && pathname === "/") event.respondWith(page(event.request));
  else if (pathname.startsWith("/files/")) event.respondWith(file(event.request));
});

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(fetch("/", { credentials: "same-origin" }).then(async (answer) => answer.ok && renew(await caches.open(SHELL), answer), () => null));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => event.waitUntil(push(event.data.json())));
self.addEventListener("notificationclick", (event) => event.waitUntil(clicked(event.notification, event.action)));
self.clicked = clicked;
