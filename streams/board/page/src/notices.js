// What this screen tells whoever stands at it, apart from patients: why a click was not taken, who has taken over.

import { changed, state } from "./store.js";

const SHORT_MS = 8_000;

// `stays`: until somebody has closed it.
export function notify(id, words, { stays = false } = {}) {
  clearTimeout(state.notices.get(id)?.timer);
  const timer = stays ? null : setTimeout(() => unnotify(id), SHORT_MS);
  state.notices.set(id, { words, timer });
  changed();
}

export function unnotify(id) {
  if (state.notices.delete(id)) changed();
}
