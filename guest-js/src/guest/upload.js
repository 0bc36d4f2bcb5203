// The body of a request on its way out, through `wasi:http`.

import { OutgoingBody } from "wasj:http/types@0.2.9";

import { toBytes } from "../chunks.js";
import { errorOf } from "./http-errors.js";
import { whenReady } from "./loop.js";

/**
 * Sends a body part by part, so that its request can be answered or refused meanwhile.
 *
 * Returns `{ done, stop }`. `done` rejects with what the iterable throws, and if the body does not have the size of its
 * `content-length`. `stop` ends a body before its end, which ends the request as incomplete.
 */
export function upload(body, request) {
  const stream = body.write();
  const sending = { body, stream, open: true, wake: undefined };
  const stop = () => {
    if (sending.open) {
      sending.open = false;
      sending.wake?.();
      stream[Symbol.dispose]();
      body[Symbol.dispose]();
    }
  };
  return { done: sendAll(sending, request).catch((error) => {
    stop();
    throw error;
  }), stop };
}

async function sendAll(sending, request) {
  const parts = request.whole === undefined ? request.parts : [request.whole];
  for await (const part of parts) {
    let rest = toBytes(part);
    while (rest.length > 0) {
      if (!sending.open) {
        return;
      }
      const room = attempt(sending, request, () => sending.stream.checkWrite());
      if (room === undefined) {
        return;
      }
      if (room === 0) {
        await writable(sending);
        continue;
      }
      const sent = rest.slice(0, room);
      if (attempt(sending, request, () => (sending.stream.write(sent), true)) === undefined) {
        return;
      }
      rest = rest.subarray(room);
    }
    if (!sending.open) {
      return;
    }
  }
  if (sending.open) {
    sending.open = false;
    sending.stream[Symbol.dispose]();
    attempt(sending, request, () => OutgoingBody.finish(sending.body, null));
  }
}

function writable(sending) {
  const pollable = sending.stream.subscribe();
  return new Promise((resolve) => {
    const stopWaiting = whenReady(pollable, wake);
    function wake() {
      sending.wake = undefined;
      stopWaiting();
      pollable[Symbol.dispose]();
      resolve();
    }
    sending.wake = wake;
  });
}

/**
 * Makes a call, and returns `undefined` if the host takes no more.
 *
 * The response, or the reason that there is none, comes by itself, unless the size is the reason.
 */
function attempt(sending, request, call) {
  try {
    return call();
  } catch (error) {
    const failure = error.payload === undefined ? undefined : errorOf(error.payload, request);
    if (failure === undefined || failure.cause?.code === "http-request-body-size") {
      throw failure ?? error;
    }
    if (sending.open) {
      sending.open = false;
      sending.stream[Symbol.dispose]();
      sending.body[Symbol.dispose]();
    }
    return undefined;
  }
}
