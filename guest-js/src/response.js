// The response of an invocation, as handlers write it.

import { toBytes } from "./chunks.js";
import { eventText, ndjsonLine } from "./formats.js";

/** Returns headers as pairs of name and value. */
export function headerPairs(headers = []) {
  if (typeof headers[Symbol.iterator] === "function") {
    return Array.from(headers, ([name, value]) => [String(name), String(value)]);
  }
  return Object.entries(headers).flatMap(([name, values]) =>
    Array.isArray(values) ? values.map((value) => [name, String(value)]) : [[name, String(values)]],
  );
}

/** The response to the current invocation. See `index.d.ts`. */
export class ResponseStream {
  #host;
  #started = false;
  #finished = false;

  constructor(host) {
    this.#host = host;
  }

  get started() {
    return this.#started;
  }

  get finished() {
    return this.#finished;
  }

  start({ status = 200, headers, cookies = [] } = {}) {
    this.#host.writeHeaders({ status, headers: headerPairs(headers), cookies: Array.from(cookies, String) });
    this.#started = true;
  }

  startDocument() {
    this.#host.startDocument();
    this.#started = true;
  }

  startRaw(contentType = "application/octet-stream") {
    this.#host.startRaw(String(contentType));
    this.#started = true;
  }

  async write(chunk) {
    this.#host.write(toBytes(chunk));
    this.#started = true;
    // Timers and requests have their turn between two chunks.
    await this.#host.turn();
  }

  async writeAll(chunks) {
    for await (const chunk of chunks) {
      await this.write(chunk);
    }
  }

  finish() {
    this.#host.finish();
    this.#started = true;
    this.#finished = true;
  }

  sse({ status, headers, cookies } = {}) {
    const pairs = [["content-type", "text/event-stream"], ["cache-control", "no-cache"], ...headerPairs(headers)];
    this.start({ status, headers: pairs, cookies });
    return {
      send: (event) => this.write(eventText(event)),
      comment: (text = "") => this.write(`${String(text).replace(/^/gm, ": ")}\n\n`),
    };
  }

  ndjson({ status, headers, cookies } = {}) {
    this.start({ status, headers: [["content-type", "application/x-ndjson"], ...headerPairs(headers)], cookies });
    return { write: (value) => this.write(ndjsonLine(value)) };
  }

  writable() {
    return new WritableStream({ write: (chunk) => this.write(chunk) });
  }
}
