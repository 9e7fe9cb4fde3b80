// A hand-made queue over customerio-node, in the shape in which teams write it: events wait in a list, a flush takes
// place when 50 wait or every 5 s, sends 10 at a time, and one failure does not stop the others.
//
//     node node_queue.mjs FOLDER_WITH_NODE_MODULES URL MODE
//
// `speed` and `verbs` speak as benchmarks/side.py does: each line on standard input is a number of events, each line
// of output what they cost. The other modes are those of benchmarks/faulty.py.
import { createRequire } from "node:module";
import { readFileSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";

const [folder, url, mode] = process.argv.slice(2);
const { TrackClient } = createRequire(`${folder}/`)("customerio-node");

class EventQueue {
  constructor(client, onFailure) {
    this.client = client;
    this.onFailure = onFailure;
    this.waiting = [];
    this.flushing = null;
    this.timer = setInterval(() => this.flush(), 5000);
  }

  enqueue(userId, name, data) {
    this.waiting.push({ userId, name, data });
    if (this.waiting.length >= 50) this.flush();
  }

  flush() {
    this.flushing ??= this.#flush().finally(() => (this.flushing = null));
    return this.flushing;
  }

  async #flush() {
    while (this.waiting.length > 0) {
      const some = this.waiting.splice(0, 10);
      const results = await Promise.allSettled(
        some.map(({ userId, name, data }) => this.client.track(userId, { name, data })),
      );
      for (const result of results) if (result.status === "rejected") this.onFailure();
    }
  }

  async shutdown() {
    clearInterval(this.timer);
    while (this.waiting.length > 0 || this.flushing) await this.flush();
  }
}

const people = Array.from({ length: 1000 }, (_, at) => `user-${String(at).padStart(6, "0")}`);
const client = new TrackClient("site", "key", { url: `${url}/api/v1` });
const order = (id) => ({ order_id: id, total: 129.9, currency: "EUR", items: 3 });
const say = (line) => writeSync(1, `${line}\n`);
const queue = new EventQueue(client, () => {}); // it logs a failure, and the application learns nothing

function megabytes(field) {
  const line = readFileSync("/proc/self/status", "ascii").split("\n").find((text) => text.startsWith(field));
  return Number(line.split(/\s+/)[1]) / 1024;
}

async function measure(calls) {
  const spent = new Float64Array(mode === "verbs" ? calls : 0);
  const wall = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  for (let at = 0; at < calls; at++) {
    const start = mode === "verbs" ? process.hrtime.bigint() : 0n;
    queue.enqueue(people[at % 1000], "checkout_completed", order("o-100234"));
    if (mode === "verbs") spent[at] = Number(process.hrtime.bigint() - start) / 1e3;
    // A program that only enqueues would never let go of the event loop; a server does so between requests.
    if (at % 100 === 99) await new Promise(setImmediate);
  }
  while (queue.waiting.length > 0 || queue.flushing) await queue.flush();
  const used = process.cpuUsage(cpu);
  const figures = { cpu: (used.user + used.system) / 1e6, wall: Number(process.hrtime.bigint() - wall) / 1e9 };
  if (mode === "speed") return { ...figures, memory: megabytes("VmHWM") - before };
  spent.sort();
  return { ...figures, p50: spent[calls >> 1], p99: spent[Math.floor((calls * 99) / 100)] };
}

const before = megabytes("VmRSS");
if (mode === "speed" || mode === "verbs") {
  say("ready");
  for await (const line of createInterface({ input: process.stdin })) {
    say(JSON.stringify(await measure(Number(line))));
  }
  process.exit(0);
}

const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

async function offer(count, pace) {
  for (let at = 0; at < count; at++) {
    queue.enqueue(`user-${at % 100}`, "checkout_completed", order(`o-${at}`));
    say("+");
    if (pace) await sleep(1000 / pace);
    else if (at % 100 === 99) await new Promise(setImmediate);
  }
}

process.on("SIGTERM", async () => {
  await queue.shutdown();
  process.exit(0);
});
say("ready");
if (mode === "steady") {
  await offer(500, 500);
  await queue.shutdown();
} else if (mode === "outage") {
  await offer(3000, 100);
  await queue.shutdown();
} else if (mode !== "restart") {
  await offer(5000, 0);
  if (mode === "exit") process.exit(0);
  process.kill(process.pid, mode);
  await sleep(20000);
}
if (mode !== "SIGTERM") process.exit(0);
