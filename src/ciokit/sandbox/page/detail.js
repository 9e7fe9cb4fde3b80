// The pane of one entry: which one, and how it opens and closes.

import { get, RefusedError } from "./api.js";
import { byId, h, icon } from "./dom.js";
import { visible } from "./format.js";
import { KINDS, KIND_OF_VIEW } from "./kinds.js";
import { showMessage } from "./message.js";
import { showEvent, showRequest, showWarning } from "./pages.js";
import { showPerson } from "./person.js";
import { here, link } from "./router.js";

const SHOW = { event: showEvent, person: showPerson, message: showMessage, request: showRequest, warning: showWarning };

let shown = null; // the view and id of what is open or being opened
let scrolled = 0; // how far down the reader is in it

/** Open the page of an entry. @param {() => void} close what the close button does */
export async function openDetail(view, id, close) {
  const wanted = `${view}/${id}`;
  if (shown === wanted) return;
  shown = wanted;
  const pane = byId("detail");
  pane.ariaBusy = "true"; // what is drawn is still the entry before
  const kind = KIND_OF_VIEW[view];
  const page = await load(kind, id);
  if (shown !== wanted) return; // meanwhile another was asked for
  if (page.id && page.id !== id) settle(view, page.id);
  const title = h("h2", { id: "detail-title", class: page.mono ? "mono" : "", tabindex: "-1" }, visible(page.title));
  const button = h(
    "button",
    { class: "icon-button", type: "button", "aria-label": "Close", title: "Close (Esc)", on: { click: close } },
    icon("close"),
  );
  pane.replaceChildren(
    h(
      "header",
      {},
      h(
        "div",
        { class: "heading" },
        h("p", { class: `kind ${kind}` }, kind),
        title,
        h("div", { class: "badges" }, page.badges),
      ),
      button,
    ),
    h("div", { class: "body" }, page.body.filter(Boolean)),
  );
  pane.hidden = false;
  pane.ariaBusy = "false";
  document.body.classList.add("with-detail");
  pane.querySelector(".body").scrollTop = scrolled;
  scrolled = 0;
}

/** Close it. */
export function closeDetail() {
  shown = null;
  byId("detail").hidden = true;
  byId("detail").replaceChildren();
  document.body.classList.remove("with-detail");
}

export const isDetailOpen = () => shown !== null;

/** Whether an entry of the stream changes the page of the person that is open. */
export const isAbout = (value) => shown !== null && value?.cio_id != null && shown === `people/cio_${value.cio_id}`;

/** Draw anew what is open, because it may have changed; not while the reader is at work in it. */
export async function refreshDetail(close) {
  const pane = byId("detail");
  if (
    shown === null ||
    pane.querySelector("details[open]") ||
    pane.querySelector(".body")?.contains(document.activeElement)
  )
    return;
  scrolled = pane.querySelector(".body")?.scrollTop ?? 0;
  const [view, ...id] = shown.split("/");
  shown = null;
  await openDetail(view, id.join("/"), close);
}

async function load(kind, id) {
  try {
    const found = await get(KINDS[kind].one(id));
    const { value, page } = await shownAs(kind, found, id);
    return { ...page, id: KINDS[kind].id(value) };
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    return { title: "Not here", badges: [], body: [h("p", { class: "lead" }, `The sandbox says: ${error.message}.`)] };
  }
}

/** What a page shows, and the entry that gives it its place: a person may be asked for by any identifier. */
async function shownAs(kind, found, id) {
  const whole = kind === "warning" ? theWarning(found, id) : found;
  const value = { person: whole.person, request: whole.request }[kind] ?? whole;
  return { value, page: await SHOW[kind](whole) };
}

/** Give the page the one address that the list has for it, too. */
function settle(view, id) {
  shown = `${view}/${id}`;
  history.replaceState(null, "", link(view, id, here().filters));
}

function theWarning({ warnings: [found] }, id) {
  if (String(found?.seq) !== id) throw new RefusedError(404, "no such warning, or no longer kept");
  return found;
}
