// Misbehaviour on request: what is switched on, and a form for more of it.

import { get, path, post, RefusedError, remove } from "./api.js";
import { byId, h, icon } from "./dom.js";
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

const DOES = {
  status: { label: "Answer with a status", fields: ["status", "retry_after", "after_processing"] },
  drop: { label: "Drop the connection", fields: ["after_processing"] },
  delay: { label: "Take time", fields: ["delay", "delay_spread"] },
  partial: { label: "Refuse part of a batch", fields: ["share", "partial_status"] },
  garbage: { label: "Answer with garbage", fields: ["after_processing"] },
  redirect: { label: "Redirect to a region", fields: ["redirect"] },
};

const DEFAULTS = { does: "status", api: "", method: "", path: "*", percent: 100, times: "", seconds: "", status: 500, retry_after: "", after_processing: false, delay: 2, delay_spread: 0, share: 30, partial_status: "207", redirect: "eu" };

export class Faults {
  #list = h("div", { class: "active-faults" });
  #problem = h("p", { class: "problem", role: "alert" });
  #form = null;
  #onChange;

  /** @param {(text: string) => void} say tells the reader what was done */
  constructor({ say, onChange }) {
    this.say = say;
    this.#onChange = onChange;
    this.#form = this.#makeForm();
    byId("faults").replaceChildren(
      h("h1", { id: "faults-title", tabindex: "-1" }, "Faults"),
      h("p", { class: "lead" }, "Make the sandbox misbehave, and see whether your program copes. The same seed misbehaves in the same way."),
      this.#list,
      h("div", { class: "card" }, h("h2", {}, "Add a fault"), this.#presets(), this.#form),
    );
    this.#fill({});
  }

  /** Read what is switched on. */
  async reload() {
    const { faults } = await get("/faults");
    this.#list.replaceChildren(...(faults.length ? [this.#head(faults.length), ...faults.map((fault) => this.#line(fault))] : [h("p", { class: "note" }, "None is switched on: the sandbox answers as Customer.io does.")]));
    const notice = byId("fault-notice");
    notice.hidden = faults.length === 0;
    notice.setAttribute("aria-label", plural(faults.length, "fault"));
    notice.replaceChildren(icon("faults"), count(faults.length), h("span", {}, faults.length === 1 ? "fault" : "faults"));
    this.#onChange(faults.length);
  }

  #head(number) {
    const all = h("button", { class: "button", type: "button", on: { click: () => this.#remove("/faults", "All faults are off.") } }, "Switch all off");
    return h("div", { class: "list-head" }, h("h2", {}, plural(number, "fault"), number === 1 ? " is on" : " are on"), all);
  }

  #line(fault) {
    const off = h("button", { class: "button", type: "button", "aria-label": `Switch fault ${fault.number} off`, on: { click: () => this.#remove(path`/faults/${fault.number}`, `Fault ${fault.number} is off.`) } }, "Switch off");
    return h("div", { class: "active-fault" },
      h("span", { class: "badge fault" }, `fault ${fault.number}`),
      h("div", { class: "says" }, h("b", {}, effectOf(fault.rule)), h("span", { class: "dim" }, scopeOf(fault.rule))),
      h("span", { class: "hits" }, plural(fault.hits, "hit")),
      off);
  }

  #presets() {
    const buttons = PRESETS.map(([name, values]) => h("button", { class: "preset", type: "button", on: { click: () => this.#choose(values) } }, name));
    return h("div", { class: "presets", role: "group", "aria-label": "Common faults" }, buttons);
  }

  #choose(values) {
    this.#fill(values);
    this.#form.querySelector("button[type=submit]").focus();
  }

  #makeForm() {
    const options = Object.entries(DOES).map(([value, { label }]) => [value, label]);
    const form = h("form", { class: "fault-form", on: { submit: (event) => this.#submit(event), input: () => this.#arrange() } },
      h("fieldset", {}, h("legend", {}, "What goes wrong"),
        choice("does", "The sandbox must", options),
        number("status", "Status", { min: 200, max: 599, required: true }),
        field("retry_after", "Retry-After", { placeholder: "none", inputmode: "numeric" }),
        number("delay", "Seconds", { min: 0, max: 3600, step: "any", required: true }),
        number("delay_spread", "Give or take", { min: 0, max: 3600, step: "any" }),
        number("share", "Share of items, %", { min: 0, max: 100, step: "any", required: true }),
        choice("partial_status", "Status", [["207", "207"], ["200", "200, undocumented"]]),
        choice("redirect", "Region", [["eu", "eu"], ["us", "us"]]),
        tick("after_processing", "Do the request first, then spoil the answer")),
      h("div", { class: "pair" }, h("fieldset", {}, h("legend", {}, "For which requests"),
        choice("api", "API", [["", "all"], ["track", "track"], ["app", "app"], ["pipelines", "pipelines"]]),
        choice("method", "Method", [["", "all"], ["POST", "POST"], ["PUT", "PUT"], ["GET", "GET"], ["DELETE", "DELETE"]]),
        field("path", "Path, * for any", { required: true, spellcheck: "false" })),
      h("fieldset", {}, h("legend", {}, "How often and for how long"),
        number("percent", "Of them, %", { min: 0, max: 100, step: "any", required: true }),
        number("times", "End after hits", { min: 1, placeholder: "never" }),
        number("seconds", "End after seconds", { min: 0.001, step: "any", placeholder: "never" }))),
      this.#problem,
      h("div", { class: "actions" }, h("button", { class: "button primary", type: "submit" }, "Switch on")));
    return form;
  }

  #fill(values) {
    for (const [name, value] of Object.entries({ ...DEFAULTS, ...values })) {
      const input = this.#form.elements[name];
      if (input.type === "checkbox") input.checked = value;
      else input.value = String(value);
    }
    this.#arrange();
  }

  /** Show only the fields that what goes wrong has. */
  #arrange() {
    const { fields } = DOES[this.#form.elements.does.value];
    for (const name of new Set(Object.values(DOES).flatMap((does) => does.fields))) {
      const input = this.#form.elements[name];
      input.disabled = !fields.includes(name);
      input.closest("label").hidden = input.disabled;
    }
    this.#problem.textContent = "";
  }

  async #submit(event) {
    event.preventDefault();
    await this.#try(async () => {
      const { number } = await post("/faults", ruleOf(this.#form.elements));
      this.say(`Fault ${number} is on.`);
    });
  }

  async #remove(where, told) {
    await this.#try(async () => {
      await remove(where);
      this.say(told);
    });
  }

  async #try(action) {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#problem.textContent = error.message;
    }
    await this.reload().catch(() => {}); // the connection's state says what is wrong
  }
}

function ruleOf(fields) {
  const text = (name) => fields[name].value.trim() || null;
  const amount = (name) => (fields[name].value === "" ? null : Number(fields[name].value));
  return { api: text("api"), method: text("method"), path: text("path") ?? "*", probability: amount("percent") / 100, times: amount("times"), seconds: amount("seconds"), effect: effectFrom(fields, amount) };
}

function effectFrom(fields, amount) {
  const after_processing = fields.after_processing.checked;
  switch (fields.does.value) {
    case "status":
      return { status: amount("status"), retry_after: retryAfter(fields.retry_after.value.trim()), after_processing };
    case "drop":
      return { drop: true, after_processing };
    case "delay":
      return { delay: amount("delay"), delay_spread: amount("delay_spread") ?? 0, delay_distribution: amount("delay_spread") ? "uniform" : "fixed" };
    case "partial":
      return { partial: amount("share") / 100, partial_status: Number(fields.partial_status.value) };
    case "garbage":
      return { garbage: true, after_processing };
    default:
      return { redirect: fields.redirect.value };
  }
}

/** Seconds are a number, a date is a text. */
const retryAfter = (text) => (/^\d+$/.test(text) ? Number(text) : text || null);

/** What a rule does, in words. */
function effectOf({ effect, script }) {
  if (!effect) return `In turn: ${script.map((one) => (one ? wordsOf(one) : "works")).join(", ")}`;
  return wordsOf(effect);
}

function wordsOf(effect) {
  const words = [];
  if (effect.drop) words.push("Connection dropped");
  if (effect.garbage) words.push("Garbage");
  if (effect.redirect) words.push(`Redirect to ${effect.redirect}`);
  if (effect.status != null) words.push(`Status ${effect.status}`);
  if (effect.retry_after != null) words.push(`Retry-After ${effect.retry_after}`);
  if (effect.partial != null) words.push(`${percent(effect.partial)} of a batch refused as ${effect.partial_status}`);
  if (effect.delay) words.push(`${effect.delay_distribution === "fixed" ? "" : `${effect.delay_distribution}, about `}${effect.delay} s late`);
  if (effect.drip) words.push(`dripping for ${effect.drip} s`);
  if (effect.after_processing) words.push("after processing");
  return words.join(", ") || "Nothing goes wrong";
}

function scopeOf(rule) {
  const which = [rule.api && `${rule.api} API`, rule.method, rule.path !== "*" && rule.path].filter(Boolean);
  const words = [which.length ? which.join(" · ") : "all requests", rule.probability < 1 && percent(rule.probability), rule.times && `ends after ${plural(rule.times, "hit")}`, rule.seconds && `ends after ${rule.seconds} s`];
  return words.filter(Boolean).join(" · ");
}

const percent = (share) => `${Number((share * 100).toFixed(2))} %`;

const field = (name, label, more = {}) => h("label", {}, h("span", {}, label), h("input", { name, autocomplete: "off", ...more }));

const number = (name, label, more) => field(name, label, { type: "number", ...more });

const choice = (name, label, options) => h("label", {}, h("span", {}, label), h("select", { name }, options.map(([value, text]) => h("option", { value }, text))));

const tick = (name, label) => h("label", { class: "tick" }, h("input", { name, type: "checkbox" }), h("span", {}, label));
