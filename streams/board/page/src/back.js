// The browser's Back closes the window, or the pane, that is open: one entry of the history stands for whatever is.

let closes = null; // what Back would close now; null: nothing is open
let place = ""; // where it was opened: another address is another page, not Back
let leaving = false; // the entry is being taken away, because what was open was closed in another way

addEventListener("popstate", () => {
  if (leaving) {
    leaving = false;
    if (closes) stand(); // something else was opened meanwhile
    return;
  }
  if (location.href !== place) return;
  const close = closes;
  closes = null;
  close?.();
});

function stand() {
  history.pushState({ open: true }, "");
  place = location.href;
}

// After every painting: `close` closes what is on top, null where nothing is open.
export function keepBack(close) {
  closes = close;
  const stands = Boolean(history.state?.open);
  if (leaving || Boolean(close) === stands) return;
  if (close) stand();
  else {
    leaving = true;
    history.back();
  }
}
