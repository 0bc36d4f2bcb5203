// The host's side of the contract, as the rest of the package sees it.

import { log } from "bootstream:handler/logging@0.1.1";
import { finish, startDocument, startRaw, write, writeHeaders } from "bootstream:handler/response-stream@0.1.1";

import {
  AlreadyFinished,
  AlreadyStarted,
  Closed,
  HeadTooLarge,
  InvalidHeader,
  InvalidStatus,
  Refused,
} from "../errors.js";
import { nextTurn } from "./loop.js";

/** The largest 16-bit status that reaches the host. */
const LARGEST_U16 = 65_535;

const ERRORS = {
  "already-started": () => new AlreadyStarted(),
  "already-finished": () => new AlreadyFinished(),
  closed: () => new Closed(),
  "invalid-status": (status) => new InvalidStatus(status),
  "invalid-header": (reason) => new InvalidHeader(reason),
  "head-too-large": (size) => new HeadTooLarge(size.actualBytes, size.limitBytes),
  other: (reason) => new Refused(reason),
};

/** Makes a call, whose refusal becomes a `StreamError`. */
function attempt(call) {
  try {
    return call();
  } catch (error) {
    const make = ERRORS[error?.payload?.tag];
    throw make === undefined ? error : make(error.payload.val);
  }
}

function text(value) {
  // The bindings trap on text that is not Unicode.
  return value.toWellFormed();
}

export const host = {
  writeHeaders({ status, headers, cookies }) {
    if (!Number.isInteger(status) || status < 0 || status > LARGEST_U16) {
      throw new InvalidStatus(status);
    }
    const head = {
      status,
      headers: headers.map(([name, value]) => [text(name), text(value)]),
      cookies: cookies.map(text),
    };
    attempt(() => writeHeaders(head));
  },

  startDocument: () => attempt(startDocument),

  startRaw: (contentType) => attempt(() => startRaw(text(contentType))),

  write: (bytes) => attempt(() => write(bytes)),

  finish: () => attempt(finish),

  log: (level, message) => log(level, text(message)),

  turn: nextTurn,
};
