// A button that puts a text into the clipboard.

import { h, icon } from "./dom.js";

const THANKS = 1200;

/** The button; nothing where the browser lets no page write the clipboard. */
export function copyButton(text, label) {
  if (!navigator.clipboard) return null;
  const button = h(
    "button",
    { class: "copy", type: "button", "aria-label": label, title: "Copy", on: { click: () => copy(text, button) } },
    icon("copy"),
  );
  return button;
}

async function copy(text, button) {
  await navigator.clipboard.writeText(text);
  button.classList.add("done");
  setTimeout(() => button.classList.remove("done"), THANKS);
}
