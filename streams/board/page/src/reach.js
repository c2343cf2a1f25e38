// Which steps of the ladders reach nobody, as the board says.

import { state } from "./store.js";

// Of these beds' wards: by account of the board alone where it was told of no route.
export function unreachedOf(statuses) {
  const wards = new Set(statuses.map((status) => status.ward ?? ""));
  return (state.pulse?.unreached ?? []).filter((one) => wards.has(one.ward));
}

// Known for certain: the board was told of the routes too, and at no time of the day anybody is reached.
export const reachesNobody = (ward, step) => Boolean(state.pulse?.routes && state.pulse.unreached?.some((one) => one.ward === (ward ?? "") && one.step === step && one.hour == null));
