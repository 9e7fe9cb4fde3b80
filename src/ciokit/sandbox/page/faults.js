// Misbehaviour on request: what is switched on, common faults, and a form for any other.

import { get, path, post, RefusedError, remove } from "./api.js";
import { byId, h, icon } from "./dom.js";
import { effectOf, scopeOf } from "./fault-words.js";
import { FaultForm } from "./fault-form.js";
import { count, plural } from "./format.js";

const PRESETS = [
  ["10 % fail with 500", { does: "status", status: 500, percent: 10 }],
  ["Fail twice, then work", { does: "status", status: 503, times: 2 }],
  ["429 with Retry-After", { does: "status", status: 429, retry_after: 2 }],
  ["Drop before processing", { does: "drop" }],
  ["Drop after processing", { does: "drop", after_processing: true }],
  ["Slow", { does: "delay", delay: 2 }],
  ["207: some items refused", { does: "partial", share: 30 }],
  ["Garbage", { does: "garbage" }],
  ["The other region", { does: "redirect" }],
];

export class Faults {
  #list = h("div", { class: "active-faults" });
  #form = new FaultForm(() => this.#add());
  #say;
  #onChange;

  /**
   * @param {object} options
   * @param {(text: string) => void} options.say tells the reader what was done
   * @param {(number: number) => void} options.onChange hears how many are on
   */
  constructor({ say, onChange }) {
    this.#say = say;
    this.#onChange = onChange;
    byId("faults").replaceChildren(
      h("h2", { id: "faults-title" }, "Faults"),
      h(
        "p",
        { class: "lead" },
        "Make the sandbox misbehave, and see whether your program copes. The same seed misbehaves in the same way.",
      ),
      this.#list,
      h("div", { class: "card" }, h("h3", {}, "Add a fault"), this.#presets(), this.#form.element),
    );
  }

  /** Read what is switched on. */
  async reload() {
    const { faults } = await get("/faults");
    this.#list.replaceChildren(
      ...(faults.length
        ? [this.#head(faults.length), ...faults.map((fault) => this.#line(fault))]
        : [h("p", { class: "note" }, "None is switched on: the sandbox answers as Customer.io does.")]),
    );
    const notice = byId("fault-notice");
    notice.hidden = faults.length === 0;
    notice.setAttribute("aria-label", plural(faults.length, "fault"));
    notice.replaceChildren(
      icon("faults"),
      count(faults.length),
      h("span", {}, faults.length === 1 ? "fault" : "faults"),
    );
    this.#onChange(faults.length);
  }

  #head(number) {
    const all = h(
      "button",
      { class: "button", type: "button", on: { click: () => this.#remove("/faults", "All faults are off.") } },
      "Switch all off",
    );
    return h(
      "div",
      { class: "list-head" },
      h("h3", {}, plural(number, "fault"), number === 1 ? " is on" : " are on"),
      all,
    );
  }

  #line(fault) {
    const off = h(
      "button",
      {
        class: "button",
        type: "button",
        "aria-label": `Switch fault ${fault.number} off`,
        on: { click: () => this.#remove(path`/faults/${fault.number}`, `Fault ${fault.number} is off.`) },
      },
      "Switch off",
    );
    return h(
      "div",
      { class: "active-fault" },
      h("span", { class: "badge fault" }, `fault ${fault.number}`),
      h("div", { class: "says" }, h("b", {}, effectOf(fault.rule)), h("span", { class: "dim" }, scopeOf(fault.rule))),
      h("span", { class: "hits" }, plural(fault.hits, "hit")),
      off,
    );
  }

  #presets() {
    const buttons = PRESETS.map(([name, values]) =>
      h("button", { class: "preset", type: "button", on: { click: () => this.#choose(values) } }, name),
    );
    return h("div", { class: "presets", role: "group", "aria-label": "Common faults" }, buttons);
  }

  #choose(values) {
    this.#form.fill(values);
    this.#form.element.querySelector("button[type=submit]").focus();
  }

  async #add() {
    await this.#try(async () => {
      const { number } = await post("/faults", this.#form.rule);
      this.#say(`Fault ${number} is on.`);
    });
  }

  async #remove(where, told) {
    await this.#try(async () => {
      await remove(where);
      this.#say(told);
    });
  }

  async #try(action) {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#form.complain(error.message);
    }
    await this.reload().catch(() => {}); // the connection's state says what is wrong
  }
}
