// A modal window on the browser's own <dialog>: Esc closes it, focus goes back to where it was.

import { useLayoutEffect, useRef } from "preact/hooks";
import { truths } from "./Banner.js";
import { giveBack, pathOf } from "./focus.js";
import { html } from "./html.js";
import { t } from "./i18n.js";

export function Dialog({ title, close, children, kind }) {
  const ref = useRef(null);
  // Open as soon as it is in the page: a key that is pressed before would go to what stands behind it.
  useLayoutEffect(() => {
    const before = pathOf(document.activeElement);
    const dialog = ref.current;
    dialog.showModal();
    dialog.querySelector("form input, form select")?.focus();
    return () => {
      dialog.close();
      giveBack(before);
    };
  }, []);
  return html`<dialog ref=${ref} class=${kind} aria-labelledby="dialog-title" onCancel=${(event) => { event.preventDefault(); close(); }}>
    <header><h2 id="dialog-title">${title}</h2><button type="button" class="plain" onClick=${close} aria-label=${t("close")}>✕</button></header>
    ${truths().filter((one) => one.print).map((one) => html`<p key=${one.kind} class="dialog-truth" role="alert">${one.words}</p>`)}
    ${children}
  </dialog>`;
}
