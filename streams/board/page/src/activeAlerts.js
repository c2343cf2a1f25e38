// Who is called now, what is new of it, and that the call has reached this screen.

import { api } from "./api.js";
import { frozen } from "./stableOrder.js";
import { t } from "./i18n.js";
import { notify } from "./notices.js";
import { calls, RANK } from "./order.js";
import { settle } from "./outbox.js";
import { isShown, scope } from "./scope.js";
import { chime } from "./sound.js";
import { may, state } from "./store.js";

const confirmed = new Set();
const MINE = { nurse: ["nurse", "shift_lead"], shift_lead: ["shift_lead"], doctor: ["doctor"] };

// Compares a patient's new status with the one before: what has begun to call, sounds; a new high stands outside.
export function heard(status, before) {
  settle(status);
  for (const alert of status.alerts) tellOfTakingOver(status, alert, before?.alerts.find((one) => one.alert_id === alert.alert_id));
  for (const alert of status.alerts) {
    if (!calls(alert)) {
      state.newHigh.delete(alert.alert_id);
      continue;
    }
    const was = before?.alerts.find((one) => one.alert_id === alert.alert_id);
    const louder = !was || !calls(was) || RANK[alert.priority] > RANK[was.priority] || (alert.lifecycle?.steps?.length ?? 0) > (was.lifecycle?.steps?.length ?? 0);
    if (louder && before && isShown(status)) {
      chime(alert.priority);
      if (alert.priority === "high" && (!was || !calls(was) || was.priority !== "high")) {
        state.newHigh.set(alert.alert_id, { patient: status.patient_id, headline: alert.headline, bed: status.bed, outside: frozen() });
      }
    }
    for (const step of alert.lifecycle?.steps ?? []) confirm(status, alert, step);
  }
  for (const [id, one] of state.newHigh) {
    if (one.patient === status.patient_id && !status.alerts.some((alert) => alert.alert_id === id)) state.newHigh.delete(id);
  }
}

// Whoever had an alert is told who has it now.
function tellOfTakingOver(status, alert, was) {
  const [mine, theirs] = [was?.lifecycle?.owner?.who, alert.lifecycle?.owner?.who];
  if (!mine || mine !== state.me?.name || !theirs || theirs === mine) return;
  notify(`owner ${alert.alert_id}`, t("ack.taken_over", { bed: status.bed ?? t("no_bed"), who: theirs }), { stays: true });
}

// Where tiles stand, and those of the beds that were chosen.
const ELSEWHERE = new Set(["#due", "#unacknowledged", "#handover", "#sheet"]);
const shownHere = (status) => !document.hidden && !ELSEWHERE.has(location.hash) && isShown(status);

// A call counts as delivered when it stands in front of somebody whom it is for, on a page that is looked at.
function confirm(status, alert, step) {
  if (!["waiting", "sent", "undeliverable"].includes(step.delivery) || !may("act") || !shownHere(status)) return;
  if (!MINE[step.step]?.includes(state.me?.role)) return;
  const name = `${alert.alert_id} ${step.step} ${step.at}`;
  if (confirmed.has(name)) return;
  confirmed.add(name);
  requestAnimationFrame(() =>
    api.post("/api/delivered", { patient_id: status.patient_id, alert_id: alert.alert_id, step: step.step }).catch(() => confirmed.delete(name)),
  );
}

// All that calls somebody now, the highest first: what repeats by sound, and what the title says.
export function calling() {
  const list = [];
  for (const status of scope()) for (const alert of status.alerts) if (calls(alert)) list.push({ status, alert });
  return list.sort((a, b) => RANK[b.alert.priority] - RANK[a.alert.priority]);
}
