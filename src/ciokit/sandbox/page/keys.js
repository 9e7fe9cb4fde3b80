// The keyboard: everything that a mouse can do, and a list of how.

import { byId, h } from "./dom.js";
import { go, link } from "./router.js";

const SHOWN = [
  ["/", "Search"],
  ["j k", "Next, previous"],
  ["Enter", "Open"],
  ["Esc", "Close, or leave the search"],
  ["g then l e p m r w f", "Go to live, events, people, messages, requests, warnings, faults"],
  [".", "Hold the list, let it go"],
  ["Home", "To the newest"],
  ["t", "Light or dark"],
  ["?", "These keys"],
];
const PLACES = { l: "live", e: "events", p: "people", m: "messages", r: "requests", w: "warnings", f: "faults" };

/**
 * Listen to the keyboard.
 * @param {object} actions what `hold`, `toTop`, `theme`, `showKeys`, `close` and `isOpen` do
 */
export function listen(actions) {
  byId("keys-list").replaceChildren(
    ...SHOWN.map(([keys, meaning]) =>
      h(
        "div",
        {},
        h(
          "dt",
          {},
          keys.split(" ").map((key) => (key === "then" ? " then " : h("kbd", {}, key))),
        ),
        h("dd", {}, meaning),
      ),
    ),
  );
  let going = false; // whether g was just pressed

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (isTyping(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const key = event.key;
    if (going && PLACES[key]) go(link(PLACES[key]));
    else if (!act(key, actions)) {
      going = key === "g";
      return;
    }
    going = false;
    event.preventDefault();
  });
}

function act(key, actions) {
  switch (key) {
    case "/": {
      const search = byId("search");
      search?.focus();
      search?.select();
      return search !== null;
    }
    case "j":
      return step(1, actions);
    case "k":
      return step(-1, actions);
    case "ArrowDown":
    case "ArrowUp":
      // In the pane they scroll.
      return !byId("detail").contains(document.activeElement) && step(key === "ArrowDown" ? 1 : -1, actions);
    case "Home":
      actions.toTop();
      return focusRow(rows()[0]);
    case "Escape":
      if (!actions.isOpen()) return false;
      actions.close();
      return true;
    case ".":
      actions.hold();
      return true;
    case "t":
      actions.theme();
      return true;
    case "?":
      actions.showKeys();
      return true;
    default:
      return false;
  }
}

/** Move along the list; an open pane follows. */
function step(by, actions) {
  const all = rows();
  const current = all.indexOf(
    byId("rows").contains(document.activeElement)
      ? document.activeElement
      : byId("rows").querySelector("a[aria-current]"),
  );
  const next = all[current < 0 ? 0 : current + by];
  if (!focusRow(next)) return false;
  if (actions.isOpen()) next.click();
  return true;
}

const rows = () => [...byId("rows").querySelectorAll("a.row")];

/** Give a row the focus, and the one place that Tab leads to. */
function focusRow(row) {
  if (!row) return false;
  byId("rows").querySelector('a[tabindex="0"]')?.setAttribute("tabindex", "-1");
  row.tabIndex = 0;
  row.focus();
  row.scrollIntoView({ block: "nearest" });
  return true;
}

const isTyping = (element) => element.matches("input:not([type=checkbox]), select, textarea");
