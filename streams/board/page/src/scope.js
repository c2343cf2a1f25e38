// Whose beds this screen is about: a ward's, mine, or those that nobody has. Sound, title, counts and tiles go by it alike.

import { notify } from "./notices.js";
import { calls } from "./order.js";
import { set, settings } from "./settings.js";
import { state } from "./store.js";
import { t } from "./i18n.js";

export const SCOPES = ["", "mine", "nobody"];

const owner = (patient) => {
  const one = state.assigned.get(patient);
  return one && one.until > state.nowAt.ward ? one : null;
};
export const coveredBy = owner;

// Whoever calls and is nobody's is everybody's: no screen is silent about a patient whom nobody has.
const callsAll = (status) => !owner(status.patient_id) && status.alerts.some(calls);
const inScope = {
  mine: (status) => owner(status.patient_id)?.login === state.me?.login || callsAll(status),
  nobody: (status) => !owner(status.patient_id),
};

// The beds were chosen by one person, and for her alone: whoever else acts at this screen sees all.
const me = () => state.me?.login ?? "";
const nobodysOwn = () => settings.scope === "mine" && state.me?.station && !state.me.person;
export const chosenScope = () => (settings.scopeOf === me() && !nobodysOwn() ? settings.scope : "");

export function choose(one) {
  set("scope", one);
  set("scopeOf", me());
}

// Somebody has signed in: another's choice is over.
export function begun() {
  if (settings.scopeOf !== me()) choose("");
}

// Whoever had a bed is told who has it now; her own word she knows.
export function tellOfBeds(assigned) {
  const now = state.nowAt.ward;
  for (const [patient, was] of state.assigned) {
    if (was.login !== state.me?.login || was.until <= now) continue;
    const one = assigned.get(patient);
    if (one && one.login !== was.login) notify(`bed ${patient}`, t("cover.taken_over", { bed: state.beds.get(patient)?.bed ?? t("no_bed"), who: one.name }), { stays: true });
  }
}

// The beds of the ward that was chosen, or of all.
export function bedsHere() {
  const all = [...state.beds.values()].filter((status) => status.assigned || status.alerts.length);
  const here = settings.ward ? all.filter((status) => status.ward === settings.ward) : all;
  return here.length ? here : all;
}

// Made once a painting: a filter that would leave nothing hides nothing, for nobody may be overlooked because of a choice.
export function scope() {
  const here = bedsHere();
  const one = inScope[chosenScope()];
  const chosen = one ? here.filter(one) : here;
  return chosen.length ? chosen : here;
}

export function isShown(status) {
  return scope().some((one) => one.patient_id === status.patient_id);
}
