// The browser's Back closes the window, or the pane, that is open: one entry of the history stands for whatever is.

let closes = null; // what Back would close now; null: nothing is open
let leaving = false; // the entry is being taken away, because what was open was closed in another way

addEventListener("popstate", () => {
  if (leaving) {
    leaving = false;
    if (closes) history.pushState({ open: true }, ""); // something else was opened meanwhile
    return;
  }
  const close = closes;
  closes = null;
  close?.();
});

// After every painting: `close` closes what is on top, null where nothing is open.
export function keepBack(close) {
  closes = close;
  const stands = Boolean(history.state?.open);
  if (leaving || Boolean(close) === stands) return;
  if (close) history.pushState({ open: true }, "");
  else {
    leaving = true;
    history.back();
  }
}
