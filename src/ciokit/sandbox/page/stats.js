// The counters and the plot. Both are what the sandbox counts, so they are right at any speed.

import { get } from "./api.js";
import { byId, h, setText, svg } from "./dom.js";
import { count, plural, short } from "./format.js";

const COUNTERS = [
  ["people", "People"],
  ["events_total", "Events"],
  ["duplicates_collapsed", "Duplicates", " collapsed"],
  ["messages", "Messages"],
  ["requests", "Requests"],
  ["rejected", "Rejected"],
];
const SECONDS = 60;
const SPEAK_EVERY = 15_000;
const [WIDTH, HEIGHT] = [240, 44];

export class Stats {
  /** The latest counts by name. */
  now = {};
  #onChange;
  #cells = new Map();
  #rates = []; // events a second, the newest last
  #before = null; // the counts at the last tick, and when it was
  #spokenAt = 0;
  #asking = null;

  constructor({ onChange }) {
    this.#onChange = onChange;
    byId("counters").replaceChildren(...COUNTERS.map((counter) => this.#cell(...counter)));
    setInterval(() => this.#tick(), 1000);
  }

  /** Ask soon; whoever hears of something new may call this as often as they like. */
  askSoon() {
    this.#asking ??= setTimeout(() => {
      this.#asking = null;
      this.ask().catch(() => {}); // the connection's state says what is wrong
    }, 250);
  }

  async ask() {
    this.now = await get("/stats");
    for (const [name, cell] of this.#cells) {
      setText(cell, short(this.now[name]));
      cell.title = count(this.now[name]);
    }
    this.#speak();
    this.#onChange(this.now);
  }

  #cell(name, label, more) {
    const number = h("dd", { "data-counter": name }, "0");
    this.#cells.set(name, number);
    return h("div", {}, h("dt", {}, label, more && h("span", { class: "roomy" }, more)), number);
  }

  /** Tell those who listen, rarely: a counter that speaks at every change says nothing. */
  #speak() {
    if (Date.now() - this.#spokenAt < SPEAK_EVERY) return;
    this.#spokenAt = Date.now();
    setText(
      byId("spoken"),
      `${plural(this.now.people, "person", "people")}, ${plural(this.now.events_total, "event")}, ${plural(this.now.requests, "request")}, ${count(this.now.rejected)} rejected`,
    );
  }

  async #tick() {
    if (document.hidden) {
      this.#before = null;
      return;
    }
    try {
      await this.ask();
    } catch {
      this.#before = null;
      return;
    }
    const at = performance.now();
    const events = this.now.events_total;
    const rate = this.#before ? Math.max(0, ((events - this.#before.events) * 1000) / (at - this.#before.at)) : 0;
    this.#before = { events, at };
    this.#rates = [...this.#rates, rate].slice(-SECONDS);
    this.#plot();
  }

  #plot() {
    const most = Math.max(1, ...this.#rates);
    const x = (index) => WIDTH - ((this.#rates.length - 1 - index) * WIDTH) / (SECONDS - 1);
    const y = (rate) => HEIGHT - 2 - (rate / most) * (HEIGHT - 8);
    const points = this.#rates.map((rate, index) => `${x(index).toFixed(1)} ${y(rate).toFixed(1)}`).join(" L");
    const first = x(0).toFixed(1);
    const latest = Math.round(this.#rates.at(-1));
    byId("plot").replaceChildren(
      svg("path", { class: "area", d: `M${first} ${HEIGHT} L${points} L${WIDTH} ${HEIGHT}Z` }),
      svg("path", { class: "line", d: `M${points}` }),
    );
    byId("plot").setAttribute(
      "aria-label",
      `Events a second over the last minute: ${count(latest)} now, ${count(Math.round(most))} at most`,
    );
    setText(byId("rate"), count(latest));
  }
}
