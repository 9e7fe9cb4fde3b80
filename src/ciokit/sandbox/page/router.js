// Where the page is, as the address says it: #/events/12?search=order. Every place can be linked to.

export const VIEWS = ["live", "events", "people", "messages", "requests", "warnings", "faults"];
export const FILTERS = ["search", "name", "person", "channel", "api", "request", "failed", "hide"];

/**
 * Read the address.
 * @returns {{view: string, id: string|null, filters: Record<string, string>}}
 */
export function here() {
  const [where, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, id] = where.split("/");
  const given = new URLSearchParams(query);
  const filters = Object.fromEntries(FILTERS.filter((name) => given.get(name)).map((name) => [name, given.get(name)]));
  return { view: VIEWS.includes(view) ? view : "live", id: id ? decoded(id) : null, filters };
}

/** Write an address. */
export function link(view, id = null, filters = {}) {
  const query = new URLSearchParams(filters).toString();
  return `#/${view}${id === null ? "" : `/${encodeURIComponent(id)}`}${query ? `?${query}` : ""}`;
}

/** Go somewhere; `replace` leaves no trace in the history, for what is typed. */
export function go(target, { replace = false } = {}) {
  if (target === location.hash) return;
  if (!replace) {
    location.hash = target;
    return;
  }
  history.replaceState(null, "", target);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
