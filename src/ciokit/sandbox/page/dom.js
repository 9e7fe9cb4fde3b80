// Building elements. Whatever the sandbox was sent reaches the document as text, never as markup:
// there is no way here to set an inline handler, a style, or an address outside this page.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Build an element.
 * @param {string} tag
 * @param {object} [properties] attributes; `on` holds listeners by event, null and false leave an attribute out
 * @param {...(Node|string|number|null|undefined|false|Array)} children strings become text
 */
export function h(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children);
}

/** Build an SVG element. */
export function svg(tag, properties = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), properties, children);
}

/** An icon of the sprite in index.html. */
export function icon(name) {
  return svg("svg", { "aria-hidden": "true" }, svg("use", { href: `#i-${name}` }));
}

export const byId = (id) => document.getElementById(id);

/** Put a number or text where it is not yet, and leave the document alone where it is. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function filled(element, { on = {}, ...attributes }, children) {
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  for (const [event, listener] of Object.entries(on)) element.addEventListener(event, listener);
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

function setAttribute(element, name, value) {
  if (value == null || value === false) return;
  if (name.startsWith("on") || name === "srcdoc" || name === "style")
    throw new Error(`attribute ${name} is not set here`);
  if (name === "href" && !String(value).startsWith("#")) throw new Error("a link leads to a place of this page");
  element.setAttribute(name, value === true ? "" : String(value));
}
