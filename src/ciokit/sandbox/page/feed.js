// The list in the middle: the newest entries of a view, filtered by the sandbox itself, drawn in bounds.
//
// However fast entries come, the tab holds at most MOST_KEPT of them and draws at most `shown` rows, a few times a
// second. What is counted is what the sandbox counts, not what came through here.

import { get } from "./api.js";
import { byId, h, setText } from "./dom.js";
import { entry, merged, MOST_KEPT } from "./entries.js";
import { emptiness, ending } from "./foot.js";
import { count } from "./format.js";
import { KINDS, KIND_OF_VIEW, row } from "./kinds.js";

const ROWS_AT_FIRST = 200;
const DRAW_EVERY = 200;
const ASK_EVERY = 1000;

export class Feed {
  #place = { view: "live", filters: {} };
  #workspace = "";
  #entries = []; // newest first
  #rows = new Map(); // the drawn rows by key
  #shown = ROWS_AT_FIRST;
  #held = []; // what arrived while the reader looks elsewhere
  #paused = false;
  #drawing = null;
  #asking = null;
  #asked = 0; // which answer of the control API is the latest
  #stale = false; // a filtered list that was not asked for anew because the reader looked elsewhere
  #ending = h("p");
  #lives = 0; // how often everything was let go: what came before is drawn by other rows
  #more = h("button", { class: "button", type: "button", on: { click: () => this.#showMore() } }, "Show more");
  #total;
  #onDraw;

  /**
   * @param {object} options
   * @param {(view: string) => number|null} options.total how many there are in all
   * @param {(entries: object[]) => void} options.onDraw hears of the entries whenever they are drawn
   */
  constructor({ total, onDraw }) {
    this.#total = total;
    this.#onDraw = onDraw;
    byId("newer").addEventListener("click", () => this.toTop());
    byId("scroll").addEventListener("scroll", () => this.#isHolding() || this.#release(), { passive: true });
  }

  /** Show another view, or the same with other filters. */
  async open(place, workspace) {
    const wanted = { view: place.view, filters: place.filters };
    const again = JSON.stringify([wanted, workspace]) === JSON.stringify([this.#place, this.#workspace]);
    this.#place = wanted;
    this.#workspace = workspace;
    if (again && this.#entries.length) return;
    this.#shown = ROWS_AT_FIRST;
    byId("scroll").scrollTop = 0;
    this.forget();
    byId("list").ariaBusy = "true"; // what is drawn is still of the place before
    await this.reload();
  }

  /** Let go of everything. */
  forget() {
    this.#entries = [];
    this.#held = [];
    this.#lives += 1;
  }

  /** Read everything anew; what the stream brings meanwhile is added to it. */
  reload() {
    return this.#read(() => true);
  }

  /** Do so unless the reader holds the list, then or when the answer comes: it waits until the list is let go. */
  catchUp() {
    return this.#read(() => !this.#entries.length || !this.#isHolding());
  }

  async #read(mayMove) {
    if (mayMove()) {
      const number = ++this.#asked;
      const entries = await this.#askAll(number);
      if (number !== this.#asked) return;
      if (mayMove()) {
        this.#settle(entries);
        return;
      }
    }
    this.#stale = true;
  }

  /** Take what has just happened. */
  add(kind, value) {
    if (!this.#kinds().includes(kind)) return;
    if (this.#isFiltered()) {
      this.#askSoon();
      return;
    }
    this.#held.push(entry(kind, value));
    if (this.#held.length > MOST_KEPT) this.#held.splice(0, this.#held.length - MOST_KEPT);
    this.#drawSoon();
  }

  /** Forget someone who is no longer there. */
  drop(kind, value) {
    const key = entry(kind, value).key;
    this.#entries = this.#entries.filter((one) => one.key !== key);
    this.#held = this.#held.filter((one) => one.key !== key);
    this.#drawSoon();
  }

  /** Tell anew how many there are in all. */
  recount() {
    if (this.#entries.length) setText(this.#ending, this.#endingText());
    else this.#drawFoot();
  }

  /** Note that entries went by too fast to be sent here: the list is asked for anew, so that it has no gap for long. */
  noteGap() {
    this.#askSoon();
  }

  get paused() {
    return this.#paused;
  }

  set paused(value) {
    this.#paused = value;
    if (!value) this.#release();
  }

  toTop() {
    byId("scroll").scrollTop = 0;
    this.paused = false;
  }

  #kinds() {
    const { view, filters } = this.#place;
    if (view !== "live") return [KIND_OF_VIEW[view]].filter(Boolean);
    const hidden = (filters.hide ?? "").split(",");
    return Object.keys(KINDS).filter((kind) => !hidden.includes(kind));
  }

  #isFiltered() {
    return Object.keys(this.#place.filters).some((name) => name !== "hide") || this.#workspace !== "";
  }

  async #askAll(number) {
    try {
      const lists = await Promise.all(this.#kinds().map((kind) => this.#ask(kind)));
      return merged(lists.flat());
    } catch (error) {
      if (number === this.#asked) this.#settle(this.#entries);
      throw error;
    }
  }

  async #ask(kind) {
    const { search, name, person, channel, api, request, failed } = this.#place.filters;
    const query = { search, workspace: this.#workspace, limit: this.#shown };
    if (kind === "event") Object.assign(query, { name, person, request });
    if (kind === "message") Object.assign(query, { channel, person, request });
    if (kind === "request") Object.assign(query, { api, failed });
    if (kind === "warning") Object.assign(query, { request });
    const { view } = KINDS[kind];
    return (await get(`/${view}`, query))[view].map((value) => entry(kind, value));
  }

  #isHolding() {
    return this.#paused || byId("scroll").scrollTop > 40;
  }

  #release() {
    if (this.#stale) this.#askSoon();
    this.#stale = false;
    if (this.#held.length) this.#drawSoon();
  }

  #drawSoon() {
    this.#drawing ??= setTimeout(() => this.#draw(), DRAW_EVERY);
  }

  #askSoon() {
    this.#asking ??= setTimeout(async () => {
      this.#asking = null;
      await this.catchUp().catch(() => {}); // the connection's state says what is wrong
    }, ASK_EVERY);
  }

  #draw() {
    clearTimeout(this.#drawing);
    this.#drawing = null;
    const holding = this.#isHolding() && this.#held.length > 0;
    if (!holding && this.#held.length) {
      this.#entries = merged([...this.#held.reverse(), ...this.#entries]);
      this.#held = [];
    }
    this.#offerNewer(holding);
    this.#drawRows();
    this.#drawFoot();
    this.#onDraw(this.#entries);
  }

  #offerNewer(holding) {
    const button = byId("newer");
    button.hidden = !holding;
    if (holding) setText(button, this.#held.length >= MOST_KEPT ? "Many new ↑" : `${count(this.#held.length)} new ↑`);
  }

  #settle(entries) {
    this.#entries = entries;
    this.#draw();
    byId("list").ariaBusy = "false";
  }

  #drawRows() {
    const list = byId("rows");
    const wanted = this.#entries.slice(0, this.#shown);
    const rows = new Map(wanted.map((one) => [one.key, this.#rowOf(one)]));
    for (const [key, { item }] of this.#rows) if (rows.get(key)?.item !== item) item.remove();
    let next = list.firstChild;
    for (const { item } of rows.values()) {
      if (item === next) next = next.nextSibling;
      else list.insertBefore(item, next);
    }
    this.#rows = rows;
    if (!list.querySelector('a[tabindex="0"]')) list.querySelector("a")?.setAttribute("tabindex", "0");
  }

  #rowOf(one) {
    const drawn = this.#rows.get(one.key);
    const mark = JSON.stringify([this.#place, this.#lives]);
    if (drawn && drawn.at === one.at && drawn.mark === mark) return drawn;
    const { view, filters } = this.#place;
    const item = h("li", {}, row(one.kind, one.value, { view, filters, labelled: view === "live" }));
    return { item, at: one.at, mark };
  }

  #drawFoot() {
    const foot = byId("foot");
    if (this.#entries.length === 0) {
      const fresh = emptiness(this.#place.view, this.#isFiltered(), this.#total("requests") ?? 0);
      if (fresh.textContent !== foot.textContent) foot.replaceChildren(fresh); // else it may be marked, to be copied
      return;
    }
    if (!this.#ending.isConnected) foot.replaceChildren(this.#ending, this.#more);
    setText(this.#ending, this.#endingText());
    this.#more.hidden = this.#entries.length < this.#shown || this.#shown >= MOST_KEPT;
  }

  #endingText() {
    const drawn = Math.min(this.#shown, this.#entries.length);
    const { view } = this.#place;
    return ending({ view, drawn, total: this.#total(view), isFiltered: this.#isFiltered() });
  }

  #showMore() {
    this.#shown += ROWS_AT_FIRST;
    this.reload().catch(() => {}); // the connection's state says what is wrong
  }
}
