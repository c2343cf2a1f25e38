// Whose beds this screen is about: a ward's, mine, or those that nobody has. Sound, title, counts and tiles go by it alike.

import { settings } from "./settings.js";
import { state } from "./store.js";

export const SCOPES = ["", "mine", "nobody"];

const owner = (patient) => {
  const one = state.assigned.get(patient);
  return one && one.until > state.nowAt.ward ? one : null;
};
export const coveredBy = owner;

const inScope = {
  mine: (status) => owner(status.patient_id)?.login === state.me?.login,
  nobody: (status) => !owner(status.patient_id),
};

// Made once a painting: a filter that would leave nothing hides nothing, for nobody may be overlooked because of a choice.
export function scope() {
  const all = [...state.beds.values()].filter((status) => status.assigned || status.alerts.length);
  const here = settings.ward && all.some((status) => status.ward === settings.ward) ? all.filter((status) => status.ward === settings.ward) : all;
  const chosen = inScope[settings.scope] ? here.filter(inScope[settings.scope]) : here;
  return chosen.length ? chosen : here;
}

export function isShown(status) {
  return scope().some((one) => one.patient_id === status.patient_id);
}
