// The form of a fault: which fields there are, which of them matter, and the rule that they make.

import { h } from "./dom.js";

const DOES = {
  status: { label: "Answer with a status", fields: ["status", "retry_after", "after_processing"] },
  drop: { label: "Drop the connection", fields: ["after_processing"] },
  delay: { label: "Take time", fields: ["delay", "delay_spread"] },
  partial: { label: "Refuse part of a batch", fields: ["share", "partial_status"] },
  garbage: { label: "Answer with garbage", fields: ["after_processing"] },
  redirect: { label: "Redirect to a region", fields: ["redirect"] },
};

const DEFAULTS = {
  does: "status",
  api: "",
  method: "",
  path: "*",
  percent: 100,
  times: "",
  seconds: "",
  status: 500,
  retry_after: "",
  after_processing: false,
  delay: 2,
  delay_spread: 0,
  share: 30,
  partial_status: "207",
  redirect: "eu",
};

/** The form; what is shown of it follows what is to go wrong. */
export class FaultForm {
  #problem = h("p", { class: "problem", role: "alert" });

  /** @param {() => void} onSubmit */
  constructor(onSubmit) {
    this.element = this.#make(onSubmit);
    this.fill({});
  }

  /** The rule that the fields make. */
  get rule() {
    return ruleOf(this.element.elements);
  }

  /** Say what is wrong with it. */
  complain(text) {
    this.#problem.textContent = text;
  }

  #make(onSubmit) {
    const send = (event) => {
      event.preventDefault();
      onSubmit();
    };
    return h(
      "form",
      { class: "fault-form", on: { submit: send, input: () => this.#arrange() } },
      whatGoesWrong(),
      h("div", { class: "pair" }, whichRequests(), howOften()),
      this.#problem,
      h("div", { class: "actions" }, h("button", { class: "button primary", type: "submit" }, "Switch on")),
    );
  }

  /** Put values into the fields; those that are not named get their defaults. */
  fill(values) {
    for (const [name, value] of Object.entries({ ...DEFAULTS, ...values })) {
      const input = this.element.elements[name];
      if (input.type === "checkbox") input.checked = value;
      else input.value = String(value);
    }
    this.#arrange();
  }

  /** Show only the fields that what goes wrong has. */
  #arrange() {
    const { fields } = DOES[this.element.elements.does.value];
    for (const name of new Set(Object.values(DOES).flatMap((does) => does.fields))) {
      const input = this.element.elements[name];
      input.disabled = !fields.includes(name);
      input.closest("label").hidden = input.disabled;
    }
    this.#problem.textContent = "";
  }
}

const whatGoesWrong = () =>
  fieldset(
    "What goes wrong",
    choice(
      "does",
      "The sandbox must",
      Object.fromEntries(Object.entries(DOES).map(([name, { label }]) => [name, label])),
    ),
    number("status", "Status", { min: 200, max: 599, required: true }),
    field("retry_after", "Retry-After", { placeholder: "none", inputmode: "numeric" }),
    number("delay", "Seconds", { min: 0, max: 3600, step: "any", required: true }),
    number("delay_spread", "Give or take", { min: 0, max: 3600, step: "any" }),
    number("share", "Share of items, %", { min: 0, max: 100, step: "any", required: true }),
    choice("partial_status", "Status", { 207: "207", 200: "200, undocumented" }),
    choice("redirect", "Region", { eu: "eu", us: "us" }),
    tick("after_processing", "Do the request first, then spoil the answer"),
  );

const whichRequests = () =>
  fieldset(
    "For which requests",
    choice("api", "API", { "": "all", track: "track", app: "app", pipelines: "pipelines" }),
    choice("method", "Method", { "": "all", POST: "POST", PUT: "PUT", GET: "GET", DELETE: "DELETE" }),
    field("path", "Path, * for any", { required: true, spellcheck: "false" }),
  );

const howOften = () =>
  fieldset(
    "How often and for how long",
    number("percent", "Of them, %", { min: 0, max: 100, step: "any", required: true }),
    number("times", "End after hits", { min: 1, placeholder: "never" }),
    number("seconds", "End after seconds", { min: 0.001, step: "any", placeholder: "never" }),
  );

function ruleOf(fields) {
  const text = (name) => fields[name].value.trim() || null;
  const amount = (name) => (fields[name].value === "" ? null : Number(fields[name].value));
  return {
    api: text("api"),
    method: text("method"),
    path: text("path") ?? "*",
    probability: amount("percent") / 100,
    times: amount("times"),
    seconds: amount("seconds"),
    effect: effectFrom(fields, amount),
  };
}

function effectFrom(fields, amount) {
  const after_processing = fields.after_processing.checked;
  switch (fields.does.value) {
    case "status":
      return { status: amount("status"), retry_after: retryAfter(fields.retry_after.value.trim()), after_processing };
    case "drop":
      return { drop: true, after_processing };
    case "delay":
      return {
        delay: amount("delay"),
        delay_spread: amount("delay_spread") ?? 0,
        delay_distribution: amount("delay_spread") ? "uniform" : "fixed",
      };
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

const fieldset = (legend, ...fields) => h("fieldset", {}, h("legend", {}, legend), fields);

const field = (name, label, more = {}) =>
  h("label", {}, h("span", {}, label), h("input", { name, autocomplete: "off", ...more }));

const number = (name, label, more) => field(name, label, { type: "number", ...more });

const choice = (name, label, options) => {
  const texts = Object.entries(options).map(([value, text]) => h("option", { value }, text));
  return h("label", {}, h("span", {}, label), h("select", { name }, texts));
};

const tick = (name, label) =>
  h("label", { class: "tick" }, h("input", { name, type: "checkbox" }), h("span", {}, label));
