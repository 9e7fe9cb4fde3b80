// The page: where the reader is decides what is shown; what the stream says decides what changes.

import { get, path, post, RefusedError } from "./api.js";
import { closeDetail, isAbout, isDetailOpen, openDetail, refreshDetail } from "./detail.js";
import { byId, h, icon, setText } from "./dom.js";
import { Faults } from "./faults.js";
import { Feed } from "./feed.js";
import { drawHold, drawTools, forgetNames, offerNames } from "./filters.js";
import { plural, short } from "./format.js";
import { listen } from "./keys.js";
import { forgetSubjects } from "./kinds.js";
import { go, here, link, VIEWS } from "./router.js";
import { Stats } from "./stats.js";
import { follow } from "./stream.js";
import { applyTheme, switchTheme } from "./theme.js";

const TITLES = {
  live: "Live",
  events: "Events",
  people: "People",
  messages: "Messages",
  requests: "Requests",
  warnings: "Warnings",
  faults: "Faults",
};
const COUNTED = {
  events: "events_total",
  people: "people",
  messages: "messages",
  requests: "requests",
  warnings: "warnings_total",
};
const STATES = { connecting: "Connecting", live: "Connected", lost: "Reconnecting" };

const badges = new Map(); // the count beside each view
let opener = null; // the row that has the focus again when the pane closes

const stats = new Stats({ onChange: showCounts });
const feed = new Feed({ total: (view) => stats.now[COUNTED[view]] ?? null, onDraw: showDrawn });
const faults = new Faults({ say, onChange: (number) => setText(badges.get("faults"), number ? String(number) : "") });

function start() {
  applyTheme();
  drawViews();
  byId("theme").addEventListener("click", switchTheme);
  byId("keys").addEventListener("click", showKeys);
  byId("reset").addEventListener("click", askToReset);
  byId("reset-yes").addEventListener("click", reset);
  byId("workspace").addEventListener("change", () => show().catch(tell));
  byId("rows").addEventListener("click", ({ target }) => (opener = target.closest("a")));
  for (const button of document.querySelectorAll("[data-close]"))
    button.addEventListener("click", () => button.closest("dialog").close());
  addEventListener("hashchange", () => show().catch(tell));
  listen({ hold, toTop: () => feed.toTop(), theme: switchTheme, showKeys, close, isOpen: isDetailOpen });
  follow({ onState: showState, onHello: () => refresh().catch(tell), onEntry: take });
  show().catch(tell);
}

/** Show the place that the address names. */
async function show() {
  const place = here();
  const isFaults = place.view === "faults";
  document.title = `${TITLES[place.view]} · ciokit sandbox`;
  setText(byId("title"), TITLES[place.view]);
  byId("list").hidden = isFaults;
  byId("faults").hidden = !isFaults;
  for (const tab of byId("views").children) {
    if (tab.dataset.view === place.view) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  await Promise.all([showDetail(place), showList(place)]);
}

async function showDetail({ view, id }) {
  if (id === null || view === "faults") closeDetail();
  else await openDetail(view, id, close).then(focusDetail);
}

async function showList(place) {
  if (place.view === "faults") return;
  drawTools(place, { held: feed.paused, hold });
  if (place.view === "events") get(path`/event-names`).then(({ names }) => offerNames(names)).catch(tell);
  await feed.open(place, byId("workspace").value);
  markCurrent();
}

/** Read everything anew: at the start, and whenever the connection was lost. */
async function refresh() {
  await readWorkspaces();
  await Promise.all([stats.ask(), faults.reload(), show().then(() => feed.catchUp()), refreshDetail(close)]);
}

async function readWorkspaces() {
  const { workspaces } = await get("/about");
  const select = byId("workspace");
  if (select.options.length === workspaces.length + 1) return;
  select.replaceChildren(
    h("option", { value: "" }, "All workspaces"),
    ...workspaces.map((name) => h("option", { value: name }, name)),
  );
  byId("workspace-choice").hidden = workspaces.length < 2;
}

/** Take an entry of the stream. */
function take(kind, value) {
  stats.askSoon();
  if (kind === "skipped") feed.noteGap();
  else if (kind === "reset") forget();
  else if (kind === "faults") faults.reload().catch(tell);
  else if (kind === "person_deleted") feed.drop("person", value);
  else feed.add(kind, value);
  if (kind === "request" && value.fault !== null) countHits();
  if (isAbout(value)) refreshPerson();
}

const countHits = atMostEvery(500, () => faults.reload());

const refreshPerson = atMostEvery(1000, () => refreshDetail(close));

/** Do something soon, and at most so often, however often it is asked for. */
function atMostEvery(milliseconds, action) {
  let waiting = null;
  return () => {
    waiting ??= setTimeout(() => {
      waiting = null;
      action().catch(tell);
    }, milliseconds);
  };
}

function forget() {
  closeDetail();
  const { view, id, filters } = here();
  if (id !== null) go(link(view, null, filters), { replace: true });
  feed.forget();
  forgetNames();
  forgetSubjects();
  Promise.all([feed.reload(), faults.reload()]).catch(tell);
}

function drawViews() {
  const tabs = VIEWS.map((view) => {
    badges.set(view, h("span", { class: "number" }));
    return h(
      "a",
      { href: link(view), "data-view": view },
      icon(view),
      h("span", { class: "name" }, TITLES[view]),
      badges.get(view),
    );
  });
  byId("views").replaceChildren(...tabs);
}

function showCounts(counts) {
  for (const [view, name] of Object.entries(COUNTED)) setText(badges.get(view), short(counts[name]));
  feed.recount();
}

function showState(state) {
  setText(byId("connection"), STATES[state]);
  byId("connection").dataset.state = state;
}

/** Follow what the list shows: whether it is held, the entry that is open, the names that can be chosen. */
function showDrawn(entries) {
  drawHold({ held: feed.paused });
  offerNames(entries.filter(({ kind }) => kind === "event").map(({ value }) => value.name));
  markCurrent();
}

function markCurrent() {
  const { view, id } = here();
  const target = id === null ? null : link(view, id).split("?")[0];
  for (const row of byId("rows").querySelectorAll("a.row")) {
    if (row.getAttribute("href").split("?")[0] === target) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

/** On a phone the pane covers the list, so the focus goes along; beside the list it stays there. */
function focusDetail() {
  const list = byId("list");
  if (!list.checkVisibility() || !list.contains(document.activeElement)) byId("detail-title")?.focus();
}

function close() {
  const { view, filters } = here();
  go(link(view, null, filters));
  const row = opener?.isConnected ? opener : byId("rows").querySelector("a.row");
  row?.focus();
}

function hold() {
  feed.paused = !feed.paused;
  drawHold({ held: feed.paused });
}

function showKeys() {
  byId("keys-dialog").showModal();
}

function askToReset() {
  const { people = 0, events = 0, messages = 0, requests = 0 } = stats.now;
  setText(
    byId("reset-text"),
    `${plural(people, "person", "people")}, ${plural(events, "event")}, ${plural(messages, "message")}, ${plural(requests, "request")} and all faults will be gone.`,
  );
  byId("reset-dialog").showModal();
}

async function reset() {
  byId("reset-dialog").close();
  try {
    await post("/reset");
    say("Everything is forgotten.");
  } catch (error) {
    tell(error);
  }
}

/** Say what the sandbox refused; that it cannot be reached is shown already. */
function tell(error) {
  if (!(error instanceof RefusedError)) throw error;
  if (error.status !== 0) say(`The sandbox says: ${error.message}.`);
}

let silence = null;

/** Say what was done, for a moment. */
function say(text) {
  setText(byId("toast"), text);
  byId("toast").classList.add("shown");
  clearTimeout(silence);
  silence = setTimeout(() => byId("toast").classList.remove("shown"), 4000);
}

start();
