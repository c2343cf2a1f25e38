// The page's words on their way, without a browser: the real module beside a board that the test answers for.
// argv[2]: the bundled module. Prints what was sent and what became of each word.

const kept = new Map();
let now = 1_000_000;
globalThis.sessionStorage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
globalThis.localStorage = globalThis.sessionStorage;
globalThis.addEventListener = () => {};
globalThis.requestAnimationFrame = () => {};
globalThis.document = { hidden: false, addEventListener: () => {}, querySelectorAll: () => [], querySelector: () => null, documentElement: {} };
globalThis.location = { hash: "" };
Object.defineProperty(globalThis, "navigator", { value: { language: "en" }, configurable: true });
globalThis.matchMedia = () => ({ matches: false, addEventListener: () => {} });
Date.now = () => now;
const beats = [];
globalThis.setInterval = (fn) => beats.push(fn);
const later = [];
globalThis.setTimeout = (fn) => later.push(fn);

const NORA = { login: "nora", name: "Nora", station: true, person: true, signed_in: true };
const NILS = { ...NORA, login: "nils", name: "Nils" };
const STATION = { login: "ward", station: true, person: false, signed_in: true };
let answer = 201;
let me = NORA;
const posted = [];
globalThis.fetch = async (path, { body }) => {
  if (path === "/api/me") return new Response(JSON.stringify(me), { status: 200 });
  posted.push(`${me.login} ${JSON.parse(body).action_id}`);
  return new Response(JSON.stringify({ detail: "no" }), { status: answer });
};

const { send, sendAsked, state, restore } = await import(process.argv[2]);
const rest = async () => { for (let i = 0; i < 20; i++) await new Promise((done) => setImmediate(done)); };
const beat = () => { for (const fn of beats) fn(); };
const again = async () => { for (const fn of later.splice(0)) fn(); await rest(); };
const be = (who) => { me = who; state.me = who; };
const say = async (id) => { send({ path: "/api/observations", patient: "p", what: id, body: { action_id: id } }); await rest(); };
const found = {};
const note = (name, id) => { found[name] = { posted: posted.splice(0), state: state.pending.get(id)?.state ?? "gone", why: state.pending.get(id)?.why }; };

be(NORA); answer = 503;
await say("handed-over"); be(NILS); answer = 201; await again(); note("handed over", "handed-over");

be(NORA); answer = 401; me = STATION;
send({ path: "/api/observations", patient: "p", what: "x", body: { action_id: "expired" } }); await rest();
posted.splice(0); note("expired", "expired");
be(NILS); answer = 201; state.asksWho = false; sendAsked(); await rest(); note("expired, then another", "expired");

be(NORA); answer = 401; me = STATION;
send({ path: "/api/observations", patient: "p", what: "x", body: { action_id: "back" } }); await rest();
posted.splice(0); be(NORA); answer = 201; state.asksWho = false; sendAsked(); await rest(); note("expired, then she herself", "back");

be(STATION); await say("cancelled"); state.asksWho = false; beat();
be(NILS); sendAsked(); await rest(); note("cancelled", "cancelled");

be(STATION); await say("asked"); beat();
be(NILS); sendAsked(); state.asksWho = false; await rest(); note("asked", "asked");

be(STATION); await say("old"); now += 121_000; beat();
be(NILS); sendAsked(); state.asksWho = false; await rest(); note("old", "old");

be(STATION); kept.set("vigilward.words", JSON.stringify([{ id: "loaded", path: "/api/observations", body: { action_id: "loaded" }, login: null, saidAt: now - 200_000 }]));
restore(); be(NILS); sendAsked(); await rest(); note("old, loaded anew", "loaded");

be(NORA); answer = 501; await say("never"); await again(); note("never", "never");
be(NORA); answer = 503; await say("later"); answer = 201; await again(); note("later", "later");

console.log(JSON.stringify(found));
process.exit(0);
