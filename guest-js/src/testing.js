// Tests of handlers in Node.js, without a component. See `testing.d.ts`.

import { setTimeout as pause } from "node:timers/promises";

import { AlreadyFinished, AlreadyStarted, Closed, InvalidStatus } from "./errors.js";

/** A response as the caller would get it, and a host that records it. */
class Recording {
  kind = undefined;
  status = undefined;
  headers = new Headers();
  cookies = [];
  chunks = [];
  contentType = undefined;
  finished = false;
  error = undefined;
  #closesAfter;

  constructor(closesAfter) {
    this.#closesAfter = closesAfter;
  }

  get body() {
    return new Uint8Array(Buffer.concat(this.chunks));
  }

  get text() {
    return new TextDecoder().decode(this.body);
  }

  get texts() {
    return this.chunks.map((chunk) => new TextDecoder().decode(chunk));
  }

  json() {
    return JSON.parse(this.text);
  }

  #start(kind) {
    if (this.finished) {
      throw new AlreadyFinished();
    }
    if (this.kind !== undefined) {
      throw new AlreadyStarted();
    }
    this.kind = kind;
  }

  /** The calls of the contract, which a handler makes. */
  host() {
    return {
      writeHeaders: ({ status, headers, cookies }) => {
        if (this.kind === undefined && !(status >= 100 && status <= 599)) {
          throw new InvalidStatus(status);
        }
        this.#start("http");
        this.status = status;
        this.headers = new Headers(headers);
        this.cookies = cookies;
      },
      startDocument: () => this.#start("document"),
      startRaw: (contentType) => {
        this.#start("raw");
        this.contentType = contentType;
      },
      write: (bytes) => this.#write(bytes),
      finish: () => this.finish(),
      log: (level, message) => console.error(`${level}: ${message}`),
      turn: () => new Promise((resolve) => setImmediate(resolve)),
    };
  }

  #write(bytes) {
    if (this.finished) {
      throw new AlreadyFinished();
    }
    if (this.#closesAfter !== undefined && this.chunks.length >= this.#closesAfter) {
      throw new Closed();
    }
    this.#startByDefault();
    if (bytes.length > 0) {
      this.chunks.push(bytes.slice());
    }
  }

  #startByDefault() {
    if (this.kind === undefined) {
      this.kind = "http";
      this.status = 200;
    }
  }

  finish() {
    if (this.finished) {
      throw new AlreadyFinished();
    }
    this.#startByDefault();
    this.finished = true;
  }
}

export function context(fields = {}) {
  const made = {
    requestId: "test",
    deadlineMs: Date.now() + 60_000,
    functionName: "",
    functionVersion: "",
    memoryLimitMib: 0,
    ...fields,
  };
  return { ...made, getRemainingTimeInMillis: () => Math.max(0, made.deadlineMs - Date.now()) };
}

export async function invoke(handler, event = {}, { closesAfter, context: fields } = {}) {
  const raw = event instanceof Uint8Array ? event : new TextEncoder().encode(JSON.stringify(event));
  const recording = new Recording(closesAfter);
  const before = timers();
  try {
    const complete = await handler.run(raw, context(fields), recording.host());
    while (!complete && timers() > before) {
      await pause(1, undefined, { ref: true });
    }
  } catch (error) {
    if (recording.kind === undefined) {
      throw error;
    }
    recording.error = error;
    return recording;
  }
  if (!recording.finished) {
    recording.finish();
  }
  return recording;
}

/** Returns the number of timers that Node.js waits for. */
function timers() {
  return process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
}
