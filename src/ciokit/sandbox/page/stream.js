// Following the live feed, through every loss of the connection.

import { parse } from "./json.js";

const KINDS = ["event", "person", "person_deleted", "message", "request", "warning", "faults", "reset", "skipped"];
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 8000;

/**
 * Follow the feed for as long as the page is open.
 * @param {object} listeners
 * @param {(state: "connecting"|"live"|"lost") => void} listeners.onState
 * @param {() => void} listeners.onHello called at every connection, also after one that was lost
 * @param {(kind: string, value: object, seq: number) => void} listeners.onEntry
 */
export function follow({ onState, onHello, onEntry }) {
  let pause = FIRST_PAUSE;
  let seen = null;

  function connect() {
    const after = seen === null ? "" : `&after=${seen}`;
    const source = new EventSource(`/_sandbox/stream?newest=true${after}`);
    source.addEventListener("hello", (message) => {
      pause = FIRST_PAUSE;
      seen = Number(message.lastEventId);
      onState("live");
      onHello();
    });
    for (const kind of KINDS) {
      source.addEventListener(kind, (message) => {
        seen = Number(message.lastEventId);
        onEntry(kind, parse(message.data), seen);
      });
    }
    source.addEventListener("error", () => {
      onState("lost");
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      setTimeout(connect, pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    });
  }

  onState("connecting");
  connect();
}
