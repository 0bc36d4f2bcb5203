// HTTP requests through `wasi:http`.

import { handle } from "wasj:http/outgoing-handler@0.2.9";
import { Fields, OutgoingRequest } from "wasj:http/types@0.2.9";

import { describeRequest, errorOf } from "./http-errors.js";
import { whenReady } from "./loop.js";
import { ignoreRejection } from "./promise.js";
import { upload } from "./upload.js";

/** The most bytes of one read. */
const READ_BYTES = 64 * 1024;

/** Headers that the host sets. */
const OF_THE_HOST = ["connection", "host", "keep-alive", "transfer-encoding", "upgrade"];

/**
 * Sends a request, and resolves as soon as the head of the response is there.
 *
 * The request is `{ url, method, headers, whole, parts }`, with the body as bytes, as an iterable, or neither. The
 * response is `{ status, headers, chunks, drop }`. Rejects with a `TypeError` if there is none, or with the reason of
 * `signal`.
 */
export async function send(request, signal) {
  const { outgoing, body } = makeRequest(request);
  let future;
  try {
    future = handle(outgoing, null);
  } catch (error) {
    throw errorOf(error.payload, request);
  }
  const sending = body === undefined ? undefined : upload(body, request);
  if (sending !== undefined) {
    ignoreRejection(sending.done);
  }
  let response;
  try {
    await arrival(future, signal, sending);
    response = settled(future.get(), request);
  } catch (error) {
    sending?.stop();
    throw error;
  } finally {
    future[Symbol.dispose]();
  }
  return { status: response.status(), headers: headersOf(response), ...bodyOf(response, request, signal, sending) };
}

function makeRequest({ url, method, headers, whole, parts }) {
  const { protocol, host, pathname, search } = new URL(url);
  const scheme = { "http:": "HTTP", "https:": "HTTPS" }[protocol];
  if (scheme === undefined) {
    throw new TypeError(`${method} ${url}: \`fetch\` takes http: and https: only`);
  }
  const sent = [...headers].filter(([name]) => !OF_THE_HOST.includes(name));
  if (whole !== undefined && !headers.has("content-length")) {
    sent.push(["content-length", String(whole.length)]);
  }
  const encoder = new TextEncoder();
  let fields;
  try {
    fields = Fields.fromList(sent.map(([name, value]) => [name, encoder.encode(value)]));
  } catch (error) {
    throw new TypeError(`${describeRequest({ url, method })}: the headers are not valid: ${error.payload?.tag}`);
  }
  const outgoing = new OutgoingRequest(fields);
  const known = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"].includes(method);
  outgoing.setMethod(known ? { tag: method.toLowerCase() } : { tag: "other", val: method });
  outgoing.setScheme({ tag: scheme });
  outgoing.setAuthority(host);
  outgoing.setPathWithQuery(pathname + search);
  const hasBody = whole !== undefined || parts !== undefined;
  return { outgoing, body: hasBody ? outgoing.body() : undefined };
}

/** Resolves when the response is there. Rejects if the signal is aborted or the body of the request fails. */
function arrival(future, signal, sending) {
  const pollable = future.subscribe();
  return withSignal(signal, (resolve, reject) => {
    const stopWaiting = whenReady(pollable, resolve);
    sending?.done.catch(reject);
    return () => {
      stopWaiting();
      pollable[Symbol.dispose]();
    };
  });
}

/**
 * Returns a promise that a signal rejects.
 *
 * `start` gets the functions that settle it, and returns one that releases what is waited for.
 */
function withSignal(signal, start) {
  return new Promise((resolve, reject) => {
    let release;
    const abort = () => end(reject)(signal.reason);
    const end = (settle) => (value) => {
      signal.removeEventListener("abort", abort);
      release?.();
      release = undefined;
      settle(value);
    };
    release = start(end(resolve), end(reject));
    signal.addEventListener("abort", abort);
    if (signal.aborted) {
      abort();
    }
  });
}

function settled(result, request) {
  if (result?.tag !== "ok") {
    throw new TypeError(`${describeRequest(request)}: the response was taken before`);
  }
  if (result.val.tag !== "ok") {
    throw errorOf(result.val.val, request);
  }
  return result.val.val;
}

function headersOf(response) {
  const fields = response.headers();
  const headers = new Headers();
  for (const [name, value] of fields.entries()) {
    // The bytes of a header that is not ASCII have no known encoding.
    headers.append(name, atob(value.toBase64()));
  }
  fields[Symbol.dispose]();
  return headers;
}

/** Returns the chunks of a body, and what drops the rest. */
function bodyOf(response, request, signal, sending) {
  const body = response.consume();
  const stream = body.stream();
  let open = true;
  const drop = () => {
    if (open) {
      open = false;
      // Nobody reads the rest of the request.
      sending?.stop();
      stream[Symbol.dispose]();
      body[Symbol.dispose]();
      response[Symbol.dispose]();
    }
  };
  // Not a generator: one that has not begun would not drop anything when it is ended.
  const chunks = {
    async next() {
      try {
        while (open) {
          signal.throwIfAborted();
          const chunk = read(stream, request);
          if (chunk === undefined) {
            break;
          }
          if (chunk.length > 0) {
            return { done: false, value: chunk };
          }
          await readable(stream, signal);
        }
      } catch (error) {
        drop();
        throw error;
      }
      drop();
      return { done: true, value: undefined };
    },
    async return() {
      drop();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  return { chunks, drop };
}

/** Returns bytes, none if none are there yet, or `undefined` at the end. */
function read(stream, request) {
  try {
    return stream.read(READ_BYTES);
  } catch (error) {
    if (error.payload?.tag === "closed") {
      return undefined;
    }
    throw errorOf(error.payload, request);
  }
}

function readable(stream, signal) {
  const pollable = stream.subscribe();
  return withSignal(signal, (resolve) => {
    const stopWaiting = whenReady(pollable, resolve);
    return () => {
      stopWaiting();
      pollable[Symbol.dispose]();
    };
  });
}

