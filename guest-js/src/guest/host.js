// The host's side of the contract, as the rest of the package sees it.

import { log, logRecord } from "bootstream:handler/logging@0.1.1";
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

/** Returns the value of a field: what is neither text, a number nor a truth value is JSON. */
function field(value) {
  switch (typeof value) {
    case "boolean":
      return { tag: "boolean", val: value };
    case "number":
      return Number.isSafeInteger(value) ? { tag: "integer", val: BigInt(value) } : { tag: "number", val: value };
    case "bigint":
      // An integer that fits no field is text, which keeps its digits.
      return BigInt.asIntN(64, value) === value
        ? { tag: "integer", val: value }
        : { tag: "text", val: String(value) };
    case "string":
      return { tag: "text", val: text(value) };
    default:
      return { tag: "text", val: text(json(value)) };
  }
}

function json(value) {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // A cycle, or a large integer within.
    return String(value);
  }
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

  logRecord: (level, message, fields) =>
    logRecord(
      level,
      text(message),
      undefined,
      fields.filter(([, value]) => value !== undefined).map(([name, value]) => [text(name), field(value)]),
    ),

  turn: nextTurn,
};
