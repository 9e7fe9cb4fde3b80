// JSON with colours, built of text nodes.

import { h } from "./dom.js";

const MOST_CHARACTERS = 100_000;
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Read JSON; an integer beyond what JavaScript counts to keeps its digits, for showing. */
export const parse = (text) => JSON.parse(text, keepDigits);

/** A value, pretty. */
export const json = (value) => source(JSON.stringify(value, null, 2) ?? "null");

/** A text, pretty when it is JSON. */
export function jsonText(text) {
  try {
    return json(parse(text));
  } catch {
    return plain(text);
  }
}

/** A text as it is. */
export const plain = (text) => block(cut(text), text.length);

function keepDigits(_name, value, context) {
  const isLong = Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "");
  return isLong && JSON.rawJSON ? JSON.rawJSON(context.source) : value;
}

function source(text) {
  return block(coloured(cut(text)), text.length);
}

const cut = (text) => text.slice(0, MOST_CHARACTERS);

function block(content, length) {
  const left = length - MOST_CHARACTERS;
  const note =
    left > 0
      ? h(
          "p",
          { class: "note" },
          `The first ${MOST_CHARACTERS.toLocaleString("en-US")} characters; ${left.toLocaleString("en-US")} more are not shown.`,
        )
      : null;
  return h("div", { class: "code" }, h("pre", { tabindex: "0" }, content), note);
}

function coloured(text) {
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(TOKEN)) {
    parts.push(text.slice(end, found.index));
    const [whole, quoted, colon] = found;
    parts.push(h("span", { class: kindOf(quoted, colon) }, quoted ?? whole), colon ?? "");
    end = found.index + whole.length;
  }
  return [...parts, text.slice(end)];
}

function kindOf(quoted, colon) {
  if (colon) return "j-name";
  return quoted ? "j-text" : "j-value";
}
