// Handlers, and how what they return becomes a response.

import { describe, isChunk, isIterable, toBytes } from "./chunks.js";
import { Rejection } from "./errors.js";
import { ResponseStream } from "./response.js";

/** The head of a response, as the first item that a generator yields. */
export class Head {
  constructor({ status = 200, headers, cookies = [] } = {}) {
    this.status = status;
    this.headers = headers;
    this.cookies = cookies;
  }
}

export function head(init) {
  return new Head(init);
}

/** What `handler` returns: the function, and how it is run. */
export class Handler {
  #callback;
  #raw;
  /** Made with the handler, which is part of the component. */
  #decoder = new TextDecoder();

  constructor(callback, raw) {
    this.#callback = callback;
    this.#raw = raw;
  }

  /**
   * Handles one invocation. Resolves to whether the response is complete: otherwise the handler may go on writing
   * from timers.
   */
  async run(event, context, host) {
    const response = new ResponseStream(host);
    const argument = this.#raw ? event : parse(this.#decoder.decode(event));
    try {
      return await send(await this.#callback(argument, context, response), response);
    } catch (error) {
      if (!(error instanceof Rejection) || response.started) {
        throw error;
      }
      host.log("warn", `the request was rejected with status ${error.status}: ${error.message}`);
      await reject(error, response);
      return true;
    }
  }
}

export function handler(callback, { raw = false } = {}) {
  if (typeof callback !== "function") {
    throw new TypeError(`a handler is a function, not ${describe(callback)}`);
  }
  return new Handler(callback, raw);
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TypeError(`the event is not JSON: ${error.message}; \`handler(..., { raw: true })\` takes any bytes`);
  }
}

async function send(result, response) {
  if (result === undefined) {
    return false;
  }
  if (result instanceof Response) {
    response.start({ status: result.status, ...splitHeaders(result.headers) });
    await response.writeAll(chunksOf(result));
  } else if (isChunk(result)) {
    await response.write(result);
  } else if (isIterable(result)) {
    await writeItems(result, response);
  } else {
    const text = JSON.stringify(result);
    if (text === undefined) {
      throw new TypeError(`a handler returns a response, chunks or JSON, not ${describe(result)}`);
    }
    response.startDocument();
    await response.write(text);
  }
  response.finish();
  return true;
}

/** Returns the chunks of a body. In a component, they need not go through a stream. */
function chunksOf(result) {
  return typeof result.chunks === "function" ? result.chunks() : (result.body ?? []);
}

/** Writes what a generator yields. */
async function writeItems(items, response) {
  for await (const item of items) {
    if (item instanceof Head) {
      response.start(item);
    } else {
      await response.write(item);
    }
  }
}

function splitHeaders(headers) {
  const pairs = [...headers].filter(([name]) => name !== "set-cookie");
  return { headers: pairs, cookies: headers.getSetCookie() };
}

async function reject(rejection, response) {
  response.start({ status: rejection.status, headers: { "content-type": "application/json" } });
  await response.write(toBytes(JSON.stringify({ message: rejection.message })));
  response.finish();
}
